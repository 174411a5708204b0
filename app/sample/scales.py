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
        core_radius: metres around the core within which streets are full; 0 for everywhere.
        background: fullness of streets far from the core.
    """

    grids: int
    duty_grids: int
    parts: int | None
    every_community: bool
    rural_grids: float
    block_area: float
    block_growth: float
    core_radius: float
    background: float

    def block(self, density: Floats) -> Floats:
        """Return the wanted area of a block in m² for densities of shape (n,)."""
        return np.clip(self.block_area / (0.04 + density) ** self.block_growth, 9_000.0, 9e6)


SCALES: Final = {
    "sample": Scale(5_000, 480, 100_000, False, 0.006, 11_000.0, 1.85, 2_300.0, 0.006),
    "district": Scale(9_000, 700, None, False, 0.008, 11_000.0, 1.6, 5_200.0, 0.02),
    "full": Scale(40_625, 1_829, 15_000_000, True, 0.012, 11_000.0, 1.2, 0.0, 0.0),
}
