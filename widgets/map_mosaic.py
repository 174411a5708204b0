"""Lays images of the ground where they belong on a painter in whole physical pixels."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QImage, QPainter

from app.domain.camera import Bounds, Camera
from app.engines.tiles import SIDE, Image, TileKey


@dataclass(frozen=True)
class Grid:
    """Where the ground lies on the screen: physical pixels, whole ones, so neighbours meet.

    Attributes:
        scale: metres a physical pixel.
        left, top: of the view's north west corner, physical pixels from local metres (0, 0).
        width, height: of the view in physical pixels.
    """

    scale: float
    left: int
    top: int
    width: int
    height: int

    @classmethod
    def of(cls, camera: Camera, dpr: float) -> Grid:
        """Return the grid of an upright camera on a screen of that pixel ratio."""
        scale = camera.m_per_px / dpr
        w, h = camera.width * dpr, camera.height * dpr
        left, top = round(camera.x / scale - w / 2), round(-camera.y / scale - h / 2)
        return cls(scale, left, top, round(w), round(h))

    def place_of(self, key: TileKey) -> QRect:
        """Return where a tile of any scale lies."""
        if key.m_per_px == self.scale:
            return QRect(key.col * SIDE - self.left, -(key.row + 1) * SIDE - self.top, SIDE, SIDE)
        return self.place(key.bounds)

    def place(self, box: Bounds) -> QRect:
        """Return where a box of local metres lies."""
        x0, x1 = (round(x / self.scale) - self.left for x in (box.x0, box.x1))
        y0, y1 = (round(-y / self.scale) - self.top for y in (box.y1, box.y0))
        return QRect(x0, y0, x1 - x0, y1 - y0)

    def share_of(self, place: QRect) -> float:
        """Return how much of the view a place takes, 0 to 1."""
        seen = place.intersected(QRect(0, 0, self.width, self.height))
        if seen.isEmpty():
            return 0.0
        return seen.width() * seen.height() / (self.width * self.height)


def as_qimage(image: Image, *, opaque: bool = True) -> QImage:
    """Wrap an image without copying; it must outlive the wrapper."""
    h, w = image.shape
    form = QImage.Format.Format_RGB32 if opaque else QImage.Format.Format_ARGB32_Premultiplied
    return QImage(image.data, w, h, w * 4, form)


def lay_whole(painter: QPainter, image: Image, place: QRect, *, opaque: bool = True) -> None:
    """Lay all of an image; at its own size it stays as sharp as it is."""
    if place.width() == image.shape[1] and place.height() == image.shape[0]:
        painter.drawImage(place.topLeft(), as_qimage(image, opaque=opaque))
    else:
        painter.drawImage(place, as_qimage(image, opaque=opaque))


def lay_part(
    painter: QPainter, image: Image, has: Bounds, box: Bounds, grid: Grid, *, opaque: bool = True
) -> None:
    """Lay what of `image` (which shows the box `has`) lies in `box`, both local metres."""
    x0, x1 = max(box.x0, has.x0), min(box.x1, has.x1)
    y0, y1 = max(box.y0, has.y0), min(box.y1, has.y1)
    if x0 >= x1 or y0 >= y1:
        return
    place = grid.place(Bounds(x0, y0, x1, y1))
    if place.isEmpty():
        return
    h, w = image.shape
    source = QRectF(
        QPointF((x0 - has.x0) / has.width * w, (has.y1 - y1) / has.height * h),
        QPointF((x1 - has.x0) / has.width * w, (has.y1 - y0) / has.height * h),
    )
    painter.drawImage(QRectF(place), as_qimage(image, opaque=opaque), source)
