"""A tile being drawn: the kernels with names, over one store. Imports numba (slow)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from app.domain.camera import Bounds
from app.engines import tiles_points, tiles_shapes
from app.engines.citystore import CityStore, Shapes

Mask = NDArray[np.uint8]
_WHOLE = 256  # alpha
_shapes: Any = tiles_shapes  # numba types its dispatchers as taking nothing
_points: Any = tiles_points


@dataclass(frozen=True)
class Ramp:
    """Colours (uint32, 0xRRGGBB) and alphas (uint8) by count, both (256,); count 0 is unused."""

    colours: NDArray[np.uint32]
    alphas: NDArray[np.uint8]


class Canvas:
    """An image of `width` x `height` physical pixels, its north west corner at (x0, y1).

    Args:
        x0, y1: local metres.
        m_per_px: metres a physical pixel.

    `image` is uint32 (height, width), 0xFFRRGGBB. Colours are 0xRRGGBB, `alpha` 0 to 1, masks
    uint8 (256,) by kind or class, not 0 for wanted.
    """

    def __init__(
        self, store: CityStore, x0: float, y1: float, m_per_px: float, width: int, height: int
    ) -> None:
        self._store = store
        self._x0, self._y1 = x0 - store.origin[0], y1 - store.origin[1]
        self._inv = 1.0 / m_per_px
        self.image = np.empty((height, width), np.uint32)
        self._sums = np.zeros((height, width + 2), np.float32)
        self._words = np.zeros((height, (width + 7) // 8), np.uint64)
        self._cover = self._words.view(np.uint8)

    def clear(self, colour: int) -> None:
        """Paint everything with one colour."""
        self.image.fill(0xFF000000 | colour)

    def fill(self, shapes: Shapes, want: Mask, colour: int, alpha: float = 1.0) -> int:
        """Fill wanted polygons; overlaps count once. Returns how many met the tile."""
        drawn = cast(
            int,
            _shapes.fill(*_columns(shapes), want, self._x0, self._y1, self._inv, self._sums),
        )
        if drawn:
            _shapes.lay_fill(self._sums, self.image, np.uint32(colour), round(alpha * _WHOLE))
        return drawn

    def stroke(
        self,
        shapes: Shapes,
        want: Mask,
        widths: NDArray[np.float32],
        colour: int,
        alpha: float = 1.0,
        *,
        closed: bool = False,
        dash: tuple[float, float] = (0.0, 0.0),
    ) -> int:
        """Stroke wanted lines (or rings); `widths` physical pixels by kind, (256,)."""
        half = (widths / 2).astype(np.float32)
        half[want == 0] = 0.0
        drawn = cast(
            int,
            _shapes.stroke(
                *_columns(shapes), want, half, int(closed), float(dash[0]), float(dash[1]),
                self._x0, self._y1, self._inv, self._cover,
            ),
        )  # fmt: skip
        if drawn:
            _shapes.lay_cover(
                self._words, self._cover, self.image, np.uint32(colour), round(alpha * _WHOLE)
            )
        return drawn

    def density(self, want: Mask, ramp: Ramp) -> int:
        """Lay wanted parts as density; returns how many fell inside."""
        counts = np.zeros(self.image.shape, np.uint32)
        total = cast(
            int,
            _points.density(
                *_cells(self._store), want, *_grid(self._store),
                bool(want.all()), self._x0, self._y1, self._inv, counts,
            ),
        )  # fmt: skip
        if total:
            _points.lay_density(counts, self.image, ramp.colours, ramp.alphas)
        return total

    def dots(
        self, want: Mask, colours: NDArray[np.uint32], radius: float, rim: float, alpha: float
    ) -> int:
        """Draw wanted parts as discs; `colours` by class, the last one for the rim."""
        return cast(
            int,
            _points.dots(
                *_cells(self._store), want, *_grid(self._store),
                self._x0, self._y1, self._inv, colours, radius, rim, round(alpha * _WHOLE),
                self.image,
            ),
        )  # fmt: skip


def count_parts(store: CityStore, box: Bounds, want: Mask) -> tuple[int, NDArray[np.int64]]:
    """Return how many wanted parts lie in `box` (local metres), in all and by class (256,)."""
    by_class = np.zeros(256, np.int64)
    b = store.relative(box)
    total = _points.tally(*_cells(store), want, *_grid(store), b.x0, b.y0, b.x1, b.y1, by_class)
    return cast(int, total), by_class


def nearest_part(store: CityStore, x: float, y: float, radius: float, want: Mask) -> int:
    """Return the row of the wanted part nearest to (x, y) within `radius` metres, or -1."""
    ox, oy = store.origin
    return cast(int, _points.nearest(*_cells(store), want, *_grid(store), x - ox, y - oy, radius))


def _columns(s: Shapes) -> tuple[NDArray[np.generic], ...]:
    return s.xy, s.ring_off, s.feature_off, s.box, s.block, s.kind


def _cells(store: CityStore) -> tuple[NDArray[np.generic], ...]:
    return store.parts.off, store.parts.x, store.parts.y, store.parts.cls


def _grid(store: CityStore) -> tuple[float, float, int]:
    return 0.0, 0.0, store.bits
