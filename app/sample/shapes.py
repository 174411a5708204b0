"""Arrays of shapes from arrays of corners: shapely's makers with the types they have here.

Given arrays they return object arrays, never a single shape; `owner` numbers the shape of each
corner from 0 up without a gap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shapes = NDArray[np.object_]
Shape = TypeVar("Shape")


def points(x: Floats, y: Floats) -> Shapes:
    """Return points, shape (n,)."""
    return cast(Shapes, np.atleast_1d(cast(Any, shapely.points(x, y))))


def lines(xy: Floats, owner: Ints) -> Shapes:
    """Return lines through the corners `xy`, shape (v, 2)."""
    return cast(Shapes, np.atleast_1d(cast(Any, shapely.linestrings(xy, indices=owner))))


def pieces(start: Floats, end: Floats) -> Shapes:
    """Return straight lines from `start` to `end`, both of shape (n, 2)."""
    return cast(Shapes, np.atleast_1d(cast(Any, shapely.linestrings(np.stack([start, end], 1)))))


def polygons(xy: Floats, owner: Ints) -> Shapes:
    """Return polygons with the corners `xy`, shape (v, 2), without the closing one."""
    rings = np.atleast_1d(cast(Any, shapely.linearrings(xy, indices=owner)))
    return cast(Shapes, np.atleast_1d(cast(Any, shapely.polygons(rings))))


def moved(shape: Shape, move: Callable[[Floats, Floats], tuple[Floats, Floats]]) -> Shape:
    """Return a shape or an array of shapes with `move` (x, y) applied to all corners."""
    return cast(Shape, shapely.transform(cast(Any, shape), cast(Any, move), interleaved=False))
