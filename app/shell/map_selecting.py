"""Selecting on the map: shapes joined or cut, exact counts by class and state, nearest, buffer.

A selection is one shape on the ground, so adding and taking away never counts a part twice. The
counting runs on the pool; an answer to an older selection is dropped.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.domain.camera import Bounds
from app.engines.citystore import CityStore
from app.shell.bridge import Bridge
from widgets.map_tools.draw import Drawing

Rings = list[NDArray[np.float64]]
_MOST_UNDO = 50


@dataclass(frozen=True, eq=False)
class Selected:
    """What is selected: its shape, local metres, and parts by class and state, int64 (256, 4).

    `want` is the mask of classes, uint8 (256,), and `states` the bits of states that count.
    """

    shape: Any
    tally: NDArray[np.int64]
    want: NDArray[np.uint8]
    states: int

    @property
    def counted(self) -> NDArray[np.int64]:
        """The parts that count, by class and state (256, 4)."""
        states = np.array([self.states >> s & 1 for s in range(4)], bool)
        return np.where((self.want != 0)[:, None] & states[None, :], self.tally, 0)

    @property
    def total(self) -> int:
        """How many parts."""
        return int(self.counted.sum())


class Selecting(QObject):
    """Holds the selection of one map. `changed` carries `Selected`, or None when there is none."""

    changed = Signal(object)
    failed = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._shape: Any = None
        self._before: list[Any] = []
        self._serial = itertools.count(1)
        self._asked = 0
        self._want: NDArray[np.uint8] = np.ones(256, np.uint8)
        self._states = 0b1111
        self.selected: Selected | None = None

    @property
    def shape(self) -> Any:
        """The selected ground (a shapely geometry in local metres), None for none."""
        return self._shape

    def take(self, drawing: Drawing, store: CityStore) -> None:
        """Select what a drawing holds; with Shift of a second one added, with Ctrl or Alt cut."""
        self.combine(polygon_of(drawing.xy), store, add=drawing.shift, cut=drawing.alt)

    def combine(
        self, shape: Any, store: CityStore, *, add: bool = False, cut: bool = False
    ) -> None:
        """Select a shape, in local metres, alone or joined to or cut from what is selected."""
        self._before = [*self._before, self._shape][-_MOST_UNDO:]
        if self._shape is not None and (add or cut):
            shape = self._shape.difference(shape) if cut else self._shape.union(shape)
        self._shape = shape
        self._count(store)

    def buffer(self, metres: float, store: CityStore) -> None:
        """Widen what is selected by `metres` on all sides."""
        if self._shape is not None:
            self.combine(self._shape.buffer(metres, quad_segs=24), store)

    def narrow(self, want: NDArray[np.uint8], states: int, store: CityStore) -> None:
        """Count only these classes, uint8 (256,), and states (bits)."""
        self._want, self._states = want, states
        if self._shape is not None:
            self._count(store)

    def undo(self, store: CityStore) -> bool:
        """Go back to what was selected before; returns whether there was a before."""
        if not self._before:
            return False
        before = self._before.pop()
        if before is None:
            kept, self._before = self._before, []
            self.clear()
            self._before = kept
        else:
            self._shape = before
            self._count(store)
        return True

    def clear(self) -> bool:
        """Select nothing; returns whether there was something."""
        if self._shape is not None:
            self._before = [*self._before, self._shape][-_MOST_UNDO:]
        had, self._shape, self.selected = self._shape is not None, None, None
        self._asked = next(self._serial)
        if had:
            self.changed.emit(None)
        return had

    def _count(self, store: CityStore) -> None:
        self._asked = next(self._serial)
        job = _Tally(store, self._shape, self._want, self._states, self._asked)
        self._bridge.run(job, self._on_counted, self._on_failed)

    def _on_counted(self, answer: tuple[int, Selected]) -> None:
        serial, selected = answer
        if serial == self._asked:
            self.selected = selected
            self.changed.emit(selected)

    def _on_failed(self, error: BaseException) -> None:
        self.failed.emit(error)


class _Tally:
    """Counts parts by class and state in a shape (pool thread)."""

    def __init__(
        self, store: CityStore, shape: Any, want: NDArray[np.uint8], states: int, serial: int
    ) -> None:
        self._store, self._shape, self._serial = store, shape, serial
        self._want, self._states = want, states

    def __call__(self) -> tuple[int, Selected]:
        from app.engines.tiles_select import tally  # numba: not on the window's thread

        counts = tally(self._store, rings_of(self._shape))
        return self._serial, Selected(self._shape, counts, self._want, self._states)


def fids_of(store: CityStore, selected: Selected) -> Callable[[], NDArray[np.uint32]]:
    """Return what finds the rows in map.gpkg of all selected parts, for a pool thread."""

    def find() -> NDArray[np.uint32]:
        from app.engines.tiles_select import select

        rings = rings_of(selected.shape)
        return select(store, rings, selected.want, selected.states).fids

    return find


def polygon_of(xy: NDArray[np.float64]) -> Any:
    """Return the ground inside a drawn ring; where it crosses itself, by even-odd."""
    shape = shapely.Polygon(xy)
    return shape if shape.is_valid else shapely.make_valid(shape)


def rings_of(shape: Any) -> Rings:
    """Return all rings of a shape, local metres (v, 2) each; lines and points have none."""
    found: Rings = []
    for one in shapely.get_parts(shapely.GeometryCollection([shape]).geoms[0]):
        if one.geom_type == "Polygon" and not one.is_empty:
            rings = (one.exterior, *one.interiors)
            found += [np.asarray(ring.coords, np.float64)[:-1, :2] for ring in rings]
        elif hasattr(one, "geoms"):
            found += rings_of(one)
    return found


def area_box(store: CityStore, fid: int) -> Bounds:
    """Return the upright box of an area, by its row in map.gpkg, in local metres."""
    shapes, (ox, oy) = store.shapes["area"], store.origin
    x0, y0, x1, y1 = (float(v) for v in shapes.box[_row_of(store, fid)])
    return Bounds(x0 + ox, y0 + oy, x1 + ox, y1 + oy)


def area_shape(store: CityStore, fid: int) -> Any:
    """Return the ground of an area, by its row in map.gpkg, in local metres."""
    shape = shapely.Polygon()
    for ring in store.shapes["area"].rings(_row_of(store, fid)):
        if len(ring) > 2:  # holes lie inside, parts beside: even-odd makes the area of them
            placed = np.asarray(ring, np.float64) + np.array(store.origin)
            shape = shape.symmetric_difference(polygon_of(placed))
    return shape


def _row_of(store: CityStore, fid: int) -> int:
    return int(np.flatnonzero(store.shapes["area"].fid == fid)[0])
