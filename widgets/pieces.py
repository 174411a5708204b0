"""Small parts of which panels are made: labels, hairlines, buttons that show their key."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QLabel, QPushButton, QSizePolicy, QWidget

from widgets.theme import Theme, font, metrics


class Themed(Protocol):
    """A panel that can change its colours while running."""

    def set_theme(self, theme: Theme) -> None: ...


def make_label(parent: QWidget, px: int = 14, weight: int = 400, ink: str = "") -> QLabel:
    """Return an empty label; `ink` is `dim` or a state's name."""
    made = QLabel(parent)
    made.setFont(font(px, weight))
    if ink:
        made.setProperty("ink", ink)
    return made


def hair(parent: QWidget, *, upright: bool = False) -> QFrame:
    """Return a one-pixel line."""
    made = QFrame(parent)
    made.setObjectName("hair")
    if upright:
        made.setFixedWidth(1)
    else:
        made.setFixedHeight(1)
    return made


class LineButton(QPushButton):
    """A plain button of one line, which is cut to its width and never widens its panel."""

    _PADDING = 8

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._whole = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def say(self, text: str) -> None:
        """Show `text`, as much of it as there is room for; the whole of it on hovering."""
        self._whole = text
        self.setAccessibleName(text)
        self._cut()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the text anew."""
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        room = self.width() - self._PADDING
        cut = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, room)
        self.setText(cut.replace("&", "&&"))
        self.setToolTip(self._whole if cut != self._whole else "")


class KeyButton(QAbstractButton):
    """A button that shows the key that does the same. `accent` is the one main thing to do."""

    def __init__(self, theme: Theme, parent: QWidget, *, accent: bool = False) -> None:
        super().__init__(parent)
        self._theme = theme
        self._accent = accent
        self._key = ""
        self._height = 34
        self._hovered = False
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def say(self, text: str, key: str = "") -> None:
        """Show a name and its key."""
        self.setText(text)
        self._key = key
        self.setAccessibleName(text)
        self.update()

    def set_height(self, px: int) -> None:
        """Be `px` high, as 44 for gloves."""
        self._height = px
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Return room for name and key."""
        key = metrics(12).horizontalAdvance(self._key) + 26 if self._key else 0
        return QSize(metrics(14, 600).horizontalAdvance(self.text()) + key + 24, self._height)

    def minimumSizeHint(self) -> QSize:
        """Return the same as `sizeHint`: a name is never cut."""
        return self.sizeHint()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Light up under the pointer."""
        self._hovered = True
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Go dark again."""
        self._hovered = False
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground, name and key."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            fill, edge, ink = self._colours()
            wide = 2.0 if self.hasFocus() else 1.0
            painter.setPen(QPen(edge, wide))
            painter.setBrush(fill)
            inset = wide / 2
            box = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
            painter.drawRoundedRect(box, 6, 6)
            weight = 600 if self._accent else 400
            name = metrics(14, weight).horizontalAdvance(self.text())
            shown = self._key and self.isEnabled()
            key = max(20, metrics(12).horizontalAdvance(self._key) + 12) if shown else 0
            left = (self.width() - name - (key + 8 if key else 0)) / 2
            painter.setFont(font(14, weight))
            painter.setPen(ink)
            area = QRectF(left, 0, name + 4, self.height())
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, self.text())
            if key:
                self._paint_key(painter, QRectF(left + name + 8, self.height() / 2 - 10, key, 19))

    def _paint_key(self, painter: QPainter, box: QRectF) -> None:
        theme = self._theme
        lit = self._accent and self.isEnabled()
        painter.setPen(QPen(QColor("#6BA6FA" if lit else theme.line), 1))
        painter.setBrush(QColor(theme.accent_dark if lit else theme.field))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(font(12))
        painter.setPen(QColor("#FFFFFF" if lit else theme.dim))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._key)

    def _colours(self) -> tuple[QColor, QColor, QColor]:
        theme = self._theme
        edge = QColor(theme.accent if self.hasFocus() else theme.line)
        if not self.isEnabled():
            return QColor(theme.track), QColor(theme.track), QColor(theme.dim)
        if self._accent:
            pressed = self.isDown() or self._hovered
            fill = QColor(theme.accent_dark if pressed else theme.accent)
            return fill, QColor(theme.text) if self.hasFocus() else fill, QColor("#FFFFFF")
        return QColor(theme.hover if self._hovered else theme.panel), edge, QColor(theme.text)
