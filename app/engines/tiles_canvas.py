"""A tile being drawn: the kernels with names, over one store. Imports numba (slow)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from app.engines import tiles_fields, tiles_lines, tiles_points, tiles_shapes
from app.engines.citystore import CityStore, Parts, Pipes, Shapes

Mask = NDArray[np.uint8]
_WHOLE = 256  # alpha
_shapes: Any = tiles_shapes  # numba types its dispatchers as taking nothing
_points: Any = tiles_points
_lines: Any = tiles_lines
_fields: Any = tiles_fields
EVERY_STATE = 0b1111


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
        self._field = np.zeros((height, width), np.float32)
        self._parts = store.live.now

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

    def density(self, want: Mask, ramp: Ramp, states: int = EVERY_STATE) -> int:
        """Lay wanted parts as density; returns how many fell inside.

        `states` has bit s set for each wanted state s.
        """
        counts = np.zeros(self.image.shape, np.uint32)
        bits = state_bits(want, states)
        every = bool((bits == EVERY_STATE).all())
        total = 0
        for piece in self._parts.pieces:
            total += cast(
                int,
                _points.density(
                    *cells_of(piece, bits), every, self._x0, self._y1, self._inv, counts
                ),
            )
        if total:
            _points.lay_density(counts, self.image, ramp.colours, ramp.alphas)
        return total

    def dots(
        self, want: Mask, colours: NDArray[np.uint32], radius: float, rim: float, alpha: float,
        states: int = EVERY_STATE,
    ) -> int:  # fmt: skip
        """Draw wanted parts as discs; `colours` by class, the last one for the rim."""
        bits = state_bits(want, states)
        return sum(
            cast(
                int,
                _points.dots(
                    *cells_of(piece, bits), self._x0, self._y1, self._inv, colours, radius, rim,
                    round(alpha * _WHOLE), self.image,
                ),
            )
            for piece in self._parts.pieces
        )  # fmt: skip

    def pipe_metres(self, want: Mask, ramp: Ramp, scale: float) -> float:
        """Lay wanted pipes as thin lines or, far away, as density; returns metres in sight.

        A pixel takes step `metres * scale` of the ramp: with `scale` 255 / m_per_px a line alone
        in its pixels gets the last step.
        """
        total = cast(
            float,
            _lines.metres(
                *_pieces_of(self._store.pipes, want), bool(want.all()), self._x0, self._y1,
                self._inv, self._field,
            ),
        )  # fmt: skip
        if total > 0.0:
            _lines.lay_metres(self._field, self.image, ramp.colours, ramp.alphas, scale)
        return total

    def pipes(
        self, want: Mask, colour: int, alpha: float = 1.0, *, least: float = 1.0, wider: float = 0.0
    ) -> int:
        """Draw wanted pipes as wide as they are, at least `least` physical pixels.

        `wider` pixels are added to each. Returns how many pieces met the tile.
        """
        drawn = cast(
            int,
            _lines.pipes(
                *_pieces_of(self._store.pipes, want), least, self._x0, self._y1, self._inv, wider,
                self._cover,
            ),
        )  # fmt: skip
        if drawn:
            _shapes.lay_cover(
                self._words, self._cover, self.image, np.uint32(colour), round(alpha * _WHOLE)
            )
        return drawn

    def fill_values(
        self, shapes: Shapes, values: NDArray[np.float32], limits: NDArray[np.float32],
        colours: NDArray[np.uint32], alphas: Mask,
    ) -> int:  # fmt: skip
        """Fill areas by their value; see `tiles_fields.choropleth`. Returns how many were met."""
        return cast(
            int,
            _fields.choropleth(
                shapes.xy, shapes.ring_off, shapes.feature_off, shapes.box, values, limits,
                colours, alphas, self._x0, self._y1, self._inv, self._sums, self.image,
            ),
        )  # fmt: skip

    def heat(
        self, points: NDArray[np.float64], weights: NDArray[np.float32], radius: float, ramp: Ramp,
        top: float,
    ) -> float:  # fmt: skip
        """Lay the heat of points, local metres (n, 2); returns the weight inside the tile.

        Each is a round hill of `radius` physical pixels; `top` is the weight a pixel at which the
        ramp ends.
        """
        at = (points - self._store.origin).astype(np.float32)
        total = cast(
            float,
            _fields.heat(at, weights, self._x0, self._y1, self._inv, radius, self._field),
        )
        _lines.lay_metres(self._field, self.image, ramp.colours, ramp.alphas, 255.0 / top)
        return total


def state_bits(want: Mask, states: int = EVERY_STATE) -> Mask:
    """Return the mask of classes with the bits of wanted states in each."""
    return np.where(want != 0, np.uint8(states), np.uint8(0)).astype(np.uint8)


def cells_of(p: Parts, bits: Mask) -> tuple[object, ...]:
    """Return what all kernels over parts take first."""
    index = p.index
    return (index.cell, index.start, index.num, p.sub, p.x, p.y, p.cls, p.state, bits, index.side)


def _pieces_of(p: Pipes, want: Mask) -> tuple[object, ...]:
    index = p.index
    return (
        index.cell, index.start, index.num, p.sub, p.ax, p.ay, p.bx, p.by, p.kind, p.size, want,
        index.side,
    )  # fmt: skip


def _columns(s: Shapes) -> tuple[NDArray[np.generic], ...]:
    return s.xy, s.ring_off, s.feature_off, s.box, s.block, s.kind
