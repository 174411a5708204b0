"""Which part of the map lies free of other panels, and cameras that show things in it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF

from app.domain.camera import Bounds, Camera


@dataclass(frozen=True)
class Frame:
    """Logical pixels at each side of the map that panels of the station cover."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    def free(self, camera: Camera) -> QRectF:
        """Return what lies free, or all of the map if the panels leave too little."""
        wide = camera.width - self.left - self.right
        high = camera.height - self.top - self.bottom
        if wide < camera.width / 8 or high < camera.height / 8:
            return QRectF(0, 0, camera.width, camera.height)
        return QRectF(self.left, self.top, wide, high)

    def at(self, camera: Camera, x: float, y: float, m_per_px: float | None = None) -> Camera:
        """Return a camera with (x, y), local metres, in the middle of what lies free."""
        there = camera.at(x, y, m_per_px)
        free = self.free(camera).center()
        return there.pan(free.x() - camera.width / 2, free.y() - camera.height / 2)

    def fit(self, camera: Camera, box: Bounds) -> Camera:
        """Return a camera with all of `box`, local metres, in what lies free."""
        free = self.free(camera)
        small = camera.sized(round(free.width()), round(free.height())).fit(box)
        return self.at(camera, small.x, small.y, small.m_per_px)
