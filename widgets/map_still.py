"""The picture of a map that stands still, so that what lives on it can be painted alone."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QSize
from PySide6.QtGui import QImage, QPainter

from widgets.map_ground import Covered


class Still:
    """Keeps the ground of a view that is painted more than once.

    A moving map is painted straight on the window; only the second frame of the same view is
    worth a picture of it.
    """

    def __init__(self) -> None:
        self._last: object = None
        self._image = QImage()  # kept, since a wall's takes 33 MB that cost time to get
        self._kept: tuple[object, Covered] | None = None

    def paint(
        self, painter: QPainter, view: object, width: int, height: int,
        draw: Callable[[QPainter], Covered],
    ) -> Covered:  # fmt: skip
        """Paint the ground of `view`, which stands for all that its pixels depend on.

        `width`, `height` are logical pixels; `draw` paints it and tells how far it is complete.
        """
        if self._kept is not None and self._kept[0] == view:
            painter.drawImage(QPointF(0, 0), self._image)
            return self._kept[1]
        self._kept = None
        if view != self._last:
            self._last = view
            return draw(painter)
        self._make_room(painter.device().devicePixelRatioF(), width, height)
        onto = QPainter(self._image)
        try:
            covered = draw(onto)
        finally:
            onto.end()
        self._kept = (view, covered)
        painter.drawImage(QPointF(0, 0), self._image)
        return covered

    def _make_room(self, dpr: float, width: int, height: int) -> None:
        size = QSize(round(width * dpr), round(height * dpr))
        if self._image.size() != size:
            self._image = QImage(size, QImage.Format.Format_RGB32)
        self._image.setDevicePixelRatio(dpr)
