"""`city show` tells what a city is, what it was promised to be, and how many live where."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from app.cli.application import build
from app.data.bulk import empty_tables, write_map
from app.data.map_schema import LAYERS
from app.main import wiring
from app.sample.tiny import _areas, create_tiny_city, tiny_uid

Show = Callable[..., SimpleNamespace]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "city"
    city = create_tiny_city(folder)
    city.keep_totals(
        [{"name": "people", "value": 40, "wanted": 40, "unit": "count", "date": "2020-12-31"}]
    )
    city.close()
    write_map(
        folder / "map.gpkg", empty_tables() | {"area": [_areas()], "aggregate": [_counts()]},
        lambda _name, _share: None,
    )  # fmt: skip
    return folder


def _counts() -> pa.RecordBatch:
    rows = [
        {"uid": tiny_uid(9, n).bytes, "area_uid": tiny_uid(kind, 0).bytes, "tier": tier,
         "code": code, "measure": "people", "as_of": "2020-12-31", "value": value,
         "masked": int(value is None), "sample": 1}
        for n, (kind, tier, code, value) in enumerate(
            [(0, "city", "310100", 40), (3, "grid", "310101001001001", None)]
        )
    ]  # fmt: skip
    return pa.RecordBatch.from_pylist(rows, schema=LAYERS["aggregate"].schema)


@pytest.fixture
def show(place: Path) -> Show:
    app = build(wiring())

    def run(*more: str) -> Any:
        return CliRunner().invoke(app, ["city", "show", "--city", str(place), *more])

    return run


def test_that_facts_totals_and_counts_are_shown(show: Show) -> None:
    said = json.loads(show("--json").stdout)
    assert said["facts"]["code"] == "3101"
    assert said["totals"][0]["wanted"] == 40
    assert said["area"]["counts"] == [
        {"name": "people", "value": 40, "masked": False, "date": "2020-12-31"}
    ]


def test_that_a_masked_count_says_so_and_gives_no_figure(show: Show) -> None:
    answer = show("--area", "310101001001001", "--lang", "en")
    assert "People\tmasked\t2020-12-31" in answer.stdout
    counts = json.loads(show("--area", "310101001001001", "--json").stdout)["area"]["counts"]
    assert counts[0]["value"] is None
    assert counts[0]["masked"] is True


def test_that_words_are_in_the_language_asked_for(show: Show) -> None:
    assert "人口\t40\t40" in show().stdout
    assert "People\t40\t40" in show("--lang", "en").stdout
    assert "示意" in show().stdout


def test_that_an_unknown_code_is_refused_by_name(show: Show) -> None:
    answer = show("--area", "999", "--json")
    assert answer.exit_code == 3
    assert json.loads(answer.stdout)["field"] == "area"


def test_that_a_map_from_before_there_were_counts_shows_none(place: Path, show: Show) -> None:
    from sqlcipher3 import dbapi2

    connection = dbapi2.connect(str(place / "map.gpkg"))
    connection.execute("DROP TABLE aggregate")
    connection.close()
    assert json.loads(show("--json").stdout)["area"]["counts"] == []
