"""One case goes the whole way at one desk, by keyboard."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage

from app.domain.errors import NotAllowed
from app.services.changes import CaseRow
from app.services.commands import AcceptSuggestion, ActOnCase, ReportCase, UndoLast
from app.services.views import Apart
from widgets.map_picks import AreaPicked, CasePicked, PartPicked, PlaceClicked

ROAD = UUID(int=100)
FLOOD = UUID(int=101)


def settle(qtbot: Any, desk: Any) -> None:
    """Wait until every answer has come and the panels have taken it."""
    qtbot.wait(1)
    qtbot.waitUntil(lambda: desk.bridge.waiting == 0)


def press(qtbot: Any, desk: Any, key: Any, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
    qtbot.keyClick(desk, key, modifier)
    settle(qtbot, desk)


def test_that_the_desk_opens_with_all_open_cases(open_desk: Any) -> None:
    desk = open_desk()
    assert desk.inbox.model.rowCount() == 11
    assert desk.stage.view.cases is None or len(desk.stage.view.cases.uids) == 11


def test_that_choosing_in_the_list_chooses_on_the_map_and_in_the_sheet(
    open_desk: Any, qtbot: Any
) -> None:
    desk = open_desk()
    press(qtbot, desk, Qt.Key.Key_J)
    assert desk.session.case == FLOOD
    assert desk.stage.view.selected == FLOOD
    assert desk.panel.sheet.row.uid == FLOOD
    press(qtbot, desk, Qt.Key.Key_J)
    assert desk.panel.sheet.row.uid == ROAD
    press(qtbot, desk, Qt.Key.Key_K)
    assert desk.session.case == FLOOD


def test_that_picking_on_the_map_chooses_in_the_list(open_desk: Any, qtbot: Any) -> None:
    desk = open_desk()
    desk.stage.view.case_picked.emit(CasePicked(ROAD))
    settle(qtbot, desk)
    assert desk.inbox.current() == ROAD
    assert desk.panel.sheet.row.uid == ROAD


def test_that_one_key_sends_a_case(open_desk: Any, core: Any, qtbot: Any) -> None:
    desk = open_desk()
    desk.session.choose(ROAD)
    settle(qtbot, desk)
    press(qtbot, desk, Qt.Key.Key_A)
    assert isinstance(core.commands[-1], AcceptSuggestion)
    qtbot.waitUntil(lambda: desk.panel.sheet.state.step == "dispatched")
    assert desk.feed.store.counts()["to_dispatch"] == 10
    assert not desk.inbox.model.index_of(ROAD).isValid()


def test_that_one_desk_walks_a_case_from_report_to_close(
    open_desk: Any, core: Any, qtbot: Any
) -> None:
    desk = open_desk()
    press(qtbot, desk, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert desk.form.isVisible()
    desk.form.fill("路面塌陷", "汾阳路 150 号", "王女士", "138 0000 0000")
    desk.stage.view.place_clicked.emit(PlaceClicked(121.452, 31.2103))
    desk.form.submit()
    settle(qtbot, desk)
    qtbot.waitUntil(lambda: desk.panel.sheet is not None)
    case = desk.panel.sheet.row.uid
    assert not desk.form.isVisible()
    assert isinstance(core.commands[-1], ReportCase)
    steps = []
    for key in "AWSHWPWC":
        if key == "H":
            press(qtbot, desk, Qt.Key.Key_H)
            desk.panel._words._words.setPlainText("已修补")
            desk.panel._words._on_confirmed()
            settle(qtbot, desk)
        else:
            press(qtbot, desk, getattr(Qt.Key, f"Key_{key}"))
        steps.append(core.rows[case].step)
    assert steps[-1] == "closed"
    moves = [one.move for one in core.commands if isinstance(one, ActOnCase)]
    assert moves == ["sign", "handle", "pass", "close"]
    assert desk.feed.store.counts()["open"] == 11


def test_that_a_move_that_needs_words_asks_for_them(open_desk: Any, core: Any, qtbot: Any) -> None:
    desk = open_desk()
    desk.session.choose(ROAD)
    settle(qtbot, desk)
    press(qtbot, desk, Qt.Key.Key_A)
    press(qtbot, desk, Qt.Key.Key_W)
    assert desk.session.actor.role == "handler"
    before = len(core.commands)
    press(qtbot, desk, Qt.Key.Key_B)
    prompt = desk.panel._words
    assert prompt.isVisible()
    prompt._on_confirmed()
    assert len(core.commands) == before
    prompt._words.setPlainText("不属于本单位")
    prompt._on_confirmed()
    settle(qtbot, desk)
    assert core.commands[-1].fields == {"reason": "不属于本单位"}
    qtbot.waitUntil(lambda: core.rows[ROAD].returned == 1)


def test_that_a_case_sent_back_comes_to_the_top(open_desk: Any, core: Any, qtbot: Any) -> None:
    desk = open_desk()
    desk.session.choose(UUID(int=108))
    settle(qtbot, desk)
    for key in (Qt.Key.Key_A, Qt.Key.Key_W, Qt.Key.Key_B):
        press(qtbot, desk, key)
    desk.panel._words._words.setPlainText("缺材料")
    desk.panel._words._on_confirmed()
    settle(qtbot, desk)
    desk.inbox.show_tab("to_dispatch")
    rows = [desk.inbox.model.row_of(desk.inbox.model.index(at, 0)) for at in range(2)]
    assert [row.uid for row in rows if isinstance(row, CaseRow)] == [FLOOD, UUID(int=108)]


def test_that_undo_takes_back_the_last_step(open_desk: Any, core: Any, qtbot: Any) -> None:
    desk = open_desk()
    desk.session.choose(ROAD)
    settle(qtbot, desk)
    press(qtbot, desk, Qt.Key.Key_A)
    press(qtbot, desk, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert isinstance(core.commands[-1], UndoLast)
    assert desk.feed.store.row(ROAD).step == "filed"


def test_that_another_person_may_be_sent_by_hand(open_desk: Any, core: Any, qtbot: Any) -> None:
    desk = open_desk()
    desk.session.choose(ROAD)
    settle(qtbot, desk)
    press(qtbot, desk, Qt.Key.Key_D)
    picker = desk.panel._people
    assert picker.isVisible()
    picker._on_accepted()
    settle(qtbot, desk)
    assert core.commands[-1].move == "dispatch"
    assert core.commands[-1].fields == {"person": str(UUID(int=11))}


def test_that_an_error_is_shown_without_stopping_anything(
    open_desk: Any, core: Any, qtbot: Any
) -> None:
    desk = open_desk()
    desk.session.choose(ROAD)
    settle(qtbot, desk)
    core.error = NotAllowed("Not at that step.", code="not_open")
    press(qtbot, desk, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: "案件现在的状态不能做这一步" in desk.notice.words)
    core.error = None
    press(qtbot, desk, Qt.Key.Key_J)
    assert desk.session.case != ROAD


def test_that_a_key_that_cannot_be_used_now_says_so(open_desk: Any, qtbot: Any) -> None:
    desk = open_desk()
    desk.session.choose(ROAD)
    settle(qtbot, desk)
    press(qtbot, desk, Qt.Key.Key_C)
    assert "结案" in desk.notice.words


def test_that_language_and_theme_switch_while_running(open_desk: Any, qtbot: Any) -> None:
    desk = open_desk()
    desk.session.choose(ROAD)
    settle(qtbot, desk)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    press(qtbot, desk, Qt.Key.Key_L, both)
    assert desk.stage.view.lang == "en"
    assert desk.windowTitle().startswith("Wangge")
    press(qtbot, desk, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert desk.stage.view.theme.dark
    assert desk.panel.sheet.row.uid == ROAD


def test_that_the_palette_finds_places_cases_and_commands(
    open_desk: Any, core: Any, qtbot: Any
) -> None:
    desk = open_desk()
    press(qtbot, desk, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    box = desk.palette_box
    assert box.isVisible()
    box.type_text("汾阳路")
    qtbot.waitUntil(lambda: any(r.title == "汾阳路 150 号" for r in box._hits.rows))
    qtbot.keyClick(box._field, Qt.Key.Key_Return)
    assert ("fly", 121.452, 31.2103, 1.2) in desk.stage.view.flights
    press(qtbot, desk, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    box.type_text("明暗")
    qtbot.keyClick(box._field, Qt.Key.Key_Return)
    assert desk.session.theme.dark


def test_that_letters_typed_in_a_field_are_no_commands(
    open_desk: Any, core: Any, qtbot: Any
) -> None:
    desk = open_desk()
    desk.session.choose(ROAD)
    settle(qtbot, desk)
    press(qtbot, desk, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    before = len(core.commands)
    qtbot.keyClicks(desk.form._address, "ads")
    assert desk.form._address.text() == "ads"
    assert len(core.commands) == before


def test_that_a_report_without_words_or_place_is_told_so_beside_the_field(
    open_desk: Any, core: Any, qtbot: Any
) -> None:
    desk = open_desk()
    press(qtbot, desk, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    desk.form.fill("", "", phone="abc")
    desk.form.submit()
    assert core.commands == []
    assert set(key for key, label in desk.form._wrong.items() if label.isVisible()) == {
        "words", "address", "phone",
    }  # fmt: skip


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080), (3840, 2160)])
def test_that_the_desk_fits_every_size(open_desk: Any, size: tuple[int, int]) -> None:
    desk = open_desk(*size)
    assert (desk.width(), desk.height()) == size
    assert desk.top.height() == 40
    assert desk.signs.height() == 112
    assert desk.status.height() == 24
    wanted = 400 if size[0] >= 1700 else 336
    assert abs(desk.inbox.width() - wanted) <= 2


def test_that_who_sits_here_decides_what_is_mine(open_desk: Any, qtbot: Any) -> None:
    desk = open_desk()
    desk.session.choose(ROAD)
    settle(qtbot, desk)
    press(qtbot, desk, Qt.Key.Key_A)
    press(qtbot, desk, Qt.Key.Key_W)
    assert desk.feed.store.counts()["mine"] == 1


def test_that_the_help_shows_every_key(open_desk: Any, qtbot: Any) -> None:
    desk = open_desk()
    press(qtbot, desk, Qt.Key.Key_F1)
    assert desk.help.isVisible()
    qtbot.keyClick(desk.help, Qt.Key.Key_Escape)
    assert not desk.help.isVisible()


def test_that_a_key_pressed_before_the_sheet_is_there_waits_for_it(
    open_desk: Any, core: Any, qtbot: Any
) -> None:
    desk = open_desk()
    desk.session.choose(ROAD)
    desk.press("A")
    assert core.commands == []
    settle(qtbot, desk)
    qtbot.waitUntil(lambda: core.rows[ROAD].step == "dispatched")
    assert core.commands[0].case == ROAD


def test_that_a_click_on_a_dimension_opens_its_signs(open_desk: Any, core: Any, qtbot: Any) -> None:
    desk = open_desk()
    desk.signs.dimension_chosen.emit("safety")
    assert desk.board.isVisible()
    assert [sign.dimension for sign in desk.board._signs] == ["safety"]
    desk.board.grab()
    press(qtbot, desk, Qt.Key.Key_Escape)
    assert not desk.board.isVisible()


def test_that_a_click_on_the_map_says_which_area_it_is(open_desk: Any) -> None:
    desk = open_desk()
    desk.stage.view.area_picked.emit(AreaPicked(b"", 1, "grid", "310104003005021", "第 21 网格"))
    assert "310104003005021" in desk.status._position


def test_that_a_click_on_a_part_shows_its_record(open_desk: Any, qtbot: Any) -> None:
    desk = open_desk()
    card = desk.part_look.card
    desk.stage.view.part_picked.emit(PartPicked(7, 2, 1, 121.45, 31.21))
    assert card.isVisible()
    assert "雨水井盖" in card.accessibleName()
    assert "破损" in card.accessibleName()
    qtbot.waitUntil(lambda: "3101040103000007" in card.accessibleName())
    for said in ("310104003005021", "2023-11-15", "普查", "示意", "A"):
        assert said in card.accessibleName()
    assert ("ring", 121.45, 31.21, "雨水井盖") in desk.stage.view.flights
    card.grab()
    press(qtbot, desk, Qt.Key.Key_Escape)
    assert not card.isVisible()


def test_that_a_part_that_is_gone_is_said_to_be_gone(open_desk: Any, qtbot: Any) -> None:
    desk = open_desk()
    desk.stage.view.part_picked.emit(PartPicked(8, 2, 0, 121.45, 31.21))
    qtbot.waitUntil(lambda: "已没有" in desk.part_look.card.accessibleName())


def test_that_an_answer_about_another_part_is_not_shown(open_desk: Any, qtbot: Any) -> None:
    desk = open_desk()
    desk.stage.view.part_picked.emit(PartPicked(7, 2, 1, 121.45, 31.21))
    desk.part_look.card.open_with(9, "邮筒", 0)
    qtbot.waitUntil(lambda: desk.bridge.waiting == 0)
    assert "3101040103000007" not in desk.part_look.card.accessibleName()


def test_that_choosing_a_case_closes_the_record_of_a_part(open_desk: Any, qtbot: Any) -> None:
    desk = open_desk()
    desk.stage.view.part_picked.emit(PartPicked(7, 2, 1, 121.45, 31.21))
    desk.session.choose(ROAD)
    assert not desk.part_look.card.isVisible()


def test_that_a_part_can_be_the_place_of_a_report(open_desk: Any, qtbot: Any) -> None:
    desk = open_desk()
    desk.open_form()
    desk.stage.view.part_picked.emit(PartPicked(7, 2, 1, 121.45, 31.21))
    assert desk.form._place == (121.45, 31.21)


def test_that_photos_go_with_the_next_step(
    open_desk: Any, core: Any, qtbot: Any, tmp_path: Any
) -> None:
    picture = tmp_path / "road.png"
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(0x336699)
    image.save(str(picture))
    desk = open_desk(blobs=MemoryBlobs())
    desk.session.choose(ROAD)
    settle(qtbot, desk)
    press(qtbot, desk, Qt.Key.Key_A)
    press(qtbot, desk, Qt.Key.Key_W)
    desk.panel.photos_dropped.emit((picture,))
    qtbot.waitUntil(lambda: len(desk.work.held_photos) == 1)
    qtbot.waitUntil(lambda: len(desk.photos.images) == 1)
    press(qtbot, desk, Qt.Key.Key_S)
    assert core.commands[-1].photos == (MemoryBlobs.digest(picture.read_bytes()),)
    desk.panel.photo_opened.emit(core.commands[-1].photos[0])
    assert desk.photo_view.isVisible()
    desk.photo_view.grab()


def test_that_a_file_that_is_no_picture_is_refused(
    open_desk: Any, qtbot: Any, tmp_path: Any
) -> None:
    wrong = tmp_path / "notes.png"
    wrong.write_text("not a picture")
    desk = open_desk(blobs=MemoryBlobs())
    desk.session.choose(ROAD)
    settle(qtbot, desk)
    desk.panel.photos_dropped.emit((wrong,))
    qtbot.waitUntil(lambda: "不是能读取的图片" in desk.notice.words)
    assert desk.work.held_photos == ()


class MemoryBlobs:
    """Photos in a dictionary."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    @staticmethod
    def digest(data: bytes) -> str:
        return hashlib.sha256(data).hexdigest()

    def put(self, data: bytes, name: str) -> str:
        self.held[self.digest(data)] = data
        return self.digest(data)

    def get(self, digest: str) -> bytes:
        return self.held[digest]


def test_that_only_an_alarm_that_nobody_has_seen_blinks(
    open_desk: Any, core: Any, qtbot: Any
) -> None:
    desk = open_desk()
    count = desk.top._alarms
    qtbot.waitUntil(lambda: desk.alarms.count == 1)
    assert count.is_blinking
    assert "未确认" in count.accessibleName()
    lit = count._lit
    qtbot.waitUntil(lambda: count._lit != lit, timeout=1500)
    desk.top.grab()
    press(qtbot, desk, Qt.Key.Key_G)
    assert desk.session.case == FLOOD
    assert not count.is_blinking
    assert count._lit
    assert "未确认" not in count.accessibleName()


def test_that_a_click_or_choosing_its_case_acknowledges_an_alarm(
    open_desk: Any, qtbot: Any
) -> None:
    desk = open_desk()
    qtbot.waitUntil(lambda: desk.alarms.unseen == 1)
    desk.session.choose(FLOOD)
    assert not desk.top._alarms.is_blinking
    desk.session.choose(ROAD)
    qtbot.mouseClick(desk.top._alarms, Qt.MouseButton.LeftButton)
    assert desk.session.case == FLOOD


def test_that_what_is_kept_apart_is_shown_in_the_strip_and_opens_as_a_list(
    open_desk: Any, core: Any, qtbot: Any
) -> None:
    core.apart = (
        Apart("ab" * 32, ROAD, "310104-1", "file", 1, UUID(int=9), "王芳", "handler", "dev",
              "role", None),
    )  # fmt: skip
    desk = open_desk()
    qtbot.waitUntil(lambda: "已隔离 1 个动作" in desk.status.accessibleName())
    desk.status.grab()
    left, right, name = next(place for place in desk.status._places if place[2])
    qtbot.mouseClick(desk.status, Qt.MouseButton.LeftButton, pos=QPoint(int(left + right) // 2, 12))
    settle(qtbot, desk)
    assert name == "apart"
    assert desk.palette_box.isVisible()
    qtbot.keyClick(desk.palette_box._field, Qt.Key.Key_Return)
    settle(qtbot, desk)
    assert desk.session.case == ROAD
