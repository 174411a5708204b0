"""Smooth lines and round shapes, in metres."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def smooth(way: Floats, step: float, closed: bool = False) -> Floats:
    """Return a Catmull-Rom curve through `way` (n, 2) with a point about every `step` metres."""
    if closed:
        knots = np.concatenate([way[-1:], way, way[:2]])
    else:
        knots = np.concatenate([2 * way[:1] - way[1:2], way, 2 * way[-1:] - way[-2:-1]])
    pieces = []
    for p0, p1, p2, p3 in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        n = max(1, int(np.hypot(*(p2 - p1)) / step))
        t = (np.arange(n) / n)[:, None]
        pieces.append(
            0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2
                   + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
        )  # fmt: skip
    return np.concatenate([*pieces, knots[-2:-1]])


def rounded(way: Floats, step: float, reach: float) -> Floats:
    """Return `way`, points every `step` metres, with bends shorter than `reach` worn down."""
    half = max(1, min(int(reach / step), (len(way) - 1) // 2))
    t = np.arange(-half, half + 1) / half
    weight = np.exp(-2 * t**2)
    padded = np.concatenate(
        [2 * way[:1] - way[half:0:-1], way, 2 * way[-1:] - way[-2 : -half - 2 : -1]]
    )
    columns = [np.convolve(column, weight / weight.sum(), "valid") for column in padded.T]
    return np.column_stack(columns)


def bumpy_disc(x: float, y: float, radius: float, rng: np.random.Generator) -> shapely.Polygon:
    """Return a round shape with a shore that comes and goes by a tenth of `radius`."""
    turn = np.linspace(0, 2 * np.pi, 73)[:-1]
    shore = np.ones(72)
    for k, size in ((2, 0.12), (3, 0.09), (5, 0.06), (9, 0.03)):
        shore += size * np.sin(k * turn + rng.uniform(0, 2 * np.pi))
    return shapely.Polygon(
        np.column_stack([x + radius * shore * np.cos(turn), y + radius * shore * np.sin(turn)])
    )
