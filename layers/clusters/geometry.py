"""Clusters of cases for a scale: squares on the ground, so that none moves in a pan. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.engines.tiles_clusters import clusters

SIZE_PX = 72.0


@dataclass(frozen=True, eq=False)
class Bubbles:
    """Middles `xy` float64 (k, 2) in local metres and `count` int64 (k,); none is left out."""

    xy: NDArray[np.float64]
    count: NDArray[np.int64]


def bubbles_of(xy: NDArray[np.float64], m_per_px: float) -> Bubbles:
    """Gather places, local metres (n, 2), at a scale; counts add up to the places that there are.

    The squares keep their size over an octave of the zoom.
    """
    octave = 2.0 ** np.floor(np.log2(m_per_px))
    found = clusters(xy, float(SIZE_PX * octave))
    return Bubbles(found.xy, found.count)
