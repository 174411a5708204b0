"""Grids are split and merged, across duty grids too: no gap, no overlap, one answer a minute."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
import shapely

from app.data.city import SqlCity
from app.data.city_folder import open_city
from app.data.map_schema import LAYERS
from app.data.map_target import map_target
from app.domain.errors import AppError, InvalidInput
from app.domain.people import Duty
from app.sample.tiny import create_tiny_city, desk_person, tiny_uid
from app.services.bus import handle
from app.services.commands import ActOnCase, Actor, MergeGrids, ReportCase, SplitGrid, UndoGrids
from app.services.parts_asking import PlanMerge, WhoAnswered
from app.services.parts_views import MergePlan
from app.services.questions import answer

START_MS = 1_795_000_000_000
LEAD = Actor(desk_person("shift_lead"), "shift_lead")  # type: ignore[arg-type]  # a StrEnum
WEST, EAST = tiny_uid(3, 0), tiny_uid(3, 1)
DUTY_WEST, DUTY_EAST = tiny_uid(9, 0), tiny_uid(9, 1)
BOX = (121.40, 31.10, 121.50, 31.20)  # the street that both lie in


def duty_area(uid: UUID, code: str, x0: float, x1: float) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(LAYERS["area"].schema.names)
    shape = shapely.MultiPolygon([shapely.box(x0, BOX[1], x1, BOX[3])])
    return row | {
        "uid": uid.bytes, "tier": "duty_grid", "code": code, "name": code, "name_en": "",
        "parent_uid": tiny_uid(2, 0).bytes, "valid_from": "2026-01-01T00:00:00+00:00",
        "platform": 0, "sample": 1, "geom": shape.wkb,
    }  # fmt: skip


@pytest.fixture(scope="session")
def duty_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny city with a duty grid over each of two grids, and a post on each."""
    folder = tmp_path_factory.mktemp("duties") / "city"
    city = create_tiny_city(folder)
    middle = 121.45
    rows = [
        duty_area(DUTY_WEST, "ZRW", BOX[0], middle),
        duty_area(DUTY_EAST, "ZRE", middle, BOX[2]),
    ]
    batch = pa.RecordBatch.from_pylist(rows, schema=LAYERS["area"].schema)
    map_target(city).append("area", [batch], lambda _rows: None)
    with city.begin(write=True) as uow:
        post = uow.directory.duties([tiny_uid(2, 0)], "市政")
        for n, grid in enumerate((WEST, EAST)):
            of = post[0] if post else uow.directory.duties_on(tiny_uid(2, 0))[0]
            uow.directory.put_duties(
                [Duty(tiny_uid(10, n), f"格{n}岗", of.unit, grid, of.kind, of.person_by_shift)]
            )
        uow.commit()
    city.close()
    return folder


class Work:
    """Acts in one city, a second later at every step."""

    def __init__(self, city: SqlCity) -> None:
        self.city: Any = city
        self.now_ms = START_MS

    def do(self, command: Any) -> Any:
        self.now_ms += 1000
        return handle(command, self.city, self.now_ms)

    def cells(self, tier: str) -> list[Any]:
        """Return uid and shape of the valid areas of a tier in the street."""
        rows = map_target(self.city).ask(
            f"SELECT uid, geom FROM area WHERE tier = '{tier}' AND valid_to IS NULL "
        )
        target = map_target(self.city)
        found = [(UUID(bytes=bytes(uid)), target.shape(geom)) for uid, geom in rows]
        street = shapely.box(*BOX).buffer(1e-9)
        return [one for one in found if street.contains(one[1])]

    def post_at(self, lon: float, at_ms: int | None = None) -> str:
        found = answer(
            WhoAnswered(lon, 31.15, MATTER, at_ms or self.now_ms), self.city, self.now_ms
        )
        assert found is not None
        return str(found.post.name)


MATTER = "0110"


@pytest.fixture
def work(duty_city: Path, tmp_path: Path) -> Iterator[Work]:
    city = open_city(shutil.copytree(duty_city, tmp_path / "city"))
    yield Work(city)
    city.close()


def test_that_grids_of_two_duty_grids_merge_only_into_a_named_one(work: Work) -> None:
    with pytest.raises(InvalidInput, match="ZRW, ZRE"):
        work.do(MergeGrids(LEAD, (WEST, EAST)))
    with pytest.raises(InvalidInput, match="several"):
        work.do(MergeGrids(LEAD, (WEST, EAST), duty=tiny_uid(2, 0)))
    plan: MergePlan = answer(PlanMerge((WEST, EAST), EAST), work.city, work.now_ms)
    assert plan.taker is not None
    assert (plan.taker.uid, [one.uid for one in plan.givers]) == (DUTY_EAST, [DUTY_WEST])


def test_that_posts_follow_the_taking_duty_grid_and_open_cases_stay(work: Work) -> None:
    before_ms = work.now_ms
    posts = work.post_at(121.42), work.post_at(121.47)
    assert posts == ("格0岗", "格1岗")
    clerk = Actor(desk_person("intake"), "intake")  # type: ignore[arg-type]
    (row,) = work.do(ReportCase(clerk, "井盖破损", 121.42, 31.15, auto_dispatch=False)).cases
    work.do(MergeGrids(LEAD, (WEST, EAST), duty=DUTY_EAST))
    assert (work.post_at(121.42), work.post_at(121.47)) == ("格1岗", "格1岗")
    assert (work.post_at(121.42, before_ms), work.post_at(121.47, before_ms)) == posts
    ((_uid, shape),) = work.cells("duty_grid")
    assert shape.symmetric_difference(shapely.box(*BOX)).area < 1e-15
    (later,) = work.do(ActOnCase(clerk, row.uid, "file", {"matter": MATTER})).cases
    assert later.grid == WEST
    work.do(UndoGrids(LEAD))
    assert (work.post_at(121.42), work.post_at(121.47)) == posts
    lows = sorted(shape.bounds[0] for _uid, shape in work.cells("duty_grid"))
    assert lows == pytest.approx([121.40, 121.45])


@pytest.mark.parametrize("seed", range(4))
def test_that_random_splits_and_merges_leave_no_gap_and_one_answer(work: Work, seed: int) -> None:
    chance = random.Random(seed)
    minutes = [work.now_ms]
    for _ in range(10):
        change(work, chance)
        minutes.append(work.now_ms)
        assert_tiled([shape for _uid, shape in work.cells("grid")])
        assert_tiled([shape for _uid, shape in work.cells("duty_grid")])
    for at_ms in minutes:
        for _ in range(4):
            lon, lat = chance.uniform(BOX[0], BOX[2]), chance.uniform(BOX[1], BOX[3])
            where = work.city.areas.at(lon, lat, at_ms)
            assert where.grid is not None
            asked = WhoAnswered(lon, lat, MATTER, at_ms)
            assert answer(asked, work.city, work.now_ms) is not None
            assert len(holding(work.city, lon, lat, at_ms)) == 1


def change(work: Work, chance: random.Random) -> None:
    """Split, merge across duty grids or not, or take back; what cannot be is refused."""
    cells = work.cells("grid")
    uid, shape = chance.choice(cells)
    kind = chance.random()
    try:
        if kind < 0.45 or len(cells) < 2:
            x0, y0, x1, y1 = shape.bounds
            if chance.random() < 0.5:
                at = chance.uniform(x0, x1)
                line = ((at, y0 - 0.01), (at + chance.uniform(-1e-3, 1e-3), y1 + 0.01))
            else:
                at = chance.uniform(y0, y1)
                line = ((x0 - 0.01, at), (x1 + 0.01, at + chance.uniform(-1e-3, 1e-3)))
            work.do(SplitGrid(LEAD, uid, line))
        elif kind < 0.85:
            other = chance.choice([one for one, near in cells if one != uid])
            work.do(MergeGrids(LEAD, (uid, other), duty=chance.choice((uid, other))))
        else:
            work.do(UndoGrids(LEAD))
    except AppError:
        return


def assert_tiled(shapes: list[Any]) -> None:
    """Hold shapes to covering the street once."""
    whole = shapely.box(*BOX)
    assert sum(one.area for one in shapes) == pytest.approx(whole.area, rel=1e-9)
    assert shapely.union_all(shapes).symmetric_difference(whole).area < 1e-12


def holding(city: Any, lon: float, lat: float, at_ms: int) -> list[str]:
    """Return the grids of the map that hold a place at a minute."""
    from app.domain.areas import iso_ms

    target, when = map_target(city), iso_ms(at_ms)
    rows = target.ask(
        "SELECT code, geom FROM area WHERE tier = 'grid' "
        f"AND valid_from <= '{when}' AND (valid_to IS NULL OR valid_to > '{when}')"
    )
    point = shapely.Point(lon, lat)
    return [code for code, geom in rows if target.shape(geom).contains(point)]
