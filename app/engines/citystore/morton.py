"""Morton keys: neighbours in the plane mostly stay neighbours in one row of numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def spread(v: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return each 16-bit number with a zero put between its bits."""
    v = v.astype(np.uint32) & np.uint32(0xFFFF)
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        v = (v | (v << np.uint32(shift))) & np.uint32(mask)
    return v


def morton(i: NDArray[np.uint32], j: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return keys of columns `i` and rows `j` (both < 65,536)."""
    return spread(i) | (spread(j) << np.uint32(1))


def _gathered(v: NDArray[np.uint32]) -> NDArray[np.uint32]:
    v = v & np.uint32(0x55555555)
    for shift, mask in ((1, 0x33333333), (2, 0x0F0F0F0F), (4, 0x00FF00FF), (8, 0x0000FFFF)):
        v = (v | (v >> np.uint32(shift))) & np.uint32(mask)
    return v


def unmorton(key: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return columns and rows of keys: what `morton` joined."""
    key = key.astype(np.uint32)
    return _gathered(key), _gathered(key >> np.uint32(1))


def bits_for(cells: int) -> int:
    """Return the bits that number `cells` cells a side, at least 1, at most 16."""
    return min(max(int(np.ceil(np.log2(max(cells, 2)))), 1), 16)
