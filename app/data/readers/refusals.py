"""Rows refused while a chunk is turned into a batch: the first reason of each counts."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.data.readers.chunks import Reject, shortened

Bools = NDArray[np.bool_]


class Values(Protocol):
    """Anything that shows a row's value by its position."""

    def __getitem__(self, at: Any, /) -> object: ...


class Refusals:
    """Which rows of one chunk are out, and why."""

    def __init__(self, rows: NDArray[np.int64]) -> None:
        self._rows = rows
        self.out: Bools = np.zeros(len(rows), dtype=np.bool_)
        self.rejects: list[Reject] = []

    def refuse(self, bad: Bools, field: str, values: Values, reason: str, mend: str) -> None:
        """Set aside the rows where `bad`, unless they are out already."""
        for at in np.flatnonzero(bad & ~self.out):
            value = shortened(values[at])
            self.rejects.append(Reject(int(self._rows[at]), field, value, reason, mend))
        self.out |= bad
