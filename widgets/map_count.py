"""Counts the parts in sight, exactly, on a pool thread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.domain.camera import Camera
from app.engines.citystore import CityStore
from layers.pipes.geometry import LINES_FROM
from widgets.map_arrivals import Arrivals
from widgets.map_seen import Tallied, pipe_kinds


class CountJob:
    """One count; tells (serial, parts, what is seen) to `arrivals`."""

    def __init__(
        self,
        store: CityStore,
        camera: Camera,
        want: NDArray[np.uint8],
        states: int,
        serial: int,
        arrivals: Arrivals,
    ) -> None:
        self._store, self._camera, self._want, self._states = store, camera, want, states
        self._serial, self._arrivals = serial, arrivals

    def __call__(self) -> None:
        """Count (pool thread)."""
        from app.engines.tiles_select import count_parts  # numba: not on the window's thread

        box = self._camera.bounds()
        total, by_class = count_parts(self._store, box, self._want, self._states)
        near = self._camera.m_per_px <= LINES_FROM
        kinds = pipe_kinds(self._store, box) if near else ()
        self._arrivals.tell_count(self._serial, total, Tallied(by_class, kinds))
