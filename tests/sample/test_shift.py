"""The simulated shift plays by real commands and repeats itself to the letter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.assembly.live import build_core, load_signs
from app.sample.shift import Shift
from app.sample.tiny import create_tiny_city
from app.services.changes import Changes
from app.services.questions import ListCases
from app.services.views import CaseQuery

START_MS = 1_790_130_600_000  # 2026-09-23, a working day


class Clock:
    """A clock that goes on only when told."""

    def __init__(self) -> None:
        self.ms = START_MS

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Callable[..., tuple[Any, dict[str, int], list[Changes]]]]:
    cores: list[Any] = []

    def run(name: str, beats: int = 45, seed: int = 1) -> Any:
        folder = tmp_path / name
        create_tiny_city(folder).close()
        clock, heard = Clock(), list[Changes]()
        live = build_core(str(folder), now_ms=clock)
        cores.append(live.core)
        live.core.subscribe(heard.append)
        shift = Shift(live.core, folder, load_signs(), seed=seed, speed=300, reports_an_hour=12)
        for _ in range(beats):
            clock.ms += 1000
            shift.beat()
            assert live.core.drain()
        shift.close()
        return live.core, shift.summary(), heard

    yield run
    for core in cores:
        core.close()


def test_that_cases_go_the_whole_way(play: Any) -> None:
    core, counts, _ = play("city")
    assert counts["reported"] >= 25
    assert 0 < counts["dispatched_auto"] < counts["reported"]
    assert counts["dispatched_hand"] > 0
    assert 0 < counts["closed"] <= counts["checked"] <= counts["handled"] + counts["reworked"]
    closed = core.ask(ListCases(CaseQuery(tab="closed", now_ms=core.now_ms))).result()
    assert closed.total == counts["closed"]
    assert all(row.sample for row in closed.rows)
    assert counts["missed"] == 0


def test_that_the_same_seed_gives_the_same_shift(play: Any) -> None:
    _, first, _ = play("first", beats=15)
    _, again, _ = play("again", beats=15)
    _, other, _ = play("other", beats=15, seed=2)
    assert first == again
    assert first != other


def test_that_every_reading_is_stored_and_shown(play: Any) -> None:
    _, counts, heard = play("city", beats=5)
    districts = 2
    assert counts["readings"] == 5 * len(load_signs()) * (1 + districts)
    assert sum(one.readings for one in heard) == counts["readings"]
    rows = [row for one in heard for row in one.signs]
    assert {row.source for row in rows} == {"simulated"}
    assert {row.area for row in rows} == {"310100", "310101", "310104"}


def test_that_units_move_along_and_stay_in_the_city(play: Any) -> None:
    _, _, heard = play("city", beats=3)
    places = [one.units for one in heard if one.units]
    assert len(places[0]) == 60
    assert places[0][0].lon != places[-1][0].lon
    assert all(121.4 <= unit.lon <= 121.6 and 31.1 <= unit.lat <= 31.3 for unit in places[-1])


def test_that_a_new_window_is_told_signs_and_units_as_they_stand(play: Any) -> None:
    core, _, heard = play("city", beats=2)
    late: list[Changes] = []
    core.subscribe(late.append)
    assert len(late) == 1
    last = [one for one in heard if one.units][-1]
    assert {unit.uid: unit for unit in late[0].units} == {unit.uid: unit for unit in last.units}
    assert {(row.code, row.at_ms) for row in late[0].signs} >= {
        (row.code, row.at_ms) for row in last.signs
    }
