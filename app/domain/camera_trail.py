"""The views that a person has rested at, to go back and forward among them. No Qt."""

from __future__ import annotations

from app.domain.camera import Camera

_MOST = 100
_NEAR_PX, _NEAR_SCALE = 40.0, 0.05


class CameraTrail:
    """Views in the order they were rested at; a small nudge is no new view."""

    def __init__(self) -> None:
        self._views: list[Camera] = []
        self._at = -1

    @property
    def can_go_back(self) -> bool:
        """Whether there is an earlier view."""
        return self._at > 0

    @property
    def can_go_forward(self) -> bool:
        """Whether there is a later view."""
        return self._at < len(self._views) - 1

    def rest(self, view: Camera) -> None:
        """Note that the map has come to rest; later views are dropped if it is another one."""
        if self._views and _same(self._views[self._at], view):
            self._views[self._at] = view
            return
        self._views = [*self._views[: self._at + 1], view][-_MOST:]
        self._at = len(self._views) - 1

    def back(self) -> Camera | None:
        """Go to the view before; None if there is none."""
        return self._step(-1)

    def forward(self) -> Camera | None:
        """Go to the view after; None if there is none."""
        return self._step(1)

    def _step(self, by: int) -> Camera | None:
        if not 0 <= self._at + by < len(self._views):
            return None
        self._at += by
        return self._views[self._at]


def _same(a: Camera, b: Camera) -> bool:
    away = max(abs(a.x - b.x), abs(a.y - b.y)) / a.m_per_px
    turned = (a.heading, a.pitch) != (b.heading, b.pitch)
    return away < _NEAR_PX and abs(b.m_per_px / a.m_per_px - 1) < _NEAR_SCALE and not turned
