"""Readings are durable once appended; a torn end is cut, nothing before it is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.data.engine import postgres_engine
from app.data.postgis_signs import PostgresSignLog
from app.data.sign_log import Place, ReadingLog, SignLog
from app.domain.errors import StorageFailure
from app.runtime.batches import ReadingBatch

DAY_MS = 86_400_000
NOW_MS = 20_000 * DAY_MS


def batch(*values: float) -> ReadingBatch:
    n = len(values)
    return ReadingBatch(
        ("pm25", "noise"), ("310000", "310104"), np.arange(n, dtype="u2") % 2,
        np.zeros(n, "u2"), np.array(values), np.full(n, NOW_MS, "i8"), "test",
    )  # fmt: skip


def values(log: ReadingLog, day: str) -> list[float]:
    return [float(v) for one in log.read(day) for v in one.value]


@pytest.fixture(params=["folder", pytest.param("postgres", marks=pytest.mark.postgres)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], ReadingLog]]:
    """Open the readings of one city anew, as another process would; both kinds promise alike."""
    if request.param == "folder":
        yield lambda: SignLog(tmp_path)
        return
    engine = postgres_engine(request.getfixturevalue("remote_city"))
    with engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE reading_block")
    yield lambda: PostgresSignLog(engine, "test")
    engine.dispose()


def test_that_what_was_appended_is_read_back(opened: Callable[[], ReadingLog]) -> None:
    assert opened().append([batch(1.5, 2.5), batch(3.5)], NOW_MS) == 3
    log = opened()
    first = next(iter(log.read(log.days()[0])))
    assert values(log, log.days()[0]) == [1.5, 2.5, 3.5]
    assert (first.signs, first.areas, first.source) == (
        ("pm25", "noise"), ("310000", "310104"), "test",
    )  # fmt: skip
    assert first.sign.tolist() == [0, 1]


def test_that_days_are_kept_apart(opened: Callable[[], ReadingLog]) -> None:
    log = opened()
    log.append([batch(1)], NOW_MS)
    log.append([batch(2)], NOW_MS + DAY_MS)
    assert len(log.days()) == 2
    assert values(log, log.days()[1]) == [2]
    assert log.append([], NOW_MS) == 0


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_that_a_torn_end_is_cut_and_the_rest_stays(tmp_path: Path, cut: int) -> None:
    log = SignLog(tmp_path)
    log.append([batch(1)], NOW_MS)
    log.append([batch(2)], NOW_MS)
    path = next(tmp_path.glob("*.log"))
    path.write_bytes(path.read_bytes()[:-cut])
    assert values(SignLog(tmp_path), path.stem) == [1]
    SignLog(tmp_path).append([batch(3)], NOW_MS)
    assert values(SignLog(tmp_path), path.stem) == [1, 3]


def test_that_an_altered_block_is_not_read(tmp_path: Path) -> None:
    log = SignLog(tmp_path)
    log.append([batch(1)], NOW_MS)
    path = next(tmp_path.glob("*.log"))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert values(SignLog(tmp_path), path.stem) == []


def test_that_a_watcher_sees_only_what_is_new(opened: Callable[[], ReadingLog]) -> None:
    writer, reader = opened(), opened()
    assert reader.end() == Place()
    writer.append([batch(1)], NOW_MS)
    place = reader.end()
    assert reader.since(place) == ([], place)
    writer.append([batch(2)], NOW_MS)
    writer.append([batch(3)], NOW_MS + DAY_MS)
    found, place = reader.since(place)
    assert [float(one.value[0]) for one in found] == [2, 3]
    assert reader.since(place) == ([], place)


def test_that_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "signs").write_text("in the way")
    with pytest.raises(StorageFailure):
        SignLog(tmp_path / "signs").append([batch(1)], NOW_MS)


def test_that_the_last_batches_are_found_without_reading_all(
    opened: Callable[[], ReadingLog],
) -> None:
    log = opened()
    assert log.recent(2) == []
    for value in (1, 2, 3):
        log.append([batch(value)], NOW_MS)
    assert [float(one.value[0]) for one in log.recent(2)] == [2, 3]
    assert len(log.recent(10)) == 3


def test_that_an_altered_row_on_the_server_is_passed_over(remote_city: str) -> None:
    engine = postgres_engine(remote_city)
    log = PostgresSignLog(engine, "test")
    place = log.end()
    log.append([batch(1), batch(2)], NOW_MS)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE reading_block SET data = set_byte(data, 20, get_byte(data, 20) # 1) "
            "WHERE id = (SELECT max(id) FROM reading_block)"
        )
    assert [float(one.value[0]) for one in log.since(place)[0]] == [1]
    engine.dispose()


def test_that_readings_lie_in_a_part_of_the_table_for_each_month(remote_city: str) -> None:
    engine = postgres_engine(remote_city)
    log = PostgresSignLog(engine, "test")
    log.append([batch(1)], NOW_MS)
    log.append([batch(1)], NOW_MS + 40 * DAY_MS)
    with engine.connect() as connection:
        parts = connection.exec_driver_sql(
            "SELECT count(*) FROM pg_inherits WHERE inhparent = 'reading_block'::regclass"
        ).scalar()
    assert parts >= 2
    engine.dispose()
