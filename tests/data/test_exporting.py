"""What a city holds can be written out, and taken in again without doubling."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from app.data.city_folder import open_city
from app.data.exporting import export_city
from app.data.importing import ImportRequest, import_source
from app.domain.errors import InvalidInput
from app.domain.people import Role
from app.sample.tiny import create_tiny_city, desk_person
from app.services.bus import handle
from app.services.commands import Actor, ReportCase

NOW_MS = 1_790_130_600_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    city = create_tiny_city(tmp_path / "city")
    actor = Actor(desk_person(Role.INTAKE), Role.INTAKE)
    handle(ReportCase(actor, "路灯不亮", 121.42, 31.13, "汾阳路150号"), city, NOW_MS)  # type: ignore[arg-type]
    city.close()
    return tmp_path / "city"


def export(folder: Path, kind: str, out: Path) -> int:
    city = open_city(folder)
    try:
        return int(export_city(city, kind, out, lambda _stage, _share: None)["rows"])
    finally:
        city.close()


def test_that_cases_go_out_with_names_and_times(folder: Path, tmp_path: Path) -> None:
    assert export(folder, "cases", tmp_path / "cases.csv") == 1
    with (tmp_path / "cases.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["district"], row["matter3"], row["words"]) == ("黄浦区", "路灯", "路灯不亮")
    assert row["reported_at"].startswith("2026-09-2")


@pytest.mark.parametrize(("kind", "rows"), [("areas", 15), ("places", 4), ("parts", 0)])
def test_that_layers_go_out_as_geojson(folder: Path, tmp_path: Path, kind: str, rows: int) -> None:
    out = tmp_path / f"{kind}.geojson"
    assert export(folder, kind, out) == rows
    assert len(json.loads(out.read_text("utf-8"))["features"]) == rows


def test_that_an_export_taken_in_again_adds_nothing(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "places.csv"
    export(folder, "places", out)
    city = open_city(folder)
    try:
        summary = import_source(
            city, ImportRequest("places", out, "EPSG:4326"), lambda _stage, _share: None
        )
    finally:
        city.close()
    assert (summary["rows"], summary["added"], summary["refused"]) == (4, 0, 0)


@pytest.mark.parametrize(("kind", "name"), [("moods", "x.csv"), ("cases", "x.doc")])
def test_that_what_cannot_be_exported_is_told(
    folder: Path, tmp_path: Path, kind: str, name: str
) -> None:
    with pytest.raises(InvalidInput):
        export(folder, kind, tmp_path / name)
    assert not (tmp_path / name).exists()
