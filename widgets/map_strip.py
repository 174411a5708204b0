"""The strip of tools at the map's left edge: icons of 20 px, each tooltip with its key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QVBoxLayout, QWidget

from widgets.i18n import tr
from widgets.icons import USUAL, draw_icon
from widgets.theme import Theme

SIDE, SIDE_TOUCH = 36, 44
LEFT, TOP = 14, 62  # below the chip with the counts


@dataclass(frozen=True)
class StripItem:
    """One button: `name` is what it emits, `words` a key of the translations."""

    name: str
    icon: str
    words: str
    key: str = ""


class _Button(QAbstractButton):
    def __init__(self, item: StripItem, theme: Theme, parent: QWidget, side: int) -> None:
        super().__init__(parent)
        self.item, self.theme, self._side = item, theme, side
        self._hovered = False
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # each has a key of its own
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hovered = True
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = False
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        lit = self.isChecked()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            ground = self.theme.selected if lit else self.theme.hover
            if lit or self._hovered:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(ground))
                painter.drawRoundedRect(QRectF(self.rect()).adjusted(3, 3, -3, -3), 4, 4)
            ink = QColor(self.theme.accent if lit else self.theme.text)
            draw_icon(painter, self.item.icon, QRectF(self.rect()), ink, USUAL)


class MapStrip(QFrame):
    """Stands on the map `over` as its child. `chosen` carries the name of a button."""

    chosen = Signal(str)

    def __init__(
        self, items: Sequence[StripItem], theme: Theme, over: QWidget, *, touch: bool = False
    ) -> None:
        super().__init__(over)
        self.setObjectName("float")
        self._over = over
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        self._buttons: dict[str, _Button] = {}
        for item in items:
            button = self._buttons[item.name] = _Button(
                item, theme, self, SIDE_TOUCH if touch else SIDE
            )
            button.setCheckable(True)
            button.clicked.connect(self._on_clicked)
            layout.addWidget(button)
        over.installEventFilter(self)
        self.retranslate()
        self._place()

    def light(self, *names: str) -> None:
        """Show these tools as taken up."""
        for name, button in self._buttons.items():
            button.setChecked(name in names)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        for button in self._buttons.values():
            button.theme = theme
            button.update()

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        for button in self._buttons.values():
            words = tr(button.item.words)
            button.setToolTip(f"{words}  {button.item.key}".strip())
            button.setAccessibleName(words)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the map's edge; a map too low for it goes without."""
        if event.type() == QEvent.Type.Resize and watched is self._over:
            self._place()
        return False

    def _place(self) -> None:
        over = self._over
        size = self.sizeHint()
        self.setGeometry(LEFT, TOP, size.width(), size.height())
        self.setVisible(over.height() >= TOP + size.height() + LEFT)

    def _on_clicked(self) -> None:
        button = self.sender()
        if isinstance(button, _Button):
            self.chosen.emit(button.item.name)
