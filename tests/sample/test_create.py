"""A sample city is whole or not there, alive, and the same for the same seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.data.bulk import empty_tables
from app.data.city_folder import open_city
from app.domain.errors import InvalidInput, StorageFailure
from app.sample import tiny
from app.sample.create import MadeMap, Plan, create_sample_city
from app.services.changes import CaseRow
from app.services.views import CaseQuery

NOW_MS = 1_790_130_600_000


def make_map(_scale: str, _seed: int, _code: str, _progress: Any) -> MadeMap:
    tables = empty_tables() | {"area": [tiny._areas()], "place": [tiny._places()]}
    record = [{"name": "parts", "value": 0.0, "wanted": 0.0, "unit": "", "date": "2026-11-23"}]
    return MadeMap("小城", 121.5, 31.2, tables, {"parts": 0.0}, record)


def plan(**options: Any) -> Plan:
    usual: dict[str, Any] = {"build_store": lambda *_: None, "now_ms": NOW_MS, "closed": 300}
    return Plan("sample", 1, "3101", make_map, **{**usual, **options})


def rows(folder: Path | str, tab: str) -> tuple[CaseRow, ...]:
    city = open_city(folder)
    try:
        with city.begin(write=False) as uow:
            return uow.cases.page(CaseQuery(tab=tab, now_ms=NOW_MS, limit=1000)).rows
    finally:
        city.close()


@pytest.fixture
def made(tmp_path: Path) -> Path:
    summary = create_sample_city(tmp_path / "city", plan(), lambda _stage, _share: None)
    assert summary["closed_cases"] == 300
    return tmp_path / "city"


def test_that_totals_are_kept_with_their_date(made: Path) -> None:
    city = open_city(made)
    try:
        assert city.facts.totals == {"parts": 0.0}
        assert [(one["name"], one["date"]) for one in city.totals()] == [("parts", "2026-11-23")]
    finally:
        city.close()


def test_that_closed_cases_lie_in_the_three_months_before(made: Path) -> None:
    closed = rows(made, "closed")
    assert len(closed) == 300
    day_ms = 86_400_000
    for row in closed:
        assert NOW_MS - 94 * day_ms < row.reported_ms < NOW_MS
        assert row.closed_ms is not None
        assert row.reported_ms < row.closed_ms <= NOW_MS
        assert row.sample
        assert row.person_name
        assert row.title
    assert len({row.number for row in closed}) == 300


def test_that_open_cases_stand_in_every_step(made: Path) -> None:
    opened = rows(made, "open")
    assert len(opened) >= 40
    assert {row.step for row in opened} == {
        "reported", "filed", "dispatched", "signed", "handled", "checked",
    }  # fmt: skip
    assert any(row.returned for row in opened)
    assert any(row.reworked for row in opened)
    assert any(row.auto for row in opened)
    assert all(NOW_MS - 2 * 86_400_000 < row.reported_ms <= NOW_MS for row in opened)


def test_that_the_same_seed_makes_the_same_cases(made: Path, tmp_path: Path) -> None:
    create_sample_city(tmp_path / "again", plan(), lambda _stage, _share: None)
    first, second = rows(made, "closed"), rows(tmp_path / "again", "closed")
    assert first == second
    one, two = rows(made, "open"), rows(tmp_path / "again", "open")
    assert [(r.uid, r.step, r.title) for r in one] == [(r.uid, r.step, r.title) for r in two]


def test_that_a_failure_leaves_no_trace(tmp_path: Path) -> None:
    def fail(*_: Any) -> None:
        raise StorageFailure("The disk is full.")

    with pytest.raises(StorageFailure):
        create_sample_city(tmp_path / "city", plan(build_store=fail), lambda *_: None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stage", ["area", "people", "history", "open cases"])
def test_that_ctrl_c_leaves_no_trace(tmp_path: Path, stage: str) -> None:
    def stop(name: str, _share: float) -> None:
        if name == stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create_sample_city(tmp_path / "city", plan(), stop)
    assert list(tmp_path.iterdir()) == []


def test_that_what_is_there_is_not_touched(made: Path) -> None:
    before = (made / "log.db").read_bytes()
    with pytest.raises(InvalidInput, match="not touched"):
        create_sample_city(made, plan(), lambda *_: None)
    assert (made / "log.db").read_bytes() == before


def test_that_what_a_killed_build_left_is_cleared(tmp_path: Path) -> None:
    dead, alive = tmp_path / ".city.999999999.part", tmp_path / ".city.1.part"
    for draft in (dead, alive):
        (draft / "keys").mkdir(parents=True)
    create_sample_city(tmp_path / "city", plan(), lambda *_: None)
    assert sorted(one.name for one in tmp_path.iterdir()) == [".city.1.part", "city"]


def test_that_a_city_is_made_on_a_server_and_a_failure_leaves_it_empty(postgres_url: str) -> None:
    def fail(*_: Any) -> None:
        raise StorageFailure("The disk is full.")

    with pytest.raises(StorageFailure):
        create_sample_city(postgres_url, plan(build_store=fail), lambda *_: None)
    summary = create_sample_city(postgres_url, plan(), lambda *_: None)
    assert (summary["closed_cases"], summary["place"]) == (300, 4)
    assert len(rows(postgres_url, "closed")) == 300
    with pytest.raises(InvalidInput):
        create_sample_city(postgres_url, plan(), lambda *_: None)
    assert len(rows(postgres_url, "closed")) == 300
