"""What is saved, sent and not sent: one line for every page, and a page that says it by step."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from widgets.i18n import tr, tr_or
from widgets.pieces import make_label
from widgets.symbols import draw_state
from widgets.theme import Theme, font, metrics
from widgets.words import local

_ROW, _LINE = 60, 40
_STATES = {"waiting": "attention", "saved": "normal", "refused": "bad"}


@dataclass(frozen=True)
class Receipt:
    """One step written here: `state` is waiting, saved or refused; `number` a receipt number."""

    move: str
    at_ms: int
    photos: int = 0
    title: str = ""
    number: str = ""
    state: str = "waiting"
    why: str = ""


@dataclass(frozen=True)
class SyncState:
    """Counts of steps. On a `local` city nothing is ever sent, and saved is all there is to be."""

    saved: int = 0
    sent: int = 0
    waiting: int = 0
    refused: int = 0
    local: bool = True
    receipts: tuple[Receipt, ...] = ()

    @property
    def state(self) -> str:
        """Return the state that stands before the line."""
        return "attention" if self.waiting or self.refused else "normal"

    def line(self) -> str:
        """Return the one line, such as 已存 3 · 已送 12 · 待送 0."""
        key = "sync.line_local" if self.local else "sync.line"
        words = tr(key, saved=self.saved, sent=self.sent, waiting=self.waiting)
        refused = tr("sync.refused", n=self.refused) if self.refused else ""
        return " · ".join(filter(None, (words, refused)))


class SyncLine(QWidget):
    """The line at the foot of every page of the field."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._state = SyncState()
        self._right = ""
        self.setFixedHeight(_LINE)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self.show_state(self._state, self._right)

    def show_state(self, state: SyncState, right: str) -> None:
        """Show the counts, and at the right which city this is."""
        self._state, self._right = state, right
        self.setAccessibleName(state.line())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint symbol, line and city."""
        theme = self._theme
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), QColor(theme.panel))
            painter.fillRect(0, 0, self.width(), 2, QColor(theme.line))
            draw_state(painter, self._state.state, QPointF(24, 21), 16, theme)
            painter.setFont(font(16, 600))
            painter.setPen(theme.ink(self._state.state))
            painter.drawText(QPointF(44, 27), self._state.line())
            painter.setFont(font(14))
            painter.setPen(QColor(theme.dim))
            wide = metrics(14).horizontalAdvance(self._right)
            painter.drawText(QPointF(self.width() - 16 - wide, 26), self._right)


class SyncPage(QScrollArea):
    """What the counts mean, and every step written since the window was opened, newest first."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._state = SyncState()
        self._trouble: tuple[str, ...] = ()
        host = QWidget(self)
        self._title, self._words = make_label(host, 20, 700), make_label(host, 16)
        self._warning = make_label(host, 16, 600, ink="bad")
        self._words.setWordWrap(True)
        self._warning.setWordWrap(True)
        self._rows = _Receipts(theme, host)
        layout = QVBoxLayout(host)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(8)
        for part in (self._title, self._words, self._warning, self._rows):
            layout.addWidget(part)
        layout.addStretch(1)
        self.setWidget(host)
        self.retranslate()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._rows.set_theme(theme)

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self.show_state(self._state, self._trouble)

    def show_state(self, state: SyncState, trouble: tuple[str, ...]) -> None:
        """Show the counts and steps; `trouble` are lines about what is held back elsewhere."""
        self._state, self._trouble = state, trouble
        self._title.setText(state.line())
        self._words.setText(tr("sync.local" if state.local else "sync.remote"))
        self._warning.setText("\n".join(trouble))
        self._warning.setVisible(bool(trouble))
        self._rows.show_receipts(state.receipts)


class _Receipts(QWidget):
    """Painted rows: state, step and case, receipt number, photos, time."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._receipts: tuple[Receipt, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def show_receipts(self, receipts: tuple[Receipt, ...]) -> None:
        self._receipts = receipts
        self.setAccessibleName("; ".join(" ".join(_words(one)) for one in receipts[:20]))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(600, _ROW * max(1, len(self._receipts)) + 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if not self._receipts:
                painter.setFont(font(16))
                painter.setPen(QColor(theme.dim))
                painter.drawText(QPointF(0, 40), tr("sync.nothing"))
            for at, one in enumerate(self._receipts):
                box = QRectF(0, 8 + at * _ROW, self.width(), _ROW)
                if box.intersects(QRectF(event.rect())):
                    self._paint_row(painter, box, one)

    def _paint_row(self, painter: QPainter, box: QRectF, one: Receipt) -> None:
        theme, state = self._theme, _STATES[one.state]
        painter.fillRect(QRectF(box.left(), box.top(), box.width(), 1), QColor(theme.line))
        draw_state(painter, state, QPointF(box.left() + 12, box.top() + 22), 14, theme)
        first, second, right = _words(one)
        painter.setFont(font(16, 600))
        painter.setPen(theme.ink(state))
        wide = metrics(16, 600).horizontalAdvance(right)
        painter.drawText(QPointF(box.right() - wide - 4, box.top() + 28), right)
        painter.setPen(QColor(theme.text))
        room = int(box.width()) - wide - 60
        first = metrics(16, 600).elidedText(first, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QPointF(box.left() + 32, box.top() + 28), first)
        painter.setFont(font(14))
        painter.setPen(QColor(theme.dim))
        painter.drawText(QPointF(box.left() + 32, box.top() + 50), second)


def _words(one: Receipt) -> tuple[str, str, str]:
    first = f"{tr_or(f'move.{one.move}', one.move)}  {one.title}".strip()
    number = tr("sheet.receipt", receipt=one.number) if one.number else ""
    photos = tr("sync.photos", n=one.photos) if one.photos else ""
    parts = (f"{local(one.at_ms):%H:%M:%S}", number, photos, one.why)
    return (
        first,
        "   ".join(filter(None, parts)),
        tr("sync.refused_one" if one.state == "refused" else f"sync.{one.state}"),
    )
