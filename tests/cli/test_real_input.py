"""The main job on real input: real streets, real addresses, real citizens' words."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from app.cli.application import build
from app.main import wiring

pytestmark = pytest.mark.shared_data
MESSAGES = 40
ANY_MATTER = "P0114"  # where the words name none, a person chooses


@pytest.fixture(scope="session")
def real_city(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Path:
    """A city on the 119 real street polygons, with real hospitals as places."""
    city = tmp_path_factory.mktemp("real") / "city"
    source = shared_data / "shanghai"
    _run("city", "new", str(city), "--scale", "empty")
    for name in ("districts.geojson", "streets_osm.geojson"):
        _run("import", "areas", str(source / name), "--into", str(city))
    _run("city", "complete", str(city))
    _run("import", "places", str(source / "poi_hospital.csv"), "--crs", "EPSG:4326", "--into",
         str(city))  # fmt: skip
    return city


def _run(*argv: str) -> dict[str, Any]:
    done = CliRunner().invoke(build(wiring()), [*argv, "--json"])
    assert done.exit_code == 0, (argv, done.stderr, done.exception)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.fixture
def cli(real_city: Path) -> Callable[..., tuple[int, Any]]:
    app = build(wiring())

    def run(*argv: str) -> tuple[int, Any]:
        done = CliRunner().invoke(app, [*argv, "--city", str(real_city), "--json"])
        return done.exit_code, json.loads(done.stdout)

    return run


def _messages(shared_data: Path) -> list[str]:
    book = openpyxl.load_workbook(
        shared_data / "complaints" / "messages_7_classes.xlsx", read_only=True
    )
    rows = book.worksheets[0].iter_rows(min_row=2, values_only=True)
    found = [" ".join(f"{row[2]}。{row[4]}".split())[:2000] for row in rows if row[4]]
    book.close()
    return found[:MESSAGES]


def _addresses(shared_data: Path) -> list[tuple[str, str, str]]:
    with (shared_data / "shanghai" / "poi_hospital.csv").open(encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["adname"] in ("黄浦区", "静安区")]
    return [(row["lon"], row["lat"], row["address"]) for row in rows[: MESSAGES * 3]]


def test_that_a_second_import_adds_nothing(real_city: Path, shared_data: Path) -> None:
    source = shared_data / "shanghai" / "streets_osm.geojson"
    again = _run("import", "areas", str(source), "--into", str(real_city))
    assert (again["rows"], again["added"], again["refused"]) == (119, 0, 0)


def test_that_completing_twice_adds_nothing(real_city: Path) -> None:
    again = _run("city", "complete", str(real_city))
    assert (again["grids"], again["units"]) == (0, 0)


def test_that_forty_real_messages_go_the_whole_way(cli: Any, shared_data: Path) -> None:
    places = iter(_addresses(shared_data))
    for words in _messages(shared_data):
        lon, lat, address = next(places)
        code, case = cli(
            "case", "report", "--words", words, "--lon", lon, "--lat", lat, "--address", address
        )
        assert code == 0, case
        assert case["street"], (lon, lat)
        if not case["auto"]:
            _by_hand(cli, case)
        _to_the_close(cli, case["receipt"])
    assert cli("case", "list", "--tab", "closed", "--limit", "100")[1]["total"] >= MESSAGES


def _by_hand(cli: Any, case: Any) -> None:
    code, _ = cli("case", "act", case["receipt"], "accept")
    if code == 0:
        return
    assert code == 4
    assert cli("case", "act", case["receipt"], "file", "--matter", ANY_MATTER)[0] == 0
    assert cli("case", "act", case["receipt"], "dispatch")[0] == 0


def _to_the_close(cli: Any, case: str) -> None:
    for move, options in (
        ("sign", ()), ("handle", ("--note", "已到现场处理")), ("pass", ()), ("close", ()),
    ):  # fmt: skip
        code, told = cli("case", "act", case, move, *options)
        assert code == 0, (case, move, told)
    assert told["step"] == "closed"
