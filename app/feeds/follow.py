"""Follows the readings and positions that another process stores for the same city."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from app.feeds.intake import Board
from app.runtime.batches import ReadingBatch
from app.services.changes import Changes, UnitRow

Place = TypeVar("Place")


class ReadingTail(Protocol[Place]):
    """Readings on disk, read on from a place."""

    def end(self) -> Place: ...

    def since(self, place: Place) -> tuple[Sequence[ReadingBatch], Place]: ...


class PositionTail(Protocol):
    """The last positions, None if they did not change since the last look."""

    def changed(self) -> tuple[UnitRow, ...] | None: ...


class Follower:
    """Publishes what is new, at each call. `playing` says that this process writes itself."""

    def __init__(
        self,
        log: ReadingTail[Place],
        positions: PositionTail,
        board: Board,
        publish: Callable[[Changes], None],
        playing: Callable[[], bool],
    ) -> None:
        self._look = _looker(log)
        self._positions = positions
        self._board = board
        self._publish = publish
        self._playing = playing

    def __call__(self) -> None:
        """Publish readings and positions that came since the last call."""
        batches = self._look()
        units = self._positions.changed() or ()
        if self._playing() or not (batches or units):
            return
        signs = self._board.take(batches)
        readings = sum(len(batch) for batch in batches)
        self._publish(Changes(signs=signs, units=units, readings=readings))


def _looker(log: ReadingTail[Place]) -> Callable[[], Sequence[ReadingBatch]]:
    place = [log.end()]

    def look() -> Sequence[ReadingBatch]:
        batches, place[0] = log.since(place[0])
        return batches

    return look
