"""A tile being drawn: the kernels with names, over one store. Imports numba (slow)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from app.engines import tiles_plan as plan
from app.engines.citystore import CityStore, Parts, Pipes, Shapes
from app.engines.citystore.cells import CellIndex
from app.engines.citystore.overlay import PartsNow

Mask = NDArray[np.uint8]
Image = NDArray[np.uint32]
Table = tuple[NDArray[np.int64], NDArray[np.float64], list[NDArray[Any]]]
_WHOLE = 256  # alpha
_run: Any = plan.run  # numba types its dispatchers as taking nothing
EVERY_STATE = 0b1111


@dataclass(frozen=True)
class Ramp:
    """Colours (uint32, 0xRRGGBB) and alphas (uint8) by count, both (256,); count 0 is unused."""

    colours: NDArray[np.uint32]
    alphas: NDArray[np.uint8]


class Steps:
    """A table of steps being written, with all arrays that its addresses point at."""

    def __init__(self) -> None:
        self._rows: list[list[int]] = []
        self._reals: list[list[float]] = []
        self._kept: list[NDArray[Any]] = []

    def add(
        self, kind: int, arrays: Sequence[NDArray[Any]] = (), reals: Sequence[float] = (),
        **named: int | NDArray[Any],
    ) -> None:  # fmt: skip
        """Add a step; `named` are columns by name, arrays among them by their address."""
        row = [0] * plan.WIDTH
        for n, array in enumerate(arrays):
            row[2 * n], row[2 * n + 1] = self._address(array), len(array)
        for name, value in named.items():
            at = getattr(plan, name.upper())
            row[at] = value if isinstance(value, int) else self._address(value)
        row[plan.KIND] = kind
        self._rows.append(row)
        self._reals.append([*reals, *[0.0] * (plan.REALS - len(reals))])

    def table(self) -> Table:
        """Return the steps, their numbers, and the arrays that must live as long as they do."""
        count = len(self._rows)
        steps = np.array(self._rows, np.int64).reshape(count, plan.WIDTH)
        return steps, np.array(self._reals).reshape(count, plan.REALS), self._kept

    def join(self, others: Steps) -> None:
        """Add all steps of another table."""
        self._rows += others._rows
        self._reals += others._reals
        self._kept += others._kept

    def _address(self, array: NDArray[Any]) -> int:
        if not array.flags.c_contiguous:
            raise ValueError("a kernel takes arrays without gaps")
        self._kept.append(array)
        return int(array.__array_interface__["data"][0])


class Canvas:
    """An image of `width` x `height` physical pixels, its north west corner at (x0, y1).

    Args:
        x0, y1: local metres.
        m_per_px: metres a physical pixel.

    `image` is uint32 (height, width), 0xFFRRGGBB. Colours are 0xRRGGBB, `alpha` 0 to 1, masks
    uint8 (256,) by kind or class, not 0 for wanted. What methods return is 0 on a `Sketch`.
    """

    def __init__(
        self, store: CityStore, x0: float, y1: float, m_per_px: float, width: int, height: int
    ) -> None:
        self._store = store
        self._parts = store.live.now
        self._x0, self._y1 = x0 - store.origin[0], y1 - store.origin[1]
        self._inv = 1.0 / m_per_px
        self._scale = m_per_px
        self.image = np.empty((height, width), np.uint32)

    def _do(self, steps: Steps) -> float:
        """Draw some steps at once; returns what the last one met."""
        return float(draw(steps.table(), self._x0, self._y1, self._inv, self.image)[-1])

    def clear(self, colour: int) -> None:
        """Paint everything with one colour."""
        self._one(plan.CLEAR, colour=0xFF000000 | colour)

    def fill(self, shapes: Shapes, want: Mask, colour: int, alpha: float = 1.0) -> int:
        """Fill wanted polygons; overlaps count once. Returns how many met the tile."""
        return self.fill_first(shapes, (want,), colour, alpha)

    def fill_first(
        self, shapes: Shapes, wants: Sequence[Mask], colour: int, alpha: float = 1.0
    ) -> int:
        """Fill those wanted by the first mask that finds any in the tile; returns how many."""
        steps = Steps()
        for n, want in enumerate(wants):
            steps.add(
                plan.FILL_ELSE if n else plan.FILL, self._columns(shapes),
                want=_typed(want, np.uint8), colour=colour, alpha=round(alpha * _WHOLE),
            )  # fmt: skip
        return int(self._do(steps))

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
        return int(
            self._one(
                plan.STROKE, self._columns(shapes), dash, want=_typed(want, np.uint8), first=half,
                flag=int(closed), colour=colour, alpha=round(alpha * _WHOLE),
            )
        )  # fmt: skip

    def density(self, want: Mask, ramp: Ramp, states: int = EVERY_STATE) -> int:
        """Lay wanted parts as density; returns how many fell inside.

        `states` has bit s set for each wanted state s.
        """
        bits = state_bits(want, states)
        every = int(bool((bits == EVERY_STATE).all()))
        steps = Steps()
        for piece in self._parts.pieces:
            steps.add(
                plan.DENSITY, _part_columns(piece), want=bits, side=piece.index.side, flag=every
            )
        steps.add(plan.LAY_DENSITY, (), (), **_inks(ramp))
        return int(self._do(steps))

    def dots(
        self, want: Mask, colours: NDArray[np.uint32], radius: float, rim: float, alpha: float,
        states: int = EVERY_STATE,
    ) -> int:  # fmt: skip
        """Draw wanted parts as discs; `colours` by class, the last one for the rim."""
        bits, inks = state_bits(want, states), _typed(colours, np.uint32)
        return sum(
            int(
                self._one(
                    plan.DOTS, _part_columns(piece), (radius, rim), want=bits, first=inks,
                    side=piece.index.side, alpha=round(alpha * _WHOLE),
                )
            )
            for piece in self._parts.pieces
        )  # fmt: skip

    def pipe_metres(self, want: Mask, ramp: Ramp, scale: float) -> float:
        """Lay wanted pipes as thin lines or, far away, as density; returns metres in sight.

        A pixel takes step `metres * scale` of the ramp: with `scale` 255 / m_per_px a line alone
        in its pixels gets the last step.
        """
        found = self._store.pipes
        return self._one(
            plan.METRES, _pipe_columns(found), (scale,), want=_typed(want, np.uint8),
            side=found.index.side, flag=int(bool(want.all())), **_inks(ramp),
        )  # fmt: skip

    def pipes(
        self, want: Mask, colour: int, alpha: float = 1.0, *, least: float = 1.0, wider: float = 0.0
    ) -> int:
        """Draw wanted pipes as wide as they are, at least `least` physical pixels.

        `wider` pixels are added to each. Returns how many pieces met the tile.
        """
        found = self._store.pipes
        return int(
            self._one(
                plan.PIPES, _pipe_columns(found), (least, wider), want=_typed(want, np.uint8),
                side=found.index.side, colour=colour, alpha=round(alpha * _WHOLE),
            )
        )  # fmt: skip

    def fill_values(
        self, shapes: Shapes, values: NDArray[np.float32], limits: NDArray[np.float32],
        colours: NDArray[np.uint32], alphas: Mask,
    ) -> int:  # fmt: skip
        """Fill areas by their value; see `tiles_fields.choropleth`. Returns how many were met."""
        arrays = (
            *self._columns(shapes)[:4], _typed(values, np.float32), _typed(limits, np.float32),
            _typed(colours, np.uint32), _typed(alphas, np.uint8),
        )  # fmt: skip
        if min(len(colours), len(alphas)) <= len(limits):
            raise ValueError("a choropleth needs one colour more than limits")
        return int(self._one(plan.VALUES, arrays))

    def heat(
        self, points: NDArray[np.float64], weights: NDArray[np.float32], radius: float, ramp: Ramp,
        top: float,
    ) -> float:  # fmt: skip
        """Lay the heat of points, local metres (n, 2); returns the weight inside the tile.

        Each is a round hill of `radius` physical pixels; `top` is the weight a pixel at which the
        ramp ends.
        """
        at = (points - self._store.origin).astype(np.float32)
        arrays = (_typed(at, np.float32), _typed(weights, np.float32))
        return self._one(plan.HEAT, arrays, (radius, 255.0 / top), **_inks(ramp))

    def keep(self) -> None:
        """Remember what is drawn so far, for `mix`."""
        self._one(plan.KEEP)

    def mix(self, opacity: float) -> None:
        """Let what was kept shine through what has been drawn since: `opacity` 0 to 1."""
        self._one(plan.MIX, alpha=round(opacity * _WHOLE))

    def _columns(self, s: Shapes) -> tuple[NDArray[Any], ...]:
        """Return a layer's columns at the level of detail of the scale."""
        xy, ring_off = s.lines_at(self._scale)
        return (
            _typed(xy, np.float32), _typed(ring_off, np.int64), _typed(s.feature_off, np.int64),
            _typed(s.box, np.float32), _typed(s.block, np.float32), _typed(s.kind, np.uint8),
        )  # fmt: skip

    def _one(
        self, kind: int, arrays: Sequence[NDArray[Any]] = (), reals: Sequence[float] = (),
        **named: int | NDArray[Any],
    ) -> float:  # fmt: skip
        steps = Steps()
        steps.add(kind, arrays, reals, **named)
        return self._do(steps)


class Sketch(Canvas):
    """A canvas that draws nothing yet: it notes all steps, for tiles at any place.

    It shows the parts that were true when it was made (`parts`), and lines as fine as tiles of
    `m_per_px` metres a pixel need.
    """

    def __init__(self, store: CityStore, m_per_px: float = 0.0) -> None:
        super().__init__(store, 0.0, 0.0, 1.0, 0, 0)
        self._scale = m_per_px
        self._steps = Steps()
        self._table: Table | None = None

    @property
    def parts(self) -> PartsNow:
        """The parts it shows."""
        return self._parts

    def _do(self, steps: Steps) -> float:
        self._steps.join(steps)
        return 0.0

    def draw(self, x0: float, y1: float, m_per_px: float, width: int, height: int) -> Image:
        """Return the image of all steps, as `Canvas` describes it; any thread."""
        ox, oy = self._store.origin
        image = np.empty((height, width), np.uint32)
        if self._table is None:
            self._table = self._steps.table()
        draw(self._table, x0 - ox, y1 - oy, 1.0 / m_per_px, image)
        return image


class _Scratch(threading.local):
    """What kernels need beside the image, kept by each thread; zero between two calls."""

    def __init__(self) -> None:
        self._shape = (-1, -1)
        self._arrays: tuple[NDArray[Any], ...] = ()

    def arrays(self, height: int, width: int) -> tuple[NDArray[Any], ...]:
        """Return below, sums, field, words, cover and counts, as `tiles_plan.run` takes them."""
        if self._shape != (height, width):
            words = np.zeros((height, (width + 7) // 8), np.uint64)
            self._arrays = (
                np.empty((height, width), np.uint32), np.zeros((height, width + 2), np.float32),
                np.zeros((height, width), np.float32), words, words.view(np.uint8),
                np.zeros((height, width), np.uint32),
            )  # fmt: skip
            self._shape = (height, width)
        return self._arrays


_SCRATCH = _Scratch()


def draw(table: Table, x0: float, y1: float, inv: float, image: Image) -> NDArray[np.float64]:
    """Draw a table of steps in one call; returns what each met, float64 (n,).

    `x0`, `y1` are metres from the store's origin, `inv` pixels a metre.
    """
    steps, reals, _kept = table
    found = np.zeros(len(steps))
    _run(steps, reals, found, x0, y1, inv, image, *_SCRATCH.arrays(*image.shape))
    return found


def state_bits(want: Mask, states: int = EVERY_STATE) -> Mask:
    """Return the mask of classes with the bits of wanted states in each."""
    return np.where(want != 0, np.uint8(states), np.uint8(0)).astype(np.uint8)


def cells_of(p: Parts, bits: Mask) -> tuple[object, ...]:
    """Return what all kernels over parts take first."""
    index = p.index
    return (index.cell, index.start, index.num, p.sub, p.x, p.y, p.cls, p.state, bits, index.side)


def _index(index: CellIndex, sub: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    return (
        _typed(index.cell, np.int32), _typed(index.start, np.int64), _typed(index.num, np.uint32),
        sub,
    )  # fmt: skip


def _part_columns(p: Parts) -> tuple[NDArray[Any], ...]:
    return (
        *_index(p.index, _typed(p.sub, np.uint16)), _typed(p.x, np.uint16), _typed(p.y, np.uint16),
        _typed(p.cls, np.uint8), _typed(p.state, np.uint8),
    )  # fmt: skip


def _pipe_columns(p: Pipes) -> tuple[NDArray[Any], ...]:
    ends = (_typed(end, np.int16) for end in (p.ax, p.ay, p.bx, p.by))
    return (
        *_index(p.index, _typed(p.sub, np.float32)), *ends, _typed(p.kind, np.uint8),
        _typed(p.size, np.uint16),
    )  # fmt: skip


def _inks(ramp: Ramp) -> dict[str, NDArray[Any]]:
    return {"first": _typed(ramp.colours, np.uint32), "second": _typed(ramp.alphas, np.uint8)}


def _typed(array: NDArray[Any], kind: DTypeLike) -> NDArray[Any]:
    """Return an array as the kernels read it; one of another kind would be misread, so copied."""
    return np.ascontiguousarray(array, kind)
