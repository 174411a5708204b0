"""Which levels of detail there are. Apart from what makes them, which is slow to import."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """Lines moved by at most `grain` metres (a quarter pixel), from scale `m_per_px` on."""

    m_per_px: float
    grain: float


LEVELS = (Level(12.0, 3.0), Level(48.0, 12.0))
