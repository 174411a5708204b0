"""The record of one part 部件, on a card over the map; a click or Esc closes it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QWidget

from app.services.views import PartRecord
from widgets.facts import Fact, Facts, Span
from widgets.i18n import tr, tr_or
from widgets.symbols import draw_state
from widgets.theme import Theme, font, metrics

STATES = ("whole", "broken", "lost", "disused")
_LOOK = ("normal", "attention", "bad", "unknown")
_WIDTH, _MARGIN, _INSIDE = 320, 12, 12
_TITLE, _BELOW = 40, 4


class PartCard(QFrame):
    """Stands at the upper right of the map `over`, as a child of the station's window.

    `closed` is emitted when a person closes it.
    """

    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget, over: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("float")
        self._theme = theme
        self._under, self._over = parent, over
        self._fid: int | None = None
        self._name = ""
        self._state = 0
        self._facts = Facts(theme, self)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._facts.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        over.installEventFilter(self)

    @property
    def name(self) -> str:
        """Name of its class."""
        return self._name

    @property
    def fid(self) -> int | None:
        """Row of the part on show, None if there is none."""
        return self._fid

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self._facts.set_theme(theme)
        self.update()

    def open_with(self, fid: int, name: str, state: int) -> None:
        """Open at once with what the map knows: the name of the class and the state."""
        self._fid, self._name, self._state = fid, name, state
        self._facts.show_facts([_state_fact(state), Fact(tr("part.code"), (Span("…", "dim"),))])
        self._pop_up()

    def show_record(self, name: str, record: PartRecord) -> None:
        """Show a record, if its part is still the one on show."""
        if record.fid == self._fid:
            self._name, self._state = name, record.state
            self._facts.show_facts(_facts(record))
            self._pop_up()

    def show_gone(self) -> None:
        """Say that the map's file holds no such part any more."""
        gone = Fact(tr("part.code"), (Span(tr("part.gone"), "attention"),))
        self._facts.show_facts([gone])
        self._pop_up()

    def leave(self) -> None:
        """Close."""
        self._fid = None
        self.hide()

    def retranslate(self) -> None:
        """Close: its words were given in the other language."""
        self.leave()

    def sizeHint(self) -> QSize:
        """Return room for the title and all facts."""
        inside = _WIDTH - 2 * _INSIDE
        return QSize(_WIDTH, _TITLE + self._facts.heightForWidth(inside) + _INSIDE - _BELOW)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Close."""
        self.leave()
        self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the map's corner, and go with the map."""
        if self.isVisible() and event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._place()
        elif event.type() == QEvent.Type.Hide:
            self.leave()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the frame, the state's symbol and the name."""
        super().paintEvent(event)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            look = _LOOK[self._state] if self._state < len(_LOOK) else "unknown"
            draw_state(painter, look, QPointF(_INSIDE + 6, 21), 12, self._theme)
            painter.setFont(font(14, 600))
            painter.setPen(QColor(self._theme.text))
            room = self.width() - 2 * _INSIDE - 22
            name = metrics(14, 600).elidedText(self._name, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QPointF(_INSIDE + 22, 26), name)

    def _pop_up(self) -> None:
        self.setAccessibleName(f"{self._name}; {self._facts.accessibleName()}")
        self._place()
        self.show()
        self.raise_()
        self.update()

    def _place(self) -> None:
        corner = self._over.mapTo(self._under, self._over.rect().topRight())
        size = self.sizeHint()
        left = corner.x() - size.width() - _MARGIN
        self.setGeometry(QRect(left, corner.y() + _MARGIN, size.width(), size.height()))
        inside = size.width() - 2 * _INSIDE
        self._facts.setGeometry(_INSIDE, _TITLE, inside, self._facts.heightForWidth(inside))


def _facts(record: PartRecord) -> list[Fact]:
    grid = tuple(Span(text) for text in (record.grid_code, record.grid_name) if text)
    said = {
        "code": (Span(record.code, weight=600),) if record.code else (),
        "grid": grid,
        "initial_date": (Span(record.initial_date),) if record.initial_date else (),
        "source": _source(record),
        "accuracy": _accuracy(record.accuracy),
        "edit": (Span("E", "dim"),),
    }
    unknown = (Span(tr("part.unknown"), "dim"),)
    rows = [Fact(tr(f"part.{name}"), spans or unknown) for name, spans in said.items()]
    return [_state_fact(record.state), *rows]


def _state_fact(state: int) -> Fact:
    known = state < len(STATES)
    word = tr(f"part.{STATES[state]}") if known else tr("part.unknown")
    ink = _LOOK[state] if known and state in (1, 2) else ""
    return Fact(tr("part.state"), (Span(word, ink),))


def _source(record: PartRecord) -> tuple[Span, ...]:
    said = (Span(record.source),) if record.source else ()
    return (*said, Span(tr("app.sample_mark"), "dim")) if record.sample else said


def _accuracy(grade: str) -> tuple[Span, ...]:
    if not grade:
        return ()
    words = tr_or(f"part.accuracy_{grade.lower()}", "")
    return (Span(grade), Span(words, "dim")) if words else (Span(grade),)
