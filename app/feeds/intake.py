"""Takes batches off the queue: readings are stored, then judged; positions become rows.

Only what is stored is shown, so that no screen ever shows a reading that a crash could lose. What
could not be stored (a server that is away, a full disk) waits in memory for the next try.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from app.runtime.batches import Batch, PositionBatch, ReadingBatch
from app.services.changes import Changes, SignRow, UnitRow
from app.services.ports import NowMs

MOST_WAITING = 2_000  # of at most 500 readings each: some 20 MB


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
        self._waiting: list[ReadingBatch] = []

    def __call__(self, batches: Sequence[Batch]) -> Changes:
        """Store, judge and return what changed; raises what the store raises, showing nothing.

        The newest `MOST_WAITING` batches of readings that were not stored come with the next.
        """
        new = [one for one in batches if isinstance(one, ReadingBatch)]
        readings = self._waiting = [*self._waiting, *new][-MOST_WAITING:]
        units: dict[object, UnitRow] = {}
        for batch in batches:
            if isinstance(batch, PositionBatch):
                units.update((unit.uid, unit) for unit in batch.units)
        stored = self._store.append(readings, self._now_ms())
        self._waiting = []
        if units:
            self._positions.put(tuple(units.values()))
        return Changes(
            readings=stored, signs=self._board.take(readings), units=tuple(units.values())
        )
