"""Preferences 设置: language, look, first station; base maps in their order; tiles on disk."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.domain.basemaps import BaseMap
from widgets.choices import Choice
from widgets.i18n import tr
from widgets.overlay import Overlay
from widgets.pieces import KeyButton, LineButton, hair, make_label
from widgets.theme import Theme

_SIZES = ("256", "512", "1024", "2048", "4096", "8192")
_CHOICES = ("lang", "theme", "station")
_VALUES = {
    "lang": ("zh", "en"), "theme": ("light", "dark"), "station": ("desk", "wall", "field"),
}  # fmt: skip
_CTRL = Qt.KeyboardModifier.ControlModifier
DEEDS = ("show", "add", "edit", "test", "up", "down", "offline", "remove", "undo")
_KEYS = {
    "show": "↵", "add": "N", "edit": "E", "test": "T", "up": "Ctrl ↑", "down": "Ctrl ↓",
    "offline": "O", "remove": "Del", "undo": "Ctrl Z",
}  # fmt: skip
_NEED_ONE = ("show", "edit", "test", "up", "down", "offline", "remove")


class Preferences(Overlay):
    """`changed(name, value)` tells of language, theme and station; `wanted(deed, name)` of what
    is to be done with a base map (one of `DEEDS`); `opacity_wanted(name, share)`;
    `limit_wanted(megabytes)`, `place_wanted()`, `clear_wanted()` of the tiles on disk.
    """

    changed = Signal(str, str)
    wanted = Signal(str, str)
    opacity_wanted = Signal(str, float)
    limit_wanted = Signal(int)
    place_wanted = Signal()
    clear_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent, 860, 56)
        self._maps: tuple[BaseMap, ...] = ()
        self._shown = ""
        self._title, self._maps_title = make_label(self, 20, 700), make_label(self, 14, 600)
        self._cache_title = make_label(self, 14, 600)
        self._heads = {name: make_label(self, 12, ink="dim") for name in _CHOICES}
        self._choices = {name: Choice(self, _VALUES[name], _Words(name)) for name in _CHOICES}
        self._list = QListWidget(self)
        self._list.setMinimumHeight(252)
        self._empty = make_label(self, 14, ink="dim")
        self._empty.setWordWrap(True)
        self._buttons = {deed: KeyButton(theme, self) for deed in DEEDS}
        self._opacity, self._share = QSlider(Qt.Orientation.Horizontal, self), make_label(self, 12)
        self._opacity.setRange(1, 20)
        self._said, self._bar = make_label(self, 12, ink="dim"), QProgressBar(self)
        self._said.setWordWrap(True)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self._bar.hide()
        self._held = make_label(self, 12, ink="dim")
        self._limit = Choice(self, _SIZES, _size_words)
        self._place, self._clear = LineButton(self), LineButton(self)
        self._close = KeyButton(theme, self)
        self._lay_out()
        self._connect()
        self.retranslate()

    # ---- what the owner shows ------------------------------------------------------------

    def open_on(self, **values: str) -> None:
        """Open with language, theme and station as they are."""
        for name, value in values.items():
            self._quietly(self._choices[name], value)
        self.say("")
        self.pop_up()
        self._list.setFocus()

    def show_maps(self, maps: Sequence[BaseMap], shown: str, *, chosen: str = "") -> None:
        """Show base maps in order; the chosen one stays chosen."""
        chosen = chosen or self.chosen
        self._maps, self._shown = tuple(maps), shown
        self._list.blockSignals(True)
        self._list.clear()
        for one in self._maps:
            item = QListWidgetItem(self._row(one), self._list)
            item.setToolTip(one.attribution or one.shown_address)
        names = [one.name for one in self._maps]
        self._list.setCurrentRow(names.index(chosen) if chosen in names else 0)
        self._list.blockSignals(False)
        self._empty.setVisible(not self._maps)
        self._list.setVisible(bool(self._maps))
        self._on_row()

    def show_cache(self, held_mb: float, kept_mb: float, limit_mb: int, place: str) -> None:
        """Show what lies on disk."""
        self._held.setText(tr("settings.held", mb=f"{held_mb:,.0f}", kept=f"{kept_mb:,.0f}"))
        sizes = _SIZES if str(limit_mb) in _SIZES else (*_SIZES, str(limit_mb))
        self._limit.offer(sizes)
        self._quietly(self._limit, str(limit_mb))
        self._place.say(tr("settings.place", folder=place))

    def show_progress(self, done: int, total: int) -> None:
        """Show how far keeping for use offline is; a total of 0 ends it."""
        self._bar.setVisible(total > 0)
        self._bar.setRange(0, max(total, 1))
        self._bar.setValue(done)
        word = "settings.stop" if total else "settings.offline"
        self._buttons["offline"].say(tr(word), _KEYS["offline"])

    def offer_undo(self, *, there: bool) -> None:
        """Say whether a removal can be undone."""
        self._buttons["undo"].setEnabled(there)

    def say(self, words: str, ink: str = "dim") -> None:
        """Say what came of the last deed; `ink` is dim, normal or critical."""
        self._said.setText(words)
        self._said.setProperty("ink", ink)
        self._said.style().unpolish(self._said)
        self._said.style().polish(self._said)
        if self.isVisible():
            self.place()

    @property
    def said(self) -> str:
        """What is said now."""
        return self._said.text()

    @property
    def chosen(self) -> str:
        """The name of the chosen base map, empty for none."""
        at = self._list.currentRow()
        return self._maps[at].name if 0 <= at < len(self._maps) else ""

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        super().set_theme(theme)
        for button in (*self._buttons.values(), self._close):
            button.set_theme(theme)

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self._title.setText(tr("settings.title"))
        self._maps_title.setText(tr("settings.maps"))
        self._cache_title.setText(tr("settings.cache"))
        self._empty.setText(tr("settings.no_maps"))
        for name, label in self._heads.items():
            label.setText(tr(f"settings.{name}"))
            self._choices[name].retranslate()
        for deed, button in self._buttons.items():
            button.say(tr(f"settings.{deed}"), _KEYS[deed])
        self._clear.say(tr("settings.clear"))
        self._close.say(tr("print.close"), "Esc")
        self._limit.retranslate()
        self.show_maps(self._maps, self._shown)

    def do(self, deed: str) -> None:
        """Ask for a deed with the chosen base map."""
        if self._buttons[deed].isEnabled():
            self.wanted.emit(deed, self.chosen)

    def event(self, event: QEvent) -> bool:
        """Keep the window below from taking Ctrl Z and its like for its own."""
        asks = event.type() == QEvent.Type.ShortcutOverride
        if asks and isinstance(event, QKeyEvent) and event.modifiers() & _CTRL and _deed_of(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Do what Ctrl and a key stand for, wherever the focus is."""
        deed = _deed_of(event) if event.modifiers() & _CTRL else ""
        if deed:
            self.do(deed)
            event.accept()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the keys of the list."""
        if (
            watched is self._list
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
        ):
            deed = _deed_of(event)
            if deed:
                self.do(deed)
                return True
        return super().eventFilter(watched, event)

    # ---- within --------------------------------------------------------------------------

    def _connect(self) -> None:
        for name, choice in self._choices.items():
            choice.currentIndexChanged.connect(_Tell(self, name))
        for deed, button in self._buttons.items():
            button.clicked.connect(_Do(self, deed))
        self._list.installEventFilter(self)
        self._list.currentRowChanged.connect(self._on_row)
        self._list.itemDoubleClicked.connect(_Do(self, "show"))
        self._opacity.valueChanged.connect(self._on_opacity)
        self._limit.currentIndexChanged.connect(self._on_limit)
        self._place.clicked.connect(self.place_wanted)
        self._clear.clicked.connect(self.clear_wanted)
        self._close.clicked.connect(self.leave)

    def tell(self, name: str) -> None:
        """Tell what is chosen of language, theme or station."""
        self.changed.emit(name, self._choices[name].value)

    def _on_row(self, _row: int = 0) -> None:
        at = self._list.currentRow()
        there = 0 <= at < len(self._maps)
        for deed in _NEED_ONE:
            self._buttons[deed].setEnabled(there)
        self._opacity.setEnabled(there)
        if there:
            self._opacity.blockSignals(True)
            self._opacity.setValue(round(self._maps[at].opacity * 20))
            self._opacity.blockSignals(False)
        self._say_share()

    def _on_opacity(self, value: int) -> None:
        self._say_share()
        if self.chosen:
            self.opacity_wanted.emit(self.chosen, value / 20)

    def _say_share(self) -> None:
        self._share.setText(tr("settings.opacity", n=self._opacity.value() * 5))

    def _on_limit(self) -> None:
        self.limit_wanted.emit(int(self._limit.value))

    def _row(self, one: BaseMap) -> str:
        mark = "✓" if one.name == self._shown else "\N{EM SPACE}"
        kind = tr(f"settings.kind_{one.kind}")
        return f"{mark} {one.name}    {kind}    {one.shown_address}"

    def _quietly(self, choice: Choice, value: str) -> None:
        choice.blockSignals(True)
        choice.choose(value)
        choice.blockSignals(False)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 16)
        column.setSpacing(8)
        column.addWidget(self._title)
        first = QGridLayout()
        first.setHorizontalSpacing(8)
        first.setVerticalSpacing(4)
        for at, name in enumerate(_CHOICES):
            first.addWidget(self._heads[name], 0, at)
            first.addWidget(self._choices[name], 1, at)
            first.setColumnStretch(at, 1)
        column.addLayout(first)
        column.addWidget(hair(self))
        column.addWidget(self._maps_title)
        maps, side = QHBoxLayout(), QGridLayout()
        maps.setSpacing(12)
        side.setSpacing(6)
        for at, button in enumerate(self._buttons.values()):
            side.addWidget(button, at, 0)
        maps.addWidget(self._list, 1)
        maps.addWidget(self._empty, 1)
        maps.addLayout(side)
        column.addLayout(maps)
        share = QHBoxLayout()
        share.addWidget(self._share)
        share.addWidget(self._opacity, 1)
        column.addLayout(share)
        column.addWidget(self._said)
        column.addWidget(self._bar)
        column.addWidget(hair(self))
        column.addWidget(self._cache_title)
        column.addWidget(self._held)
        cache = QHBoxLayout()
        cache.setSpacing(8)
        for part, stretch in ((self._limit, 1), (self._place, 3), (self._clear, 1)):
            cache.addWidget(part, stretch)
        column.addLayout(cache)
        last = QHBoxLayout()
        last.addStretch(1)
        last.addWidget(self._close)
        column.addLayout(last)


class _Do:
    """A button, as a thing to do."""

    def __init__(self, page: Preferences, deed: str) -> None:
        self._page, self._deed = page, deed

    def __call__(self, *_given: object) -> None:
        self._page.do(self._deed)


class _Tell:
    """A choice, as a thing to tell."""

    def __init__(self, page: Preferences, name: str) -> None:
        self._page, self._name = page, name

    def __call__(self, *_given: object) -> None:
        self._page.tell(self._name)


class _Words:
    """The words of what can be chosen by one name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, value: str) -> str:
        return tr(f"settings.{self._name}_{value}")


def _size_words(megabytes: str) -> str:
    return tr("settings.limit", size=f"{int(megabytes):,} MB")


_PLAIN_KEYS = {
    Qt.Key.Key_Return: "show", Qt.Key.Key_Enter: "show", Qt.Key.Key_N: "add", Qt.Key.Key_E: "edit",
    Qt.Key.Key_T: "test", Qt.Key.Key_O: "offline", Qt.Key.Key_Delete: "remove",
}  # fmt: skip
_CTRL_KEYS = {Qt.Key.Key_Up: "up", Qt.Key.Key_Down: "down", Qt.Key.Key_Z: "undo"}


def _deed_of(event: QKeyEvent) -> str:
    keys = _CTRL_KEYS if event.modifiers() & _CTRL else _PLAIN_KEYS
    return keys.get(Qt.Key(event.key()), "")
