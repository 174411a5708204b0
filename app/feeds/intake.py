"""Takes batches off the queue: readings are stored, then judged; positions become rows.

Only what is stored is shown, so that no screen ever shows a reading that a crash could lose.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from app.runtime.batches import Batch, PositionBatch, ReadingBatch
from app.services.changes import Changes, SignRow, UnitRow
from app.services.ports import NowMs


class ReadingStore(Protocol):
    """Where readings are kept."""

    def append(self, batches: Sequence[ReadingBatch], now_ms: int) -> int: ...


class PositionStore(Protocol):
    """Where the last positions are left for those who watch from another process."""

    def put(self, units: Sequence[UnitRow]) -> None: ...


class Board(Protocol):
    """Judges readings."""

    def take(self, batches: Sequence[ReadingBatch]) -> tuple[SignRow, ...]: ...


class Intake:
    """Turns batches into one `Changes`. Used on the batch lane's thread."""

    def __init__(
        self, store: ReadingStore, board: Board, positions: PositionStore, now_ms: NowMs
    ) -> None:
        self._store = store
        self._board = board
        self._positions = positions
        self._now_ms = now_ms

    def __call__(self, batches: Sequence[Batch]) -> Changes:
        """Store, judge and return what changed; raises what the store raises, showing nothing."""
        readings = [one for one in batches if isinstance(one, ReadingBatch)]
        units: dict[object, UnitRow] = {}
        for batch in batches:
            if isinstance(batch, PositionBatch):
                units.update((unit.uid, unit) for unit in batch.units)
        stored = self._store.append(readings, self._now_ms())
        if units:
            self._positions.put(tuple(units.values()))
        return Changes(
            readings=stored, signs=self._board.take(readings), units=tuple(units.values())
        )
