"""Values over the map that need no kernel: clusters that count right, weights by hour, classes.

Points are local metres, float64 (n, 2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DAY = 24.0


@dataclass(frozen=True)
class Clusters:
    """Clusters of points: middles `xy` float64 (k, 2), `count` int64 (k,); they hold every point.

    `member` int64 (n,) is the cluster of each point that has a place, -1 for others.
    """

    xy: NDArray[np.float64]
    count: NDArray[np.int64]
    member: NDArray[np.int64]


def clusters(points: NDArray[np.float64], size: float) -> Clusters:
    """Gather points into squares of `size` metres counted from (0, 0), so that none moves in a pan.

    Counts add up to the number of points with a finite place, whatever the size.
    """
    member = np.full(len(points), -1, np.int64)
    placed = np.flatnonzero(np.isfinite(points).all(axis=1))
    if not len(placed):
        return Clusters(np.empty((0, 2)), np.empty(0, np.int64), member)
    square = np.floor(points[placed] / size).astype(np.int64)
    _, number = np.unique(square, axis=0, return_inverse=True)
    number = number.reshape(-1)
    count = np.bincount(number)
    xy = np.stack([np.bincount(number, points[placed, k]) / count for k in (0, 1)], axis=1)
    member[placed] = number
    return Clusters(xy, count.astype(np.int64), member)


def hour_weights(
    hours: NDArray[np.float64], hour: float, width: float = 1.0
) -> NDArray[np.float32]:
    """Return the weight of each moment (hours of the day, 0 to 24) for the heat at `hour`.

    1 at `hour`, 0 from `width` hours away on, even in between, around midnight too. With a width
    of 1 the weights of a moment over all 24 hours add up to 1.
    """
    away = np.abs((np.asarray(hours, np.float64) - hour + _DAY / 2) % _DAY - _DAY / 2)
    return np.clip(1.0 - away / width, 0.0, 1.0).astype(np.float32)


def quantile_limits(values: NDArray[np.float32], classes: int) -> NDArray[np.float32]:
    """Return ascending limits that part finite values into at most `classes` even classes."""
    finite = values[np.isfinite(values)]
    if not len(finite) or classes < 2:
        return np.empty(0, np.float32)
    at = np.quantile(finite, np.linspace(0, 1, classes + 1)[1:-1])
    limits = np.unique(at.astype(np.float32))
    return np.asarray(limits[limits > finite.min()], np.float32)
