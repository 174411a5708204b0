"""What a city holds can be written out, and taken in again without doubling."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.data.city_folder import open_city
from app.data.exporting import EVERYTHING, export_city
from app.data.importing import ImportRequest, import_source
from app.data.selection import Selection, UidSet
from app.domain.errors import InvalidInput, NotAllowed, NotFound
from app.domain.people import Role
from app.sample.tiny import create_tiny_city
from app.sample.tiny import desk_person as person
from app.services.bus import handle
from app.services.commands import Actor, ReportCase

NOW_MS = 1_790_130_600_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    city = create_tiny_city(tmp_path / "city")
    actor = Actor(person(Role.INTAKE), Role.INTAKE)
    handle(ReportCase(actor, "路灯不亮", 121.42, 31.13, "汾阳路150号"), city, NOW_MS)  # type: ignore[arg-type]
    city.close()
    return tmp_path / "city"


def export(folder: Path, kind: str, out: Path, wanted: Selection = EVERYTHING) -> int:
    city = open_city(folder)
    try:
        return int(export_city(city, kind, out, lambda _stage, _share: None, wanted)["rows"])
    finally:
        city.close()


def test_that_cases_go_out_with_names_and_times(folder: Path, tmp_path: Path) -> None:
    assert export(folder, "cases", tmp_path / "cases.csv") == 1
    with (tmp_path / "cases.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["district"], row["matter3"]) == ("黄浦区", "路灯")
    assert row["reported_at"].startswith("2026-09-2")
    assert (row["words"], row["address"]) == ("", "")


def test_that_words_go_out_only_to_who_leads_a_shift_and_that_it_is_signed(
    folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "cases.csv"
    with pytest.raises(NotFound):
        export(folder, "cases", out, Selection(personal=True))
    with pytest.raises(NotAllowed):
        export(folder, "cases", out, Selection(personal=True, person=str(person(Role.INTAKE))))
    assert not out.exists()
    leader = person(Role.SHIFT_LEAD)
    assert export(folder, "cases", out, Selection(personal=True, person=str(leader))) == 1
    with out.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["words"], row["address"]) == ("路灯不亮", "汾阳路150号")
    city = open_city(folder)
    with city.begin(write=False) as uow:
        (signed,) = uow.actions.of_kind("export")
        assert signed.action.body["person"] == leader.hex
    city.close()


def test_that_an_area_its_classes_and_uids_can_be_chosen(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "places.geojson"
    everything = export(folder, "places", out)
    uids = [one["properties"]["uid"] for one in json.loads(out.read_text("utf-8"))["features"]]
    assert export(folder, "places", out, Selection(ids=UidSet.of([UUID(uids[0])]))) == 1
    assert export(folder, "places", out, Selection(area="310100")) == everything
    assert export(folder, "areas", out, Selection(area="310101")) < 15
    with pytest.raises(NotFound):
        export(folder, "places", out, Selection(area="999"))
    with pytest.raises(InvalidInput):
        export(folder, "parts", out, Selection(classes=("dream",)))


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


@settings(max_examples=60, deadline=None)
@given(st.lists(st.uuids()), st.lists(st.uuids()), st.integers(0, 2))
def test_that_a_set_of_uids_holds_just_its_own(own: list[UUID], others: list[UUID], like: int):
    near = [UUID(bytes=one.bytes[8:] + one.bytes[8:]) for one in own[:like]]  # the same later half
    wanted = UidSet.of([*own, *near, *own])
    asked = [*own, *near, *others]
    rows = np.frombuffer(b"".join(one.bytes for one in asked), np.uint8).reshape(-1, 16)
    assert len(wanted) == len({*own, *near})
    assert wanted.holds(rows).tolist() == [one in {*own, *near} for one in asked]
