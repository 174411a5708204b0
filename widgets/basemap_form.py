"""One base map, added or edited: kind, address, and what that kind needs."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.domain.basemaps import KINDS, BaseMap
from app.domain.errors import AppError, InvalidInput
from widgets.choices import Choice
from widgets.i18n import tr
from widgets.notice import error_words
from widgets.overlay import Overlay
from widgets.pieces import KeyButton, LineButton, make_label
from widgets.theme import Theme

FOLDER = "folder"  # many files at once
_FILES = ("qgz", "geotiff", "vector_tiles", FOLDER)
_TEXTS = ("name", "address", "layer", "style", "matrix_set", "crs", "attribution", "user",
          "password", "min_zoom", "max_zoom", "timeout_s")  # fmt: skip
_ONLY = {
    "layer": ("wms", "wmts", "postgis"), "style": ("wms", "wmts", "vector_tiles"),
    "matrix_set": ("wmts",), "crs": ("wms", "wmts"), "format": ("wms", "wmts"),
    "user": ("wms", "wmts", "xyz", "postgis"), "password": ("wms", "wmts", "xyz", "postgis"),
    "min_zoom": ("xyz", "vector_tiles"), "max_zoom": ("xyz", "vector_tiles"),
    "imagery": ("qgz", "wms", "wmts", "xyz", "geotiff", FOLDER),
    "timeout_s": ("wms", "wmts", "xyz", "vector_tiles", "postgis"),
    "name": KINDS,
}  # fmt: skip
_FORMATS = ("image/png", "image/jpeg", "image/webp")
_WHOLE = ("min_zoom", "max_zoom")
_GRID = (
    (("layer", 2),), (("style", 1), ("matrix_set", 1)), (("crs", 1), ("format", 1)),
    (("user", 1), ("password", 1)), (("min_zoom", 1), ("max_zoom", 1)),
    (("attribution", 2),), (("timeout_s", 1),),
)  # fmt: skip


class BaseMapForm(Overlay):
    """`saved(BaseMap, name before)`; `folder_saved(path, imagery)`; `browse_wanted(kind)`."""

    saved = Signal(object, str)
    folder_saved = Signal(str, bool)
    browse_wanted = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent, 520, 56)
        self._before = BaseMap("_", "geotiff", "/_.tif")
        self._old_name = ""
        self._title = make_label(self, 20, 700)
        self._kind = Choice(self, (*KINDS, FOLDER), _kind_words)
        self._texts = {name: QLineEdit(self) for name in _TEXTS}
        self._texts["password"].setEchoMode(QLineEdit.EchoMode.Password)
        self._format = Choice(self, _FORMATS, str)
        self._imagery = QCheckBox(self)
        self._browse = LineButton(self)
        self._heads = {
            name: make_label(self, 12, ink="dim") for name in ("kind", "format", *_TEXTS)
        }
        self._wrong = make_label(self, 12, ink="critical")
        self._wrong.setWordWrap(True)
        self._save, self._cancel = KeyButton(theme, self, accent=True), KeyButton(theme, self)
        self._lay_out()
        for one in (self._kind, self._format, self._imagery, *self._texts.values()):
            one.installEventFilter(self)
        self._kind.currentIndexChanged.connect(self._on_kind)
        self._browse.clicked.connect(self._on_browse)
        self._save.clicked.connect(self.save)
        self._cancel.clicked.connect(self.leave)
        self.retranslate()

    def open_for(self, base: BaseMap | None) -> None:
        """Open on a base map, or empty for a new one."""
        self._old_name = base.name if base is not None else ""
        self._before = base or BaseMap("_", "geotiff", "/_.tif")
        self._kind.offer(KINDS if base is not None else (*KINDS, FOLDER))
        self._kind.choose(base.kind if base is not None else "wms")
        for name, field in self._texts.items():
            value = getattr(self._before, name)
            field.setText(f"{value:g}" if isinstance(value, float) else str(value))
        if base is None:
            for name in ("name", "address"):
                self._texts[name].clear()
        self._format.choose(self._before.format)
        self._imagery.setChecked(self._before.imagery)
        self._say("")
        self.retranslate()
        self._on_kind()
        self.pop_up()
        self._kind.setFocus()

    def take_path(self, path: str) -> None:
        """Take a file or folder that was chosen."""
        if path:
            self._texts["address"].setText(path)
            if not self._texts["name"].text():
                self._texts["name"].setText(path.rpartition("/")[2].rpartition(".")[0])

    def show_error(self, error: BaseException) -> None:
        """Say what is wrong, and go to the field."""
        self._say(" ".join(filter(None, error_words(error))))
        field = self._texts.get(getattr(error, "field", None) or "")
        if field is not None:
            field.setFocus()

    def save(self) -> None:
        """Check, and hand the base map on if nothing is wrong."""
        try:
            if self._kind.value == FOLDER:
                self.folder_saved.emit(self._said("address"), self._imagery.isChecked())
            else:
                self.saved.emit(self._made(), self._old_name)
        except AppError as error:
            self.show_error(error)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        super().set_theme(theme)
        for button in (self._save, self._cancel):
            button.set_theme(theme)

    def retranslate(self) -> None:
        """Take the words of the language spoken now; what was typed stays."""
        new = not self._old_name
        self._title.setText(tr("settings.new_map" if new else "settings.edit_map"))
        for name, label in self._heads.items():
            label.setText(tr(f"settings.field_{name}"))
        self._kind.retranslate()
        self._imagery.setText(tr("settings.field_imagery"))
        self._browse.say(tr("settings.browse"))
        self._save.say(tr("settings.save"), "Ctrl ↵")
        self._cancel.say(tr("report.cancel"), "Esc")
        self._hint()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Save on Ctrl Enter from any field."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            if control and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.save()
                return True
        return super().eventFilter(watched, event)

    def _made(self) -> BaseMap:
        kind = self._kind.value
        values: dict[str, Any] = {"name": self._said("name"), "kind": kind}
        values |= {"address": self._said("address"), "attribution": self._said("attribution")}
        for name in _TEXTS:
            if name in _ONLY and kind in _ONLY[name] and name not in values:
                values[name] = self._number(name) if name in _NUMBERS else self._said(name)
        if kind in _ONLY["format"]:
            values["format"] = self._format.value
        if kind in _ONLY["imagery"]:
            values["imagery"] = self._imagery.isChecked()
        return BaseMap(**values, opacity=self._before.opacity)

    def _said(self, name: str) -> str:
        return self._texts[name].text().strip()

    def _number(self, name: str) -> float | int:
        try:
            return int(self._said(name)) if name in _WHOLE else float(self._said(name))
        except ValueError as error:
            raise InvalidInput(f"{self._said(name)!r} is no number.", field=name) from error

    def _on_kind(self) -> None:
        kind = self._kind.value
        for name, kinds in _ONLY.items():
            parts = {"format": self._format, "imagery": self._imagery} | self._texts
            parts[name].setVisible(kind in kinds)
            if name in self._heads:
                self._heads[name].setVisible(kind in kinds)
        self._browse.setVisible(kind in _FILES)
        self._hint()
        if self.isVisible():
            self.place()

    def _hint(self) -> None:
        self._texts["address"].setPlaceholderText(tr(f"settings.hint_{self._kind.value}"))

    def _on_browse(self) -> None:
        self.browse_wanted.emit(self._kind.value)

    def _say(self, words: str) -> None:
        self._wrong.setText(words)
        self._wrong.setVisible(bool(words))
        if self.isVisible():
            self.place()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 16)
        column.setSpacing(4)
        column.addWidget(self._title)
        column.addSpacing(4)
        for part in (self._heads["kind"], self._kind, self._heads["name"], self._texts["name"]):
            column.addWidget(part)
        column.addWidget(self._heads["address"])
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self._texts["address"], 4)
        line.addWidget(self._browse, 1)
        column.addLayout(line)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        for at, row in enumerate(_GRID):
            for place, (name, wide) in enumerate(row):
                field = self._format if name == "format" else self._texts[name]
                grid.addWidget(self._heads[name], 2 * at, place, 1, wide)
                grid.addWidget(field, 2 * at + 1, place, 1, wide)
        column.addLayout(grid)
        column.addWidget(self._imagery)
        column.addWidget(self._wrong)
        column.addSpacing(8)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._save, 1)
        buttons.addWidget(self._cancel, 1)
        column.addLayout(buttons)


_NUMBERS = ("min_zoom", "max_zoom", "timeout_s")


def _kind_words(kind: str) -> str:
    return tr(f"settings.kind_{kind}")
