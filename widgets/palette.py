"""The command palette: one field that finds places, parts, areas, cases and commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from app.engines.titles import what_of
from app.services.views import PlaceHit
from widgets.i18n import tr, tr_or
from widgets.icons import USUAL, draw_icon
from widgets.overlay import Overlay
from widgets.theme import Theme, font, metrics
from widgets.words import matter_named, named

_ROW = 44
_MOST = 9
_ICONS = {
    "area": "hexagon-outline",
    "place": "map-marker-outline",
    "part": "shape-outline",
    "case": "file-document-outline",
    "road": "road-variant",
    "estate": "home-group",
    "command": "keyboard-outline",
}
_WAIT_MS = 60


@dataclass(frozen=True)
class Command:
    """A command that may be chosen by its words."""

    name: str
    text: str
    keys: str = ""


@dataclass(frozen=True)
class _Found:
    title: str
    detail: str
    kind: str
    icon: str
    payload: PlaceHit | Command


def fuzzy(wanted: str, text: str) -> float:
    """Return how well `text` answers `wanted`, 0 not at all: whole, beginning, part, letters."""
    wanted, text = wanted.lower().strip(), text.lower()
    if not wanted:
        return 0.1
    if wanted in text:
        return 1.0 + (text.startswith(wanted)) + len(wanted) / (len(text) + 1)
    at = -1
    for letter in wanted:
        at = text.find(letter, at + 1)
        if at < 0:
            return 0.0
    return len(wanted) / (len(text) + 1)


def _found(hit: PlaceHit) -> _Found:
    title, detail = _said(hit)
    detail = "" if detail == title else detail
    said = tr_or(f"palette.kind_{hit.kind.replace(':', '_')}", hit.kind)
    return _Found(title, detail, said, hit.kind.partition(":")[0], hit)


def _said(hit: PlaceHit) -> tuple[str, str]:
    """Return title and detail in the language spoken now; what a citizen said stays as it was."""
    if hit.kind != "case":
        return named(hit.title), " ".join(map(named, hit.detail.split(" ")))
    if hit.score >= 1.0:  # found by its number, which is the title; the detail is what was said
        return hit.title, matter_named(hit.detail)
    return what_of(matter_named(hit.title), hit.detail), named(hit.detail)


def _mixed(hits: Sequence[PlaceHit]) -> list[PlaceHit]:
    """Return as many as are shown, so that places never crowd the cases out."""
    cases = [hit for hit in hits if hit.kind == "case"][: _MOST // 2]
    others = [hit for hit in hits if hit.kind != "case"]
    return [*others[: _MOST - len(cases)], *cases]


class _Hits(QWidget):
    """The painted rows below the field."""

    chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self.rows: list[_Found] = []
        self.at = 0
        self.empty = ""
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:
        """Return room for the rows and the line of keys."""
        return QSize(400, max(1, min(_MOST, len(self.rows))) * _ROW + 28)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Light up the row under the pointer."""
        self.at = min(len(self.rows) - 1, int(event.position().y() // _ROW))
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the row under the pointer."""
        at = int(event.position().y() // _ROW)
        if at < len(self.rows):
            self.chosen.emit(at)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint rows and keys."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for at, found in enumerate(self.rows[:_MOST]):
                self._paint_row(painter, at, found)
            painter.setFont(font(12))
            painter.setPen(QColor(self.theme.dim))
            if not self.rows:
                painter.drawText(QPointF(12, 27), self.empty)
            painter.drawText(QPointF(12, self.height() - 9), tr("palette.keys"))

    def _paint_row(self, painter: QPainter, at: int, found: _Found) -> None:
        theme, top = self.theme, at * _ROW
        if at == self.at:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.selected))
            painter.drawRoundedRect(QRectF(0, top + 1, self.width(), _ROW - 2), 6, 6)
        box = QRectF(8, top, 28, _ROW)
        draw_icon(painter, _ICONS.get(found.icon, "magnify"), box, QColor(theme.dim), USUAL)
        kind = metrics(12).horizontalAdvance(found.kind)
        painter.setFont(font(12))
        painter.setPen(QColor(theme.dim))
        painter.drawText(QPointF(self.width() - 12 - kind, top + 27), found.kind)
        room = self.width() - 84 - kind
        title = metrics(14, 500).elidedText(found.title, Qt.TextElideMode.ElideRight, room)
        lifted = 19 if found.detail else 27
        painter.setFont(font(14, 500))
        painter.setPen(QColor(theme.text))
        painter.drawText(QPointF(44, top + lifted), title)
        painter.setFont(font(12))
        painter.setPen(QPen(QColor(theme.dim)))
        detail = metrics(12).elidedText(found.detail, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QPointF(44, top + 36), detail)


class Palette(Overlay):
    """`asked(text)` wants hits; `hit_chosen(PlaceHit)` and `deed_chosen(name)` say what for."""

    asked = Signal(object)
    hit_chosen = Signal(object)
    deed_chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent, 640, 72)
        self._commands: tuple[Command, ...] = ()
        self._places: tuple[PlaceHit, ...] = ()
        self.is_searching = False  # until the answer to what stands in the field is there
        self._field = QLineEdit(self)
        self._field.setFont(font(16))
        self._field.installEventFilter(self)
        self._hits = _Hits(theme, self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 0)
        layout.setSpacing(8)
        layout.addWidget(self._field)
        layout.addWidget(self._hits, 1)
        self._field.textChanged.connect(self._on_text)
        self._timer.timeout.connect(self._on_pause)
        self._hits.chosen.connect(self._choose)
        self.retranslate()

    def open_with(self, commands: Sequence[Command]) -> None:
        """Open, offering these commands at first."""
        self._commands, self._places = tuple(commands), ()
        self._field.clear()
        self._refill()
        self.pop_up()
        self._field.setFocus()

    def open_on(self, hits: Sequence[PlaceHit]) -> None:
        """Open on a list of places or cases to go to."""
        self.open_with(())
        self.take_hits(hits)

    def take_hits(self, hits: Sequence[PlaceHit]) -> None:
        """Show what the search found."""
        self.is_searching = False
        self._places = tuple(hits)
        self._refill()

    def type_text(self, text: str) -> None:
        """Ask for `text` at once, as if it had been typed."""
        self._field.setText(text)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        super().set_theme(theme)
        self._hits.theme = theme

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self._field.setPlaceholderText(tr("palette.hint"))
        self._say_empty()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Walk and choose from the field."""
        if watched is not self._field:
            return super().eventFilter(watched, event)
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        match event.key():
            case Qt.Key.Key_Down | Qt.Key.Key_Up:
                by = 1 if event.key() == Qt.Key.Key_Down else -1
                count = max(1, len(self._hits.rows))
                self._hits.at = (self._hits.at + by) % count
                self._hits.update()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._choose(self._hits.at)
            case Qt.Key.Key_Escape:
                self.leave()
            case _:
                return False
        return True

    def _on_text(self, text: str) -> None:
        self.is_searching = bool(text.strip())
        self._refill()
        self._timer.start()

    def _on_pause(self) -> None:
        text = self._field.text().strip()
        if text:
            self.asked.emit(text)
        else:
            self.take_hits(())

    def _refill(self) -> None:
        text = self._field.text().strip()
        scored = [(fuzzy(text, command.text), command) for command in self._commands]
        scored = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: -pair[0])
        commands = [
            _Found(command.text, "", command.keys or tr("palette.kind_command"), "command", command)
            for _, command in scored
        ]
        places = [_found(hit) for hit in (_mixed(self._places) if text else self._places)]
        strong = [f for f, (score, _) in zip(commands, scored, strict=True) if score >= 1.5]
        weak = [f for f in commands if f not in strong]
        self._hits.rows = ([*strong, *places, *weak] if text else [*places, *commands])[:_MOST]
        self._hits.at = 0
        self._say_empty()
        self._hits.updateGeometry()
        self._hits.update()
        if self.isVisible():
            self.place()

    def _say_empty(self) -> None:
        nothing = f"{tr('palette.nothing')}  {tr('palette.nothing_how')}"
        self._hits.empty = tr("palette.searching") if self.is_searching else nothing

    def _choose(self, at: int) -> None:
        if not 0 <= at < len(self._hits.rows):
            return
        payload = self._hits.rows[at].payload
        self.leave()
        if isinstance(payload, Command):
            self.deed_chosen.emit(payload.name)
        else:
            self.hit_chosen.emit(payload)
