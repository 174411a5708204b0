"""What is saved, sent and not sent is counted step by step and never said too early."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from app.domain.errors import NotAllowed
from app.runtime.health import HealthItem
from app.services.commands import ActOnCase


def sign(field: Any, qtbot: Any) -> None:
    """Sign for the first task and wait for the answer."""
    field.inbox.step(1)
    case = field.session.case
    field.bridge.submit(ActOnCase(field.session.actor, case, "sign"))
    qtbot.waitUntil(lambda: field.bridge.waiting == 0)


def test_that_on_a_local_city_saved_is_all_there_is_to_be(open_field: Any, qtbot: Any) -> None:
    field = open_field()
    sign(field, qtbot)
    state = field.receipts.state()
    assert (state.local, state.saved, state.sent, state.waiting) == (True, 1, 0, 0)
    field.show_face("sync")
    assert "没有需要送出的内容" in field.sync_page._words.text()


def test_that_on_a_server_a_saved_step_is_sent(open_field: Any, core: Any, qtbot: Any) -> None:
    field = open_field()
    health = dict(core.health(), database=HealthItem("normal", "database_remote"))
    core.health = lambda: health
    sign(field, qtbot)
    assert field.receipts.state().line() == "已存 1 · 已送 1 · 待送 0"
    health["database"] = HealthItem("attention", "database_remote", count=1)
    state = field.receipts.state()
    assert state.line() == "已存 1 · 已送 0 · 待送 1"
    assert state.state == "attention"


def test_that_a_step_on_its_way_is_not_called_saved(open_field: Any) -> None:
    field = open_field()
    command = ActOnCase(field.session.actor, UUID(int=100), "sign")
    field.bridge.commanded.emit(900, command)
    state = field.receipts.state()
    assert (state.saved, state.waiting) == (0, 1)
    assert state.receipts[0].state == "waiting"


def test_that_a_refused_step_says_why(open_field: Any, core: Any, qtbot: Any) -> None:
    field = open_field()
    core.error = NotAllowed("Not at that step.", code="not_open")
    sign(field, qtbot)
    state = field.receipts.state()
    assert (state.saved, state.refused) == (0, 1)
    assert "案件现在的状态不能做这一步" in state.receipts[0].why
    assert "未生效 1" in state.line()


def test_that_what_needs_somebody_is_said_on_the_page(open_field: Any, core: Any) -> None:
    field = open_field()
    health = dict(core.health(), qgis=HealthItem("attention", "qgis_down"))
    core.health = lambda: health
    field._show_state()
    assert "QGIS" in field.sync_page._warning.text()


def test_that_photos_say_whether_they_show_before_or_after(open_field: Any, qtbot: Any) -> None:
    from widgets.sheet_words import photo_captions

    field = open_field()
    field.inbox.step(1)
    qtbot.waitUntil(lambda: field.panel.sheet is not None)
    sheet = field.panel.sheet
    last = replace(sheet.state.history[-1], type="handle", photos=("b" * 64,))
    state = replace(sheet.state, photos=("a" * 64, "b" * 64), history=(last,))
    said = photo_captions(replace(sheet, state=state), ("c" * 64,))
    assert said == {"a" * 64: "处置前", "b" * 64: "处置后", "c" * 64: "随下一步提交"}


def test_that_a_photo_taken_when_signing_is_shown_as_one_from_before(
    open_field: Any, qtbot: Any
) -> None:
    from widgets.sheet_words import photo_captions, photos_of

    field = open_field()
    field.inbox.step(1)
    qtbot.waitUntil(lambda: field.panel.sheet is not None)
    sheet = field.panel.sheet
    signed = replace(sheet.state.history[-1], type="sign", photos=("d" * 64,))
    sheet = replace(sheet, state=replace(sheet.state, history=(signed,)))
    assert photos_of(sheet) == ("d" * 64,)
    assert photo_captions(sheet, ()) == {"d" * 64: "处置前"}
