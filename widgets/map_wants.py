"""Which tiles a map asks for, and at which scale it lays them, as it stands or moves. No Qt.

A map that stands wants exactly its own scale. One whose scale runs would throw such tiles away at
once: it makes do with whole octaves, and asks for the next one before it gets there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from app.domain.camera import Camera
from app.engines.tiles import TileKey, keys_over

MARGIN = 96.0  # logical pixels around the view for which a map that stands or pans wants tiles too
LARGE = 3_000_000  # physical pixels from which on a screen is large: a moving map spares work
_BIAS, _BIAS_LARGE = 0.3, 1.0  # octaves by which running scales prefer coarser tiles
_AHEAD_S = 0.35  # how far a running scale looks ahead
_NEAR = 1.0  # octaves between a view and tiles that can be laid as its own


@dataclass(frozen=True)
class Course:
    """How the view moves: `goal` is where a flight will end, `zoom` octaves a second (+ is out)."""

    moves: bool = False
    goal: Camera | None = None
    zoom: float = 0.0

    @property
    def is_running(self) -> bool:
        """Whether the scale is changing without a known end."""
        return self.goal is None and self.zoom != 0.0


STILL = Course()


def octave_of(m_per_px: float, *, large: bool = False) -> float:
    """Return the scale in whole octaves that stands for one that runs past."""
    return float(2.0 ** round(math.log2(m_per_px) + (_BIAS_LARGE if large else _BIAS)))


def is_large(camera: Camera, dpr: float) -> bool:
    """Whether the view has very many pixels."""
    return camera.width * camera.height * dpr * dpr > LARGE


def scale_for(camera: Camera, course: Course, dpr: float) -> float:
    """Return metres a physical pixel of the tiles that are laid in this view."""
    scale = camera.m_per_px / dpr
    if course.is_running:
        return octave_of(scale, large=is_large(camera, dpr))
    if course.goal is not None:
        goal = course.goal.m_per_px / dpr
        return goal if abs(math.log2(goal / scale)) <= _NEAR else octave_of(scale)
    return scale


def wanted(look: int, camera: Camera, course: Course, dpr: float) -> list[TileKey]:
    """Return the tiles to ask for, the most urgent first."""
    if course.goal is not None:
        return keys_over(look, course.goal.m_per_px / dpr, course.goal.bounds())
    scale = scale_for(camera, course, dpr)
    seen = keys_over(look, scale, camera.bounds())
    if not course.is_running:
        there = set(seen)
        around = keys_over(look, scale, camera.bounds(MARGIN))
        return seen + [key for key in around if key not in there]
    octaves = min(max(course.zoom * _AHEAD_S, -1.0), 1.0)
    ahead = replace(camera, m_per_px=camera.m_per_px * 2.0**octaves)
    following = octave_of(ahead.m_per_px / dpr, large=is_large(camera, dpr))
    return seen + (keys_over(look, following, ahead.bounds()) if following != scale else [])
