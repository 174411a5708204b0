"""One photo, large; a click or Esc closes it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from widgets.overlay import Overlay
from widgets.theme import Theme


class PhotoView(Overlay):
    """Shows an image as large as the window allows, never enlarged beyond twice its size."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent, 1000, 64)
        self._image = QImage()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def open_with(self, image: QImage) -> None:
        """Open on an image."""
        self._image = image
        self.pop_up()
        self.setFocus()

    def sizeHint(self) -> QSize:
        """Return the size of the image and its margin, within the card's width."""
        if self._image.isNull():
            return QSize(400, 300)
        size = (self._image.size() * 2).boundedTo(QSize(976, 732))
        fit = self._image.size().scaled(size, Qt.AspectRatioMode.KeepAspectRatio)
        return QSize(1000, fit.height() + 24)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Close."""
        self.leave()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the image in the middle."""
        super().paintEvent(event)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            box = QRectF(self.rect()).adjusted(12, 12, -12, -12)
            painter.fillRect(box, QColor(self._theme.ground))
            if self._image.isNull():
                return
            fit = self._image.size().toSizeF()
            fit.scale(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRectF(0, 0, fit.width(), fit.height())
            place.moveCenter(box.center())
            painter.drawImage(place, self._image)
