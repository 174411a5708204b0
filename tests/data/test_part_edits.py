"""Parts and grids are changed by signed actions; the map follows. On both kinds of city."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import shapely

from app.data.city import SqlCity
from app.data.city_folder import open_city
from app.domain.errors import InvalidInput, NotAllowed
from app.domain.people import Duty
from app.sample.tiny import create_tiny_city, desk_person, tiny_uid
from app.services.bus import handle
from app.services.changes import Changes
from app.services.commands import (
    ActOnCase,
    Actor,
    AddPart,
    ChangePart,
    MergeGrids,
    ReportCase,
    SplitGrid,
    UndoGrids,
    UndoPart,
)
from app.services.parts_asking import (
    FindPart,
    GridHistory,
    PartHistory,
    PlanSplit,
    WhoAnswered,
)
from app.services.parts_views import PartStory
from app.services.questions import answer

NOW_MS = 1_795_000_000_000  # a day in November 2026
HOUR_MS = 3_600_000
LEAD = Actor(desk_person("shift_lead"), "shift_lead")  # type: ignore[arg-type]  # a StrEnum
WATCHER = Actor(desk_person("supervisor"), "supervisor")  # type: ignore[arg-type]
GRID = tiny_uid(3, 0)  # 121.40 to 121.45 E, 31.10 to 31.20 N
CUT = ((121.39, 31.15), (121.46, 31.16))


@pytest.fixture(scope="session")
def tiny_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny-edits") / "city"
    create_tiny_city(folder).close()
    return folder


class Work:
    """Acts and asks in one city, a second later at every step."""

    def __init__(self, city: SqlCity) -> None:
        self.city = city
        self.now_ms = NOW_MS

    def do(self, command: Any) -> Changes:
        self.now_ms += 1000
        return handle(command, self.city, self.now_ms)

    def ask(self, question: Any) -> Any:
        return answer(question, self.city, self.now_ms)

    def add(self, lon: float = 121.42, lat: float = 31.12, **fields: str) -> UUID:
        given = {"class": "0101", "source": "实测", "accuracy": "B", **fields}
        named = {name.replace("__", "."): value for name, value in given.items()}
        return self.do(AddPart(WATCHER, lon, lat, named)).parts[0].uid

    def change(self, part: UUID, actor: Actor = WATCHER, **fields: Any) -> Changes:
        more = {key: fields.pop(key) for key in ("lon", "lat", "retire", "recode", "reason")
                if key in fields}  # fmt: skip
        return self.do(ChangePart(actor, part, fields, **more))

    def story(self, part: UUID) -> PartStory:
        found: PartStory = self.ask(PartHistory(part))
        return found

    def grid_of(self, part: UUID) -> str:
        found = self.city.edits.part(part)
        assert found is not None
        assert found.grid is not None
        area = self.city.areas.get(found.grid)
        assert area is not None
        assert area.valid_to is None
        return area.code


@pytest.fixture(params=("local", "postgres"))
def work(request: pytest.FixtureRequest, tiny_city: Path, tmp_path: Path) -> Iterator[Work]:
    if request.param == "postgres":
        with request.getfixturevalue("postgres_server").database() as url:
            city = create_tiny_city(url)
            yield Work(city)
            city.close()
        return
    city = open_city(shutil.copytree(tiny_city, tmp_path / "city"))
    yield Work(city)
    city.close()


def test_that_a_new_part_gets_the_next_code_and_stands_in_the_map(work: Work):
    first, second = work.add(), work.add(121.44, 31.13, attrs__material="铸铁")
    codes = [work.story(uid).part.code for uid in (first, second)]
    assert codes == ["3101010101000001", "3101010101000002"]
    in_map = work.city.edits.part(second)
    assert in_map == work.story(second).part
    assert in_map.attrs == {"material": "铸铁"}
    assert (in_map.accuracy, in_map.source, in_map.grid) == ("B", "实测", GRID)
    assert in_map.initial_date == in_map.changed_date == "2026-11-18"
    assert work.ask(FindPart(codes[1])) == second
    assert work.ask(FindPart(fid=work.story(second).fid)) == second


def test_that_a_change_is_told_whole_and_taken_back(work: Work):
    part = work.add()
    work.change(part, state="破损", reason="井盖开裂")
    story = work.story(part)
    assert story.part.state == 1
    step = story.state.steps[-1]  # type: ignore[union-attr]
    assert (step.old, step.new, step.effect) == ({"state": 0}, {"state": 1}, "applied")
    assert story.reasons[step.hash] == "井盖开裂"
    work.do(UndoPart(WATCHER, part))
    story = work.story(part)
    assert story.part.state == 0
    assert [one.effect for one in story.state.steps] == ["applied", "undone", "applied"]  # type: ignore[union-attr]
    assert work.city.edits.part(part) == story.part


def test_that_taking_back_an_adding_takes_the_part_off_the_map(work: Work):
    part = work.add()
    changes = work.do(UndoPart(WATCHER, part))
    assert changes.parts[0].gone
    assert work.city.edits.part(part) is None
    with pytest.raises(NotAllowed):
        work.do(UndoPart(WATCHER, part))


def test_that_a_part_moved_over_a_border_keeps_its_code(work: Work):
    part = work.add()
    code = work.story(part).part.code
    changes = work.change(part, lon=121.47, lat=31.12)
    assert changes.notes == ("part_grid 310101001001001 310101001001002",)
    assert work.story(part).part.code == code
    assert work.grid_of(part) == "310101001001002"
    changes = work.change(part, lon=121.52, lat=31.12)
    assert f"part_county {code} 310104" in changes.notes
    changes = work.change(part, recode=True)
    assert work.story(part).part.code == "3101040101000001"


def test_that_another_class_gives_another_code(work: Work):
    part = work.add()
    work.change(part, **{"class": "0102"})
    assert work.story(part).part.code == "3101010102000001"


def test_that_a_retired_part_takes_no_change_but_an_undo(work: Work):
    part = work.add()
    work.change(part, retire=True)
    assert work.city.edits.part(part).retired  # type: ignore[union-attr]
    with pytest.raises(NotAllowed):
        work.change(part, source="普查")
    work.do(UndoPart(LEAD, part))
    work.change(part, source="普查")
    assert work.story(part).part.source == "普查"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"state": "crooked"}, "state"), ({"accuracy": "D"}, "accuracy"), ({"size": "9"}, "size"),
        ({"initial_date": "2030-01-01"}, "initial_date"), ({"initial_date": "1/2"}, "initial_date"),
        ({"code": "12"}, "code"), ({"code": "3101010101000001"}, "code"),
        ({"class": "99"}, "class"),
        ({"source": "a\x00"}, "source"), ({"attrs.": "x"}, "attrs"),
        ({"lon": 10.0, "lat": 3.0}, "lon"),
        ({}, "set"),
    ],
)  # fmt: skip
def test_that_a_wrong_field_is_named(work: Work, fields: dict[str, Any], field: str):
    work.add()
    part = work.add()
    with pytest.raises(InvalidInput) as caught:
        work.change(part, **fields)
    assert caught.value.field == field


def test_that_roles_are_kept(work: Work):
    part = work.add()
    handler = Actor(tiny_uid(7, 0), "handler")
    work.change(part, handler, state="lost")
    with pytest.raises(NotAllowed, match="may not"):
        work.change(part, handler, source="普查")
    with pytest.raises(NotAllowed, match="may not"):
        work.do(SplitGrid(WATCHER, GRID, CUT))


def test_that_a_split_keeps_ground_dates_parts_and_posts(work: Work):
    city = work.city
    with city.begin(write=True) as uow:
        post = Duty(
            tiny_uid(9, 1),
            "格长",
            tiny_uid(6, 0),
            GRID,
            "road",
            {"morning": tiny_uid(7, 0), "middle": tiny_uid(7, 1), "night": tiny_uid(7, 2)},
        )
        uow.directory.put_duties([post])
        uow.commit()
    south, north = work.add(121.42, 31.12), work.add(121.42, 31.18)
    before_ms = work.now_ms
    answered = work.ask(WhoAnswered(121.42, 31.18, "0110", before_ms))
    whole = shapely.from_wkb(city.edits.cell(GRID).wkb)  # type: ignore[union-attr]
    assert len(work.ask(PlanSplit(GRID, CUT))) == 2
    changes = work.do(SplitGrid(LEAD, GRID, CUT, "人口太多"))
    assert changes.map_changed
    state = work.ask(GridHistory()).state
    (step,) = state.steps
    pieces = [shapely.from_wkb(one.wkb) for one in step.new]
    assert sum(one.area for one in pieces) == pytest.approx(whole.area, rel=1e-12)
    assert shapely.relate(*pieces)[0] == "F"  # no ground in common
    assert shapely.union_all(pieces).symmetric_difference(whole).area < 1e-15
    assert [one.code for one in step.new] == ["310101001001003", "310101001001004"]
    assert {work.grid_of(south), work.grid_of(north)} == {"310101001001003", "310101001001004"}
    then, now = (city.areas.at(121.42, 31.18, ms).grid for ms in (before_ms, work.now_ms))
    assert then is not None
    assert then.uid == GRID
    assert now is not None
    assert now.code == work.grid_of(north)
    again = work.ask(WhoAnswered(121.42, 31.18, "0110", before_ms))
    assert (again.person, again.post) == (answered.person, answered.post) == (again.person, post)
    present = work.ask(WhoAnswered(121.42, 31.18, "0110", work.now_ms))
    assert (present.person, present.post.area) == (again.person, now.uid)
    with pytest.raises(NotAllowed):
        work.do(SplitGrid(LEAD, GRID, CUT))


def test_that_a_case_keeps_the_grid_it_was_reported_in(work: Work):
    clerk = Actor(desk_person("intake"), "intake")  # type: ignore[arg-type]
    report = ReportCase(clerk, "井盖破损", 121.42, 31.18, auto_dispatch=False)
    (row,) = work.do(report).cases
    assert (row.grid, row.grid_code) == (GRID, "310101001001001")
    work.do(SplitGrid(LEAD, GRID, CUT))
    (later,) = work.do(ActOnCase(clerk, row.uid, "file", {"matter": "0110"})).cases
    assert (later.grid, later.grid_code) == (GRID, "310101001001001")
    (new,) = work.do(report).cases
    assert new.grid != GRID
    assert new.grid_code in ("310101001001003", "310101001001004")


def test_that_an_undone_split_keeps_what_was_in_between(work: Work):
    city = work.city
    part = work.add(121.42, 31.18)
    work.do(SplitGrid(LEAD, GRID, CUT))
    between_ms = work.now_ms
    work.do(UndoGrids(LEAD))
    assert work.grid_of(part) == "310101001001001"
    now = city.areas.at(121.42, 31.18).grid
    assert now is not None
    assert now.uid != GRID
    between = city.areas.at(121.42, 31.18, between_ms).grid
    assert between is not None
    assert between.code in ("310101001001003", "310101001001004")


def test_that_neighbours_merge_and_others_do_not(work: Work):
    whole = [shapely.from_wkb(work.city.edits.cell(tiny_uid(3, n)).wkb) for n in (0, 1)]  # type: ignore[union-attr]
    with pytest.raises(InvalidInput, match="community"):
        work.do(MergeGrids(LEAD, (GRID, tiny_uid(3, 2))))
    with pytest.raises(InvalidInput, match="2 to"):
        work.do(MergeGrids(LEAD, (GRID, GRID)))
    part = work.add(121.47, 31.12)
    work.do(MergeGrids(LEAD, (GRID, tiny_uid(3, 1))))
    (step,) = work.ask(GridHistory()).state.steps
    made = shapely.from_wkb(step.new[0].wkb)
    assert made.symmetric_difference(shapely.union_all(whole)).area < 1e-15
    assert work.grid_of(part) == step.new[0].code == "310101001001003"
    with pytest.raises(InvalidInput):
        work.do(SplitGrid(LEAD, step.new[0].uid, ((121.0, 31.0), (121.1, 31.0))))


def test_that_a_map_put_back_from_a_copy_takes_all_again(tiny_city: Path, tmp_path: Path):
    folder = tmp_path / "city"
    city = open_city(shutil.copytree(tiny_city, folder))
    work = Work(city)
    part = work.add()
    work.do(SplitGrid(LEAD, GRID, CUT))
    made = city.edits.part(part)
    city.close()
    shutil.copyfile(tiny_city / "map.gpkg", folder / "map.gpkg")
    city = open_city(folder)
    assert city.edits.part(part) is None
    assert city.edits.take()
    assert city.edits.part(part) == made
    assert city.edits.cell(GRID).to_ms is not None  # type: ignore[union-attr]
    city.close()
