"""One camera for the flat and the tilted map: where we look, from how far, in which direction.

World: a city's local metres (x east, y north, see `app.domain.geodesy`). Screen: logical pixels,
(0, 0) at the top left, y down. Without pitch the two are a similarity; with pitch the ground is
seen in perspective from `EYE` screen heights away, scale `m_per_px` holding at the centre.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

MIN_M_PER_PX = 0.05
MAX_M_PER_PX = 2_000.0
MAX_PITCH = 60.0
RUNGS = 4  # scales in an octave at which the map comes to rest
EYE = 1.5
_HORIZON = 0.05  # share of the eye's distance: what lies beyond is cut off

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bounds:
    """An upright box in local metres; `x0 <= x1`, `y0 <= y1`."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """Extent west to east in metres."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Extent south to north in metres."""
        return self.y1 - self.y0

    @property
    def centre(self) -> tuple[float, float]:
        """The middle."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def grown(self, metres: float) -> Bounds:
        """Return the box with `metres` added on each side."""
        return Bounds(self.x0 - metres, self.y0 - metres, self.x1 + metres, self.y1 + metres)

    def meets(self, other: Bounds) -> bool:
        """Whether the two share a point."""
        return not (
            other.x1 < self.x0 or other.x0 > self.x1 or other.y1 < self.y0 or other.y0 > self.y1
        )

    def holds(self, x: float, y: float) -> bool:
        """Whether the point lies inside or on the edge."""
        return self.x0 <= x <= self.x1 and self.y0 <= y <= self.y1


@dataclass(frozen=True)
class Camera:
    """What the map shows.

    Attributes:
        x, y: local metres at the middle of the screen.
        m_per_px: metres a logical pixel, at the middle.
        heading: degrees clockwise from north that point up on the screen.
        pitch: degrees from straight down, 0 to `MAX_PITCH`.
        width, height: of the screen in logical pixels.
    """

    x: float = 0.0
    y: float = 0.0
    m_per_px: float = 50.0
    heading: float = 0.0
    pitch: float = 0.0
    width: int = 960
    height: int = 640

    @property
    def is_upright(self) -> bool:
        """Whether north is up and the view straight down."""
        return self.heading == 0.0 and self.pitch == 0.0

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the ground appears, in logical pixels."""
        xs, ys = self.to_screen_many(np.array([x]), np.array([y]))
        return float(xs[0]), float(ys[0])

    def to_screen_many(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Project arrays of local metres, shape (n,), to logical pixels; NaN behind the eye."""
        sin, cos = self._turn()
        dx, dy = (x - self.x) / self.m_per_px, (y - self.y) / self.m_per_px
        right, up = dx * cos - dy * sin, dx * sin + dy * cos
        if self.pitch:
            tilt, eye = math.radians(self.pitch), self._eye()
            depth = eye + up * math.sin(tilt)
            share = eye / np.where(depth > eye * _HORIZON, depth, np.nan)
            right, up = right * share, up * math.cos(tilt) * share
        return self.width / 2 + right, self.height / 2 - up

    def to_world(self, sx: float, sy: float) -> tuple[float, float]:
        """Return the point of the ground under a logical pixel; above the horizon its far edge."""
        right, up = sx - self.width / 2, self.height / 2 - sy
        if self.pitch:
            tilt, eye = math.radians(self.pitch), self._eye()
            up = min(up, self._highest())
            up = up * eye / (math.cos(tilt) * eye - up * math.sin(tilt))
            right = right * (eye + up * math.sin(tilt)) / eye
        sin, cos = self._turn()
        return (
            self.x + (right * cos + up * sin) * self.m_per_px,
            self.y + (up * cos - right * sin) * self.m_per_px,
        )

    def bounds(self, margin_px: float = 0.0) -> Bounds:
        """Return the upright box that holds all ground in sight, `margin_px` pixels wider."""
        w, h, m = self.width, self.height, margin_px
        corners = [self.to_world(*p) for p in ((-m, -m), (w + m, -m), (-m, h + m), (w + m, h + m))]
        xs, ys = zip(*corners, strict=True)
        return Bounds(min(xs), min(ys), max(xs), max(ys))

    def pan(self, dx: float, dy: float) -> Camera:
        """Return the camera after the ground was dragged by (dx, dy) pixels from the middle."""
        x0, y0 = self.to_world(self.width / 2, self.height / 2)
        x1, y1 = self.to_world(self.width / 2 - dx, self.height / 2 - dy)
        return replace(self, x=self.x + x1 - x0, y=self.y + y1 - y0)

    def zoom_about(self, sx: float, sy: float, m_per_px: float) -> Camera:
        """Return the camera at another scale, the ground under pixel (sx, sy) staying there."""
        x0, y0 = self.to_world(sx, sy)
        nearer = replace(self, m_per_px=clamp_scale(m_per_px))
        x1, y1 = nearer.to_world(sx, sy)
        return replace(nearer, x=self.x + x0 - x1, y=self.y + y0 - y1)

    def fit(self, box: Bounds, margin_px: float = 24.0) -> Camera:
        """Return the camera that shows the whole of `box` as large as it goes."""
        sin, cos = (abs(v) for v in self._turn())
        across = box.width * cos + box.height * sin
        along = box.width * sin + box.height * cos
        if self.pitch:
            along, across = along * 1.6, across * 1.6
        free_w = max(self.width - 2 * margin_px, 16.0)
        free_h = max(self.height - 2 * margin_px, 16.0)
        x, y = box.centre
        need = max(across / free_w, along / free_h, MIN_M_PER_PX)
        return replace(self, x=x, y=y, m_per_px=clamp_scale(need))

    def at(self, x: float, y: float, m_per_px: float | None = None) -> Camera:
        """Return the camera moved to look at (x, y), at another scale if one is given."""
        scale = self.m_per_px if m_per_px is None else clamp_scale(m_per_px)
        return replace(self, x=x, y=y, m_per_px=scale)

    def sized(self, width: int, height: int) -> Camera:
        """Return the same view on a screen of another size."""
        return replace(self, width=max(width, 1), height=max(height, 1))

    def turned(self, heading: float, pitch: float) -> Camera:
        """Return the same view with another heading (degrees, any) and pitch (clamped)."""
        return replace(self, heading=heading % 360.0, pitch=min(max(pitch, 0.0), MAX_PITCH))

    def _turn(self) -> tuple[float, float]:
        angle = math.radians(self.heading)
        return math.sin(angle), math.cos(angle)

    def _eye(self) -> float:
        return EYE * self.height

    def _highest(self) -> float:
        """Pixels above the middle at which the ground is cut off before the horizon."""
        steepness = max(math.tan(math.radians(self.pitch)), 1e-9)
        return self._eye() / steepness * (1 - _HORIZON)


def clamp_scale(m_per_px: float) -> float:
    """Return the scale within what the map can show."""
    return min(max(m_per_px, MIN_M_PER_PX), MAX_M_PER_PX)


def rung(m_per_px: float) -> float:
    """Return the nearest scale at which the map comes to rest: 2 ** (k / 4) metres a pixel."""
    return clamp_scale(2.0 ** (round(math.log2(clamp_scale(m_per_px)) * RUNGS) / RUNGS))


def rung_step(m_per_px: float, steps: int) -> float:
    """Return the resting scale `steps` rungs further out (negative: further in)."""
    at = round(math.log2(clamp_scale(m_per_px)) * RUNGS)
    return clamp_scale(2.0 ** ((at + steps) / RUNGS))
