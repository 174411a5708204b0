"""A small card on the map: a title, rows that line up, buttons below.

↑↓ walk the rows, Enter opens one, Esc closes. What the rows are is for whoever fills it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from widgets.icons import SMALL, draw_icon
from widgets.map_strip import LEFT, SIDE
from widgets.map_tools.tool import Idle
from widgets.overlay import keeps_key
from widgets.pieces import make_label
from widgets.theme import Theme, font, metrics

_WIDE, _ROW, _TITLE, _INSIDE, _MOST = 348, 30, 40, 12, 8
_COLUMN = 62
_TOUCH = 44
_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter,
         Qt.Key.Key_Escape, Qt.Key.Key_Delete)  # fmt: skip


@dataclass(frozen=True)
class CardRow:
    """One row: an icon, words, dimmer words, and figures in columns from the right."""

    text: str
    detail: str = ""
    icon: str = ""
    figures: tuple[str, ...] = ()
    lit: bool = True


class _Rows(QWidget):
    opened = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget, high: int) -> None:
        super().__init__(parent)
        self.theme, self._high = theme, high
        self.rows: tuple[CardRow, ...] = ()
        self.heads: tuple[str, ...] = ()
        self.at = self.first = 0
        self.setMouseTracking(True)

    def fill(self, rows: Sequence[CardRow], heads: Sequence[str]) -> None:
        self.rows, self.heads = tuple(rows), tuple(heads)
        self.at = min(self.at, max(0, len(rows) - 1))
        self.step(0)
        self.setFixedHeight(self._top() + min(_MOST, len(rows)) * self._high)

    def step(self, by: int) -> None:
        self.at = min(max(self.at + by, 0), max(0, len(self.rows) - 1))
        self.first = min(max(self.first, self.at - _MOST + 1), self.at)
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        least = max(0, len(self.rows) - _MOST)
        by = -1 if event.angleDelta().y() > 0 else 1
        self.first = min(max(self.first + by, 0), least)
        self.update()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = self._row_at(event.position().y())
        if at is not None:
            self.at = at
            row = self.rows[at]
            self.setToolTip(f"{row.text}  {row.detail}".strip())
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._row_at(event.position().y())
        if at is not None:
            self.opened.emit(at)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self.theme
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(font(12))
            painter.setPen(QColor(theme.dim))
            for at, head in enumerate(reversed(self.heads)):
                self._figure(painter, head, at, 0, self._top())
            for at in range(self.first, min(len(self.rows), self.first + _MOST)):
                self._paint_row(painter, at, self._top() + (at - self.first) * self._high)

    def _paint_row(self, painter: QPainter, at: int, top: float) -> None:
        row, theme = self.rows[at], self.theme
        if at == self.at:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.selected))
            painter.drawRoundedRect(QRectF(0, top + 1, self.width(), self._high - 2), 4, 4)
        left, base = 8.0, top + self._high / 2 + 5
        ink = QColor(theme.text if row.lit else theme.dim)
        if row.icon:
            box = QRectF(left, top, 20, self._high)
            draw_icon(painter, row.icon, box, QColor(theme.dim), SMALL)
            left += 26
        right = self.width() - 8.0 - _COLUMN * len(row.figures)
        detail = metrics(12).elidedText(row.detail, Qt.TextElideMode.ElideRight, 110)
        room = right - left - (metrics(12).horizontalAdvance(detail) + 10 if detail else 0)
        text = metrics(14).elidedText(row.text, Qt.TextElideMode.ElideRight, round(room))
        painter.setFont(font(14))
        painter.setPen(ink)
        painter.drawText(QPointF(left, base), text)
        painter.setFont(font(12))
        painter.setPen(QColor(theme.dim))
        painter.drawText(QPointF(right - metrics(12).horizontalAdvance(detail), base), detail)
        painter.setFont(font(14))
        painter.setPen(ink)
        for column, figure in enumerate(reversed(row.figures)):
            self._figure(painter, figure, column, top, self._high)

    def _figure(self, painter: QPainter, text: str, column: int, top: float, high: float) -> None:
        box = QRectF(self.width() - 8 - _COLUMN * (column + 1), top, _COLUMN, high)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _top(self) -> int:
        return 24 if self.heads else 0

    def _row_at(self, y: float) -> int | None:
        at = self.first + int((y - self._top()) // self._high)
        return at if y >= self._top() and 0 <= at < len(self.rows) else None


class CardKeys(Idle):
    """Lets the map, which has the keys after a click, walk its open card."""

    def __init__(self, card: MapCard) -> None:
        self._card = card

    def wants(self, key: Qt.Key) -> bool:
        """Want the card's keys while it is open."""
        return self._card.isVisible() and key in _KEYS

    def key(self, key: Qt.Key) -> bool:
        """Hand them on."""
        return self.wants(key) and self._card.take_key(key)


class MapCard(QFrame):
    """Stands at the lower left of the map `over`, beside the strip of tools.

    Signals:
        row_opened: number of a row. dropped: number of a row, by Delete. pressed: name of a button.
        closed: nothing, by a person.
    """

    row_opened = Signal(int)
    dropped = Signal(int)
    pressed = Signal(str)
    closed = Signal()

    def __init__(self, theme: Theme, over: QWidget, *, touch: bool = False) -> None:
        super().__init__(over)
        self.setObjectName("float")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._theme, self._over, self._touch = theme, over, touch
        self._title = self._sum = ""
        self._rows = _Rows(theme, self, _TOUCH if touch else _ROW)
        self._note = make_label(self, 12, 400, "dim")
        self._note.setWordWrap(True)
        self._foot = QHBoxLayout()
        self._foot.setSpacing(6)
        self._buttons: list[QPushButton] = []
        self._column = layout = QVBoxLayout(self)
        layout.setContentsMargins(_INSIDE - 4, _TITLE, _INSIDE - 4, 8)
        layout.setSpacing(6)
        layout.addWidget(self._rows)
        layout.addWidget(self._note)
        layout.addLayout(self._foot)
        self._rows.opened.connect(self.row_opened)
        over.installEventFilter(self)
        self.hide()

    @property
    def rows(self) -> tuple[CardRow, ...]:
        """What is listed."""
        return self._rows.rows

    @property
    def title(self) -> str:
        """What stands above, with its sum."""
        return f"{self._title} {self._sum}".strip()

    def fill(
        self, title: str, rows: Sequence[CardRow], *, total: str = "",
        heads: Sequence[str] = (), buttons: Sequence[tuple[str, str]] = (), note: str = "",
    ) -> None:  # fmt: skip
        """Show a title with a sum, rows under heads, a note, and buttons (name, words)."""
        self._title, self._sum = title, total
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self._rows.fill(rows, heads)
        self._set_buttons(buttons)
        self._column.invalidate()  # else it would place the rows by their height of before
        said = "; ".join(" ".join((row.text, row.detail, *row.figures)) for row in rows)
        self.setAccessibleName(f"{title} {total}; {said}")
        self._place()
        self.show()
        self.raise_()
        self.update()

    def leave(self) -> bool:
        """Close; returns whether it was open."""
        shown = self.isVisible()
        self.hide()
        return shown

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = self._rows.theme = theme
        self.update()

    def event(self, event: QEvent) -> bool:
        """Keep plain keys from being short cuts of the window below."""
        if keeps_key(event):
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk, open, close."""
        if not self.take_key(Qt.Key(event.key())):
            super().keyPressEvent(event)

    def take_key(self, key: Qt.Key) -> bool:
        """Walk, open or close; returns whether the key meant something."""
        match key:
            case Qt.Key.Key_Down:
                self._rows.step(1)
            case Qt.Key.Key_Up:
                self._rows.step(-1)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                if self._rows.rows:
                    self.row_opened.emit(self._rows.at)
            case Qt.Key.Key_Delete:
                if self._rows.rows:
                    self.dropped.emit(self._rows.at)
            case Qt.Key.Key_Escape:
                self.leave()
                self._over.setFocus()
                self.closed.emit()
            case _:
                return False
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the map's corner."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the frame, title and sum."""
        super().paintEvent(event)
        with QPainter(self) as painter:
            painter.setFont(font(14, 600))
            painter.setPen(QColor(self._theme.text))
            wide = metrics(14, 600).horizontalAdvance(self._sum)
            room = self.width() - 2 * _INSIDE - wide - 8
            title = metrics(14, 600).elidedText(self._title, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QPointF(_INSIDE, 26), title)
            painter.drawText(QPointF(self.width() - _INSIDE - wide, 26), self._sum)

    def sizeHint(self) -> QSize:
        """Return room for title, rows, note and buttons."""
        high = self._column.totalHeightForWidth(_WIDE)  # -1 while there is no note
        return QSize(_WIDE, max(high, self._column.sizeHint().height()))

    def _set_buttons(self, buttons: Sequence[tuple[str, str]]) -> None:
        for old in self._buttons:
            old.hide()
            old.deleteLater()
        self._buttons = []
        for name, words in buttons:
            button = QPushButton(words, self)
            button.setObjectName("chip")
            button.setProperty("deed", name)
            button.setMinimumHeight(_TOUCH if self._touch else 0)
            button.clicked.connect(self._on_pressed)
            self._foot.addWidget(button)
            self._buttons.append(button)

    def _on_pressed(self) -> None:
        self.pressed.emit(str(self.sender().property("deed")))

    def _place(self) -> None:
        size = self.sizeHint()
        left = LEFT + (_TOUCH if self._touch else SIDE) + 12
        top = self._over.height() - size.height() - LEFT
        self.setGeometry(left, max(top, LEFT), size.width(), size.height())
        self._column.activate()
