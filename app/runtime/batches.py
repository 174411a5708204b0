"""Batches: what feeds put on the queue. Columns, not objects; nothing here judges or stores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.services.changes import UnitRow


@dataclass(frozen=True)
class ReadingBatch:
    """Readings 读数 of one source, as columns of one length n.

    Attributes:
        signs: codes of signs; `sign` holds indices into it.
        areas: codes of areas; `area` holds indices into it.
        sign: uint16, shape (n,).
        area: uint16, shape (n,).
        value: float64, shape (n,), in the sign's unit; NaN says that the source had none.
        at_ms: int64, shape (n,), Unix ms of the measurement, UTC.
        source: who measured, such as `simulated`.
    """

    signs: tuple[str, ...]
    areas: tuple[str, ...]
    sign: NDArray[np.uint16]
    area: NDArray[np.uint16]
    value: NDArray[np.float64]
    at_ms: NDArray[np.int64]
    source: str

    def __len__(self) -> int:
        """How many readings it holds."""
        return len(self.value)


@dataclass(frozen=True)
class PositionBatch:
    """Where live units 动态力量 are now."""

    units: tuple[UnitRow, ...]


Batch = ReadingBatch | PositionBatch
