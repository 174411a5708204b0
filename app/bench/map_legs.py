"""The tour that a map is measured on: six legs from the whole city to the kerb and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.domain.camera import Bounds, Camera

CITY, NEAR, DISTRICT = 60.0, 0.25, 4.0  # metres a pixel
_JUMPS = (60.0, 32.0, 16.0, 8.0, 4.0, 2.0, 1.0, 0.5)


@dataclass(frozen=True)
class Leg:
    """One movement: straight and even from `start` to `goal`, the scale in octaves."""

    name: str
    seconds: float
    start: Camera
    goal: Camera

    def at(self, share: float) -> Camera:
        """Return the camera after a share of the way."""
        a, b = self.start, self.goal
        scale = a.m_per_px * (b.m_per_px / a.m_per_px) ** share
        x, y = a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share
        return a.at(x, y, scale)


def legs(city: Bounds, middle: tuple[float, float], size: tuple[int, int]) -> Iterator[Leg]:
    """Yield the moving legs over a city (local metres) whose busiest place is `middle`."""
    home = Camera(width=size[0], height=size[1])
    x, y = middle
    far = min(CITY, max(city.width, city.height) / 600)

    def view(m_per_px: float, dx: float = 0.0, dy: float = 0.0) -> Camera:
        return home.at(x + dx * m_per_px, y + dy * m_per_px, m_per_px)

    yield Leg("city_pan", 3.0, view(far * 0.7), view(far * 0.7, 600, -220))
    yield Leg("zoom_in", 4.0, view(far), view(NEAR))
    yield Leg("street_pan", 3.0, view(0.5), view(0.5, 900, 260))
    yield Leg("zoom_out", 2.0, view(NEAR), view(far))
    yield Leg("district_pan", 3.0, view(DISTRICT), view(DISTRICT, 900, 200))


def jumps(
    city: Bounds, middle: tuple[float, float], size: tuple[int, int], count: int
) -> Iterator[Camera]:
    """Yield places to jump to: where people live, at all scales."""
    chance = np.random.default_rng(1)
    reach = min(city.width, city.height) / 8
    home = Camera(width=size[0], height=size[1])
    for number in range(count):
        dx, dy = chance.normal(0, reach, 2)
        scale = min(_JUMPS[number % len(_JUMPS)], max(city.width, city.height) / 600)
        yield home.at(middle[0] + float(dx), middle[1] + float(dy), scale)
