"""How large a sample city is at each scale, and what is promised of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """Counts and fineness of a scale.

    Attributes:
        grids, duty_grids, parts: how many; parts None for as many as stand there.
        every_community: whether all real communities appear.
        rural_grids: how much of its share of grids empty land gets (density is 1 downtown).
        block: area of a block in m² where the density is 1, and how fast it grows outwards.
        core: where streets are full: "spot" (as far as the parts reach), "district", or "all".
        background: fullness of streets far from the core.
        built_density: how dense it must be for buildings to be drawn far from the core.
    """

    grids: int
    duty_grids: int
    parts: int | None
    every_community: bool
    rural_grids: float
    block_area: float
    block_growth: float
    core: str
    background: float
    built_density: float

    def block(self, density: Floats) -> Floats:
        """Return the wanted area of a block in m² where the density is so, shape (n,)."""
        return np.clip(self.block_area / (0.04 + density) ** self.block_growth, 9_000.0, 9e6)


SCALES: Final = {
    "sample": Scale(5_000, 480, 100_000, False, 0.006, 19_000.0, 1.75, "spot", 0.0015, 0.8),
    "district": Scale(9_000, 700, None, False, 0.008, 17_000.0, 1.6, "district", 0.02, 0.25),
    "full": Scale(40_625, 1_829, 15_000_000, True, 0.012, 15_000.0, 1.15, "all", 0.0, 0.0),
}
