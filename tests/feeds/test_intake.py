"""What comes in by itself is stored before it is shown, and others can follow it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from app.data.positions import PositionFile
from app.data.sign_log import SignLog
from app.domain.errors import StorageFailure
from app.feeds.follow import Follower
from app.feeds.intake import Intake
from app.runtime.batches import PositionBatch, ReadingBatch
from app.services.changes import Changes, SignRow, UnitRow

NOW_MS = 1_790_000_000_000


def readings(value: float) -> ReadingBatch:
    return ReadingBatch(
        ("pm25",), ("310000",), np.zeros(1, "u2"), np.zeros(1, "u2"), np.array([value]),
        np.array([NOW_MS], "i8"), "test",
    )  # fmt: skip


def unit(number: int, lon: float) -> UnitRow:
    return UnitRow(UUID(int=number), f"巡查 {number}", "patrol", lon, 31.2, 90.0, NOW_MS)


class Board:
    """Remembers what it was given."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def take(self, batches: Sequence[ReadingBatch]) -> tuple[SignRow, ...]:
        self.values += [float(one.value[0]) for one in batches]
        return ()


def test_that_batches_become_one_changes_with_the_last_place_of_each_unit(tmp_path: Path) -> None:
    board = Board()
    intake = Intake(SignLog(tmp_path), board, PositionFile(tmp_path), lambda: NOW_MS)
    first, second = (
        PositionBatch((unit(1, 121.0), unit(2, 121.1))),
        PositionBatch((unit(1, 121.5),)),
    )
    changes = intake([readings(1), first, readings(2), second])
    assert changes.readings == 2
    assert board.values == [1, 2]
    assert [(row.uid.int, row.lon) for row in changes.units] == [(1, 121.5), (2, 121.1)]


def test_that_what_cannot_be_stored_is_not_shown_and_waits(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    board = Board()
    intake = Intake(SignLog(tmp_path / "file"), board, PositionFile(tmp_path), lambda: NOW_MS)
    with pytest.raises(StorageFailure):
        intake([readings(1)])
    assert board.values == []
    (tmp_path / "file").unlink()
    assert intake([readings(2)]).readings == 2
    assert board.values == [1, 2]
    assert intake([]).readings == 0


def test_that_another_process_sees_what_was_stored(tmp_path: Path) -> None:
    board, heard = Board(), list[Changes]()
    follower = Follower(
        SignLog(tmp_path), PositionFile(tmp_path), board, heard.append, lambda: False
    )
    follower()
    assert heard == []
    intake = Intake(SignLog(tmp_path), Board(), PositionFile(tmp_path), lambda: NOW_MS)
    intake([readings(7), PositionBatch((unit(1, 121.0),))])
    follower()
    follower()
    assert board.values == [7]
    assert [(one.readings, len(one.units)) for one in heard] == [(1, 1)]


def test_that_who_stores_does_not_follow_itself(tmp_path: Path) -> None:
    heard: list[Any] = []
    log, positions = SignLog(tmp_path), PositionFile(tmp_path)
    follower = Follower(log, positions, Board(), heard.append, lambda: True)
    Intake(log, Board(), positions, lambda: NOW_MS)([readings(7)])
    follower()
    assert heard == []
