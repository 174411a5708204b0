"""The whole way of a case without a mouse: keys only, sent to whatever has the focus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from app.services.commands import AcceptSuggestion, ActOnCase, ReportCase, UndoLast

CTRL_ENTER = "Ctrl+Return"


def focused() -> QWidget:
    """Return what has the focus."""
    found = QApplication.focusWidget()
    assert found is not None
    return found


def test_that_a_case_goes_the_whole_way_at_the_desk_by_keys_alone(
    open_desk: Any, core: Any, keys: Any
) -> None:
    desk = open_desk(1366, 768)
    person = keys(desk)
    person.press("Ctrl+N")
    person.type("路面塌陷")
    person.press("Tab")
    person.type("汾阳路 150 号")
    person.press("Return")  # looks for the place
    person.press(CTRL_ENTER)
    case = desk.session.case
    assert core.rows[case].step == "reported"
    assert not desk.form.isVisible()
    person.press("A", "W", "S")
    assert core.rows[case].step == "signed"
    person.press("H")
    person.type("已修补")
    person.press(CTRL_ENTER)
    assert core.rows[case].step == "handled"
    person.press("W", "P", "W", "C")
    assert core.rows[case].step == "closed"
    person.press("Ctrl+Z")
    kinds = [type(one) for one in core.commands]
    assert kinds == [ReportCase, AcceptSuggestion, *[ActOnCase] * 4, UndoLast]
    assert [one.move for one in core.commands if isinstance(one, ActOnCase)] == [
        "sign", "handle", "pass", "close",
    ]  # fmt: skip


def test_that_a_task_is_signed_and_handled_with_a_photo_in_the_field_by_keys_alone(
    open_field: Any, core: Any, keys: Any, qtbot: Any, tmp_path: Path, memory_blobs: Any
) -> None:
    picture = tmp_path / "after.png"
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(0x336699)
    image.save(str(picture))
    field = open_field(memory_blobs)
    field.watch(tmp_path)
    qtbot.waitUntil(lambda: not field.camera.is_busy)
    person = keys(field)
    person.press("J", "S")
    case = field.session.case
    assert core.rows[case].step == "signed"
    person.press("Ctrl+4")
    assert field.face == "camera"
    person.press("Space", "Return")
    assert field.face == "tasks"
    assert len(field.work.held_photos) == 1
    person.press("H")
    person.type("已清理")
    person.press(CTRL_ENTER)
    assert core.rows[case].step == "handled"
    assert core.commands[-1].photos == tuple(memory_blobs.held)
    assert picture.exists()


def test_that_the_pages_of_the_field_change_by_keys(open_field: Any, keys: Any) -> None:
    field = open_field()
    person = keys(field)
    for number, face in enumerate(("tasks", "map", "form", "camera", "sync"), 1):
        person.press(f"Ctrl+{number}")
        assert field.face == face
    person.press("Esc")
    assert field.face == "tasks"
    person.press("F1")
    assert field.cases.help.isVisible()
    person.press("Esc")
    assert not field.cases.help.isVisible()
    person.press("Ctrl+3", "Esc")
    assert not field.form.isVisible()
    assert field.face == "tasks"


def test_that_tab_walks_the_form_in_reading_order(open_desk: Any, core: Any, keys: Any) -> None:
    desk = open_desk()
    person = keys(desk)
    person.press("Ctrl+N")
    form = desk.form
    order = [form._words, form._address, form._find, form._pick, form._name, form._phone,
             form._source, form._send, form._cancel]  # fmt: skip
    walked = []
    for _ in order:
        walked.append(focused())
        person.press("Tab")
    assert walked == order
    assert desk.inbox.tab == "to_dispatch"


def test_that_letters_pressed_on_a_button_of_the_form_send_no_case(
    open_desk: Any, core: Any, keys: Any
) -> None:
    desk = open_desk()
    person = keys(desk)
    person.press("J", "Ctrl+N")
    for _ in range(9):
        person.press("A", "J", "X", "Tab")
    assert core.commands == []
    assert desk.form.isVisible()


def test_that_letters_pressed_on_a_button_of_a_question_are_no_steps(
    open_desk: Any, core: Any, keys: Any
) -> None:
    desk = open_desk()
    person = keys(desk)
    person.press("J", "A", "W", "B", "Tab")
    before = len(core.commands)
    person.press("S", "A", "Esc")
    assert len(core.commands) == before
    assert not desk.panel._words.isVisible()


OPENED = {"Ctrl+K": "palette_box", "Ctrl+N": "form", "F1": "help", "Alt+5": "board"}


@pytest.mark.parametrize("key", OPENED)
def test_that_esc_closes_whatever_is_open_and_gives_the_keys_back(
    open_desk: Any, keys: Any, key: str
) -> None:
    desk = open_desk()
    person = keys(desk)
    person.press("J", key)
    assert getattr(desk, OPENED[key]).isVisible()
    person.press("Esc")
    assert not getattr(desk, OPENED[key]).isVisible()
    assert desk.session.case is not None
    before = desk.session.case
    person.press("J")
    assert desk.session.case != before
    person.press("Esc")
    assert desk.session.case is None


def test_that_esc_puts_an_error_away(open_desk: Any, keys: Any) -> None:
    desk = open_desk()
    person = keys(desk)
    person.press("A", "Ctrl+Z")
    assert desk.notice.words
    person.press("Esc")
    assert not desk.notice.words


def test_that_the_focus_is_seen_where_it_is(open_desk: Any, keys: Any) -> None:
    desk = open_desk()
    person = keys(desk)
    person.press("Ctrl+N", "Tab", "Tab")
    button = focused()
    with_focus = button.grab().toImage()
    person.press("Tab")
    assert button.grab().toImage() != with_focus


def test_that_the_time_strip_says_by_hover_and_to_the_keyboard_that_replay_comes_later(
    open_desk: Any, keys: Any
) -> None:
    desk = open_desk()
    person = keys(desk)
    assert "回放" in desk.times.toolTip()
    person.press("Tab")
    for _ in range(30):
        if focused() is desk.times:
            break
        person.press("Tab")
    assert focused() is desk.times
    assert "不起作用" in desk.times.accessibleDescription()
    assert "不起作用" in desk.notice.words
