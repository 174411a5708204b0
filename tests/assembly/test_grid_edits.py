"""A grid split or merged, a road or building imported, shows at once and is folded in later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.assembly.live import open_core
from app.assembly.stores import build_store, open_store
from app.data.importing import ImportRequest, import_source
from app.domain.identity import new_uid
from app.domain.map_columns import AREA_TIERS
from app.engines.citystore import CityStore, verify_store
from app.engines.citystore.fold import fold
from app.runtime.core import Core
from app.sample.tiny import create_tiny_city, desk_person, tiny_uid
from app.services.commands import Actor, MergeGrids, SplitGrid, UndoGrids

LEAD = Actor(desk_person("shift_lead"), "shift_lead")  # type: ignore[arg-type]  # a StrEnum
GRID = tiny_uid(3, 0)
CUT = ((121.425, 31.05), (121.425, 31.25))


def quiet(_stage: str, _share: float) -> None:
    return


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[Core, CityStore]]:
    folder = tmp_path / "city"
    create_tiny_city(folder).close()
    core = open_core(str(folder), watch=True)
    build_store(folder, core.facts, quiet)
    yield core, open_store(folder, core.facts, quiet)
    core.close()


def grids_at(store: CityStore, lon: float, lat: float) -> list[str]:
    """Return the codes of grids drawn at a place."""
    x, y = (float(v) for v in store.frame.to_xy(lon, lat))
    areas = store.shapes["area"]
    mine = areas.live[areas.kind[areas.live] == AREA_TIERS.index("grid")]
    at = (x - store.origin[0], y - store.origin[1])
    return [areas.text("code", int(row)) for row in mine if areas.is_inside(int(row), *at)]


def feature(geometry: object, properties: object) -> object:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def imported(core: Core, path: Path, kind: str, feature: object) -> None:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    request = ImportRequest(kind, path)

    def job(city: Any) -> dict[str, Any]:
        return import_source(city, request, quiet)

    summary = core.with_city(job).result()
    assert summary["added"] == 1, summary


def test_that_a_split_and_a_merge_show_at_once_and_outlive_the_fold(
    opened: tuple[Core, CityStore],
) -> None:
    core, store = opened
    folder = store.folder
    made = (folder / "manifest.json").stat().st_mtime_ns
    (whole,) = grids_at(store, 121.42, 31.12)
    split = core.submit(SplitGrid(LEAD, GRID, CUT)).result()
    assert split.map_changed
    store.live.follow()
    (west,), (east,) = grids_at(store, 121.42, 31.12), grids_at(store, 121.43, 31.12)
    assert len({whole, west, east}) == 3
    again = open_store(folder.parent, core.facts, quiet)
    assert (folder / "manifest.json").stat().st_mtime_ns == made  # not built anew
    assert grids_at(again, 121.42, 31.12) == [west]
    assert fold(folder) == 1
    verify_store(folder)
    folded = open_store(folder.parent, core.facts, quiet)
    assert not folded.live.features
    assert grids_at(folded, 121.42, 31.12) == [west]
    assert grids_at(folded, 121.43, 31.12) == [east]
    core.submit(UndoGrids(LEAD)).result()
    folded.live.follow()
    assert grids_at(folded, 121.42, 31.12) == grids_at(folded, 121.43, 31.12) == [whole]
    uids = [core.with_city(lambda city, c=c: city.edits.grid(c)[0]).result()  # type: ignore[misc]
            for c in (whole, grids_at(folded, 121.47, 31.12)[0])]  # fmt: skip
    core.submit(MergeGrids(LEAD, tuple(uids))).result()
    folded.live.follow()
    (one,) = grids_at(folded, 121.42, 31.12)
    assert grids_at(folded, 121.47, 31.12) == [one]
    fold(folder)
    assert grids_at(open_store(folder.parent, core.facts, quiet), 121.47, 31.12) == [one]


def test_that_an_imported_road_and_building_show_at_once(
    opened: tuple[Core, CityStore], tmp_path: Path
) -> None:
    core, store = opened
    made = (store.folder / "manifest.json").stat().st_mtime_ns
    line = {"type": "LineString", "coordinates": [[121.42, 31.12], [121.43, 31.13]]}
    ring = [[121.41, 31.11], [121.411, 31.11], [121.411, 31.111], [121.41, 31.111], [121.41, 31.11]]
    road = {"uid": str(new_uid()), "name": "新路", "kind": "local", "width": 12.0, "sample": 0}
    imported(core, tmp_path / "r.geojson", "roads", feature(line, road))
    house = {"uid": str(new_uid()), "name": "楼", "kind": "office", "storeys": 3, "floor_m2": 9.0}
    house |= {"curtain_wall": 0, "historic": 0, "sample": 0}
    shape = {"type": "Polygon", "coordinates": [ring]}
    imported(core, tmp_path / "h.geojson", "buildings", feature(shape, house))
    store.live.follow()
    roads, houses = store.shapes["road"], store.shapes["building"]
    assert [roads.text("name", int(row)) for row in roads.live] == ["新路"]
    assert len(houses.live) == 1
    x, y = (float(v) for v in store.frame.to_xy(121.42, 31.12))
    assert np.allclose(roads.rings(int(roads.live[0]))[0][0] + store.origin, (x, y), atol=0.01)
    fold(store.folder)
    assert (store.folder / "manifest.json").stat().st_mtime_ns != made
    after = open_store(store.folder.parent, core.facts, quiet)
    assert after.live.now.number == store.live.now.number
    assert len(after.shapes["road"].live) == len(after.shapes["building"].live) == 1
    verify_store(store.folder)
