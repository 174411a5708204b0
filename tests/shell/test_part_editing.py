"""Parts and grids are edited at the desk, by keys alone, on a real city."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.assembly.live import open_core
from app.runtime.core import Core
from app.sample.tiny import create_tiny_city, desk_person
from app.services.commands import Actor, AddPart
from app.services.parts_asking import FindPart, GridHistory, PartHistory
from app.services.parts_views import PartRow, PartStory
from app.shell.bridge import Bridge
from app.shell.desk import Desk
from app.shell.session import Session
from app.shell.stage import Stage
from tests.support.fake_map import FakeMap
from widgets.map_picks import PartPicked

WATCHER = Actor(desk_person("supervisor"), "supervisor")  # type: ignore[arg-type]  # a StrEnum


@pytest.fixture(scope="session")
def tiny_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny-desk") / "city"
    create_tiny_city(folder).close()
    return folder


@pytest.fixture
def core(tiny_city: Path, tmp_path: Path) -> Iterator[Core]:
    core = open_core(str(shutil.copytree(tiny_city, tmp_path / "city")))
    yield core
    core.close()


@pytest.fixture
def desk(core: Core, qtbot: Any, chinese: None) -> Iterator[Desk]:
    bridge = Bridge(core, None)
    session = Session(None, theme="light")
    view = FakeMap()
    desk = Desk(bridge, session, Stage(view, bridge))  # type: ignore[arg-type]  # stands in
    desk.resize(1600, 900)
    desk.show()
    desk.open()
    session.become(WATCHER.person, "王磊", "supervisor")
    yield desk
    desk.close()
    desk.deleteLater()


@pytest.fixture
def part(core: Core) -> PartRow:
    fields = {"class": "0101", "accuracy": "C", "source": "普查"}
    return core.submit(AddPart(WATCHER, 121.42, 31.12, fields)).result().parts[0]


def story_of(core: Core, part: PartRow) -> PartStory:
    found: PartStory = core.ask(PartHistory(part.uid)).result()
    return found


def open_form(desk: Desk, core: Core, part: PartRow, qtbot: Any) -> Any:
    fid = story_of(core, part).fid
    desk.stage.view.part_picked.emit(PartPicked(fid or 0, 0, 0, part.lon, part.lat))
    assert desk.cases.part_look.card.isVisible()
    qtbot.keyClick(desk, Qt.Key.Key_E)
    form = desk.cases.part_look.form
    qtbot.waitUntil(form.isVisible)
    return form


def test_that_a_state_is_set_by_keys_and_taken_back_by_ctrl_z(
    desk: Desk, core: Core, part: PartRow, qtbot: Any
) -> None:
    form = open_form(desk, core, part, qtbot)
    assert "新增" in form.accessibleName()
    qtbot.keyClick(form._state, Qt.Key.Key_Down)
    form._reason.setPlainText("开裂")
    qtbot.keyClick(form._reason, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not form.isVisible())
    story = story_of(core, part)
    assert story.part.state == 1
    assert list(story.reasons.values()) == ["开裂"]
    assert story.state is not None
    assert story.state.steps[-1].new == {"state": 1}
    desk.cases.undo()
    qtbot.waitUntil(lambda: story_of(core, part).part.state == 0)


def test_that_what_is_wrong_is_said_beside_its_field(
    desk: Desk, core: Core, part: PartRow, qtbot: Any
) -> None:
    form = open_form(desk, core, part, qtbot)
    form._initial.setText("2099-01-01")
    form._save.click()
    qtbot.waitUntil(form._wrong["initial_date"].isVisible)
    assert "初始日期" in form._wrong["initial_date"].text()
    assert story_of(core, part).state.steps[-1].type == "part_added"  # type: ignore[union-attr]


def test_that_a_part_is_moved_by_the_arrows(
    desk: Desk, core: Core, part: PartRow, qtbot: Any
) -> None:
    form = open_form(desk, core, part, qtbot)
    qtbot.keyClick(form._state, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    look = desk.cases.part_look
    assert desk.stage.view.tool is look.cross  # type: ignore[attr-defined]
    for key in (Qt.Key.Key_Right, Qt.Key.Key_PageUp, Qt.Key.Key_Up):
        assert look.cross.wants(key)
        look.cross.key(key)
    look.cross.key(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: story_of(core, part).part.lon_e7 != 1_214_200_000)
    now = story_of(core, part).part
    metres = (np.array([now.lon - 121.42, now.lat - 31.12]) * (95_400, 110_900)).round()
    assert metres.tolist() == [5.0, 50.0]  # a pixel of 5 m, then ten


def test_that_a_part_is_added_where_the_cross_is_put_down(
    desk: Desk, core: Core, qtbot: Any
) -> None:
    look = desk.cases.part_look
    look.add()
    look.cross.key(Qt.Key.Key_Return)
    assert look.form.isVisible()
    look.form._class.setText("0102")
    look.form._save.click()
    qtbot.waitUntil(lambda: not look.form.isVisible())
    uid = core.ask(FindPart("3101010102000001")).result()
    assert core.ask(PartHistory(uid)).result().part.source == ""


def test_that_an_intake_clerk_is_told_who_may_edit(
    desk: Desk, core: Core, part: PartRow, qtbot: Any
) -> None:
    desk.session.become(desk_person("intake"), "李静", "intake")  # type: ignore[arg-type]
    with qtbot.waitSignal(desk.cases.part_look.failed) as caught:
        desk.cases.part_look.add()
    assert caught.args[0].code == "part_right"


def test_that_a_grid_is_split_and_merged_again_with_a_preview(
    desk: Desk, core: Core, qtbot: Any
) -> None:
    desk.session.become(desk_person("shift_lead"), "陈强", "shift_lead")  # type: ignore[arg-type]
    look = desk.cases.grid_look
    look.split()
    for lon, lat in ((121.39, 31.15), (121.46, 31.16)):
        x, y = look._frame.to_xy(lon, lat)
        look.cross.at = (float(x), float(y))
        look.cross.key(Qt.Key.Key_Space)
    look.cross.key(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(look.cross.shapes) == 2)
    assert core.ask(GridHistory()).result().state is None  # only seen so far
    look.cross.key(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: core.ask(GridHistory()).result().state is not None)
    look.merge()
    for lon, lat in ((121.42, 31.11), (121.42, 31.19)):
        x, y = look._frame.to_xy(lon, lat)
        look.cross.at = (float(x), float(y))
        chosen = len(look._cells)
        look.cross.key(Qt.Key.Key_Space)
        qtbot.waitUntil(lambda had=chosen: len(look._cells) == had + 1)
    look.cross.key(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: look._ready is not None)
    look.cross.key(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(core.ask(GridHistory()).result().state.steps) == 2)
    assert core.ask(GridHistory()).result().state.steps[-1].type == "grids_merged"
