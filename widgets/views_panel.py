"""Saved views in a panel on the map: a picture and name of each, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
)
from PySide6.QtWidgets import QFrame, QGridLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from widgets.i18n import tr
from widgets.map_strip import LEFT, SIDE, TOP
from widgets.overlay import keeps_key
from widgets.pieces import make_label
from widgets.theme import Theme, font, metrics

_WIDE, _ROW, _PICTURE = 324, 56, (72, 44)
_DEEDS = ("go", "update", "rename", "delete", "up", "down", "wall", "copy")
_KEYS = {
    Qt.Key.Key_Return: "go", Qt.Key.Key_Enter: "go", Qt.Key.Key_U: "update",
    Qt.Key.Key_F2: "rename", Qt.Key.Key_Delete: "delete", Qt.Key.Key_W: "wall",
    Qt.Key.Key_C: "copy",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class SavedView:
    """One view: its name, what it shows in a few words, its picture if there is one."""

    name: str
    words: str = ""
    picture: QImage | None = None


class _Rows(QWidget):
    opened = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme, self.at = theme, 0
        self.views: tuple[SavedView, ...] = ()

    def fill(self, views: Sequence[SavedView]) -> None:
        self.views = tuple(views)
        self.at = min(self.at, max(0, len(views) - 1))
        self.setMinimumHeight(max(1, len(views)) * _ROW)
        self.setAccessibleName("; ".join(view.name for view in views))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_WIDE - 24, max(1, len(self.views)) * _ROW)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = int(event.position().y() // _ROW)
        if at < len(self.views):
            self.at = at
            self.update()

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        self.opened.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            if not self.views:
                painter.setFont(font(14))
                painter.setPen(QColor(self.theme.dim))
                flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
                painter.drawText(QRectF(self.rect()), int(flags), tr("view.empty"))
            for at, view in enumerate(self.views):
                self._paint_row(painter, at, view)

    def _paint_row(self, painter: QPainter, at: int, view: SavedView) -> None:
        theme, top = self.theme, at * _ROW
        if at == self.at:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.selected))
            painter.drawRoundedRect(QRectF(0, top + 1, self.width(), _ROW - 2), 6, 6)
        wide, high = _PICTURE
        box = QRectF(6, top + (_ROW - high) / 2, wide, high)
        frame = QPainterPath()
        frame.addRoundedRect(box, 4, 4)
        painter.fillPath(frame, QColor(theme.field))
        if view.picture is not None:
            painter.save()
            painter.setClipPath(frame)
            painter.drawImage(box, view.picture)
            painter.restore()
        painter.setPen(QColor(theme.line))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(frame)
        left, room = 6 + wide + 10, self.width() - wide - 24
        for text, size, ink, down in (
            (view.name, 14, theme.text, 24),
            (view.words, 12, theme.dim, 42),
        ):
            painter.setFont(font(size))
            painter.setPen(QColor(ink))
            said = metrics(size).elidedText(text, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QPointF(left, top + down), said)


class ViewsPanel(QFrame):
    """Stands at the upper left of the map `over`, beside the strip of tools.

    Signals: `wanted` carries what is to be done (go, update, rename, delete, up, down, wall, copy,
    undo) and the name of the view; `closed` nothing, by a person.
    """

    wanted = Signal(str, str)
    closed = Signal()

    def __init__(self, theme: Theme, over: QWidget, *, high: int = 30) -> None:
        super().__init__(over)
        self.setObjectName("float")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._over = over
        self._title = make_label(self, 14, 600)
        self._rows = _Rows(theme, self)
        self._area = QScrollArea(self)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidgetResizable(True)
        self._area.setWidget(self._rows)
        grid = QGridLayout()
        grid.setSpacing(6)
        self._buttons: dict[str, QPushButton] = {}
        for n, deed in enumerate(_DEEDS):
            button = self._buttons[deed] = QPushButton(self)
            button.setObjectName("chip")
            button.setProperty("deed", deed)
            button.setMinimumHeight(high)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # each has a key of its own
            button.clicked.connect(self._on_button)
            grid.addWidget(button, n // 4, n % 4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(11, 9, 11, 9)
        layout.addWidget(self._title)
        layout.addWidget(self._area, 1)
        layout.addLayout(grid)
        self._rows.opened.connect(self._go)
        over.installEventFilter(self)
        self.retranslate()
        self.hide()

    @property
    def names(self) -> tuple[str, ...]:
        """The views listed, in order."""
        return tuple(view.name for view in self._rows.views)

    @property
    def current(self) -> str:
        """The view that keys and buttons mean; empty for none."""
        views = self._rows.views
        return views[self._rows.at].name if views else ""

    def show_views(self, views: Sequence[SavedView]) -> None:
        """List these."""
        self._rows.fill(views)
        for button in self._buttons.values():
            button.setEnabled(bool(views))
        self._place()

    def choose(self, name: str) -> None:
        """Mean the view of that name from now on."""
        if name in self.names:
            self._rows.at = self.names.index(name)
            self._rows.update()

    def open(self) -> None:
        """Show the panel; it has the keys."""
        self._place()
        self.show()
        self.raise_()
        self.setFocus()

    def leave(self) -> bool:
        """Close; returns whether it was open."""
        shown = self.isVisible()
        self.hide()
        if shown:
            self._over.setFocus()
        return shown

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._rows.theme = theme
        self._rows.update()

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self._title.setText(tr("view.title"))
        for deed, button in self._buttons.items():
            button.setText(tr(f"view.do_{deed}"))
            button.setToolTip(f"{tr(f'view.tip_{deed}')}  {_SHOWN[deed]}")

    def event(self, event: QEvent) -> bool:
        """Keep plain keys from being short cuts of the window below."""
        if keeps_key(event):
            return True
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            ours = event.key() in (Qt.Key.Key_Z, Qt.Key.Key_Up, Qt.Key.Key_Down)
            if ours:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk, order, do, take back, close."""
        key, held = Qt.Key(event.key()), event.modifiers()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            by = -1 if key == Qt.Key.Key_Up else 1
            if held & Qt.KeyboardModifier.AltModifier:
                self._ask("up" if by < 0 else "down")
            else:
                self._rows.at = min(max(self._rows.at + by, 0), max(0, len(self.names) - 1))
                self._area.ensureVisible(0, self._rows.at * _ROW + _ROW // 2, 0, _ROW)
                self._rows.update()
        elif key == Qt.Key.Key_Z and held & Qt.KeyboardModifier.ControlModifier:
            self.wanted.emit("undo", "")
        elif key in _KEYS:
            self._ask(_KEYS[key])
        elif key == Qt.Key.Key_Escape:
            self.leave()
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the map's corner."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _go(self) -> None:
        self._ask("go")

    def _on_button(self) -> None:
        self._ask(str(self.sender().property("deed")))

    def _ask(self, deed: str) -> None:
        if self.current:
            self.wanted.emit(deed, self.current)

    def _place(self) -> None:
        rows = max(1, len(self.names)) * _ROW
        wanted = rows + 2 * 36 + 74
        high = min(max(wanted, 220), self._over.height() - TOP - LEFT)
        self.setGeometry(LEFT + SIDE + 12, TOP, _WIDE, high)


_SHOWN = {"go": "Enter", "update": "U", "rename": "F2", "delete": "Delete", "up": "Alt ↑",
          "down": "Alt ↓", "wall": "W", "copy": "C"}  # fmt: skip
