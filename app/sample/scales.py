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
        door_spacing: metres between doors on one side of a full street.
        houses: how many houses of a compound are listed with their address.
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
    door_spacing: float
    houses: int

    def block(self, density: Floats) -> Floats:
        """Return the wanted area of a block in m² where the density is so, shape (n,)."""
        return np.clip(self.block_area / (0.04 + density) ** self.block_growth, 9_000.0, 9e6)


SCALES: Final = {
    "sample": Scale(
        grids=5_000, duty_grids=480, parts=100_000, every_community=False, rural_grids=0.006,
        block_area=19_000.0, block_growth=1.75, core="spot", background=0.0015,
        built_density=0.8, door_spacing=22.0, houses=12,
    ),
    "district": Scale(
        grids=9_000, duty_grids=700, parts=None, every_community=False, rural_grids=0.008,
        block_area=17_000.0, block_growth=1.6, core="district", background=0.004,
        built_density=0.6, door_spacing=22.0, houses=12,
    ),
    "full": Scale(
        grids=40_625, duty_grids=1_829, parts=15_000_000, every_community=True, rural_grids=0.012,
        block_area=15_000.0, block_growth=1.15, core="all", background=0.0,
        built_density=0.0, door_spacing=90.0, houses=4,
    ),
}  # fmt: skip
