"""The wall tells one alarm at a time and goes back; the field always says what is not sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from PySide6.QtCore import Qt

from app.services.changes import Changes

FLOOD = UUID(int=101)


def test_that_a_critical_case_moves_the_map_there_and_back(
    open_wall: Any, core: Any, qtbot: Any
) -> None:
    wall = open_wall()
    wall._look_for_alarm()
    row = core.rows[FLOOD]
    assert wall.alarm.uid == FLOOD
    assert wall.card.isVisible()
    assert ("fly", row.lon, row.lat, 1.2) in wall.stage.view.flights
    wall._back.setInterval(1)
    wall._back.start()
    qtbot.waitUntil(lambda: wall.alarm is None)
    assert not wall.card.isVisible()
    assert wall.stage.view.flights[-1] == ("fit", None)


def test_that_the_same_case_is_told_once(open_wall: Any) -> None:
    wall = open_wall()
    wall._look_for_alarm()
    wall.end_alarm()
    wall._look_for_alarm()
    assert wall.alarm is None


def test_that_the_alarm_says_who_goes_once_somebody_is_sent(
    open_wall: Any, core: Any, qtbot: Any
) -> None:
    wall = open_wall()
    wall._look_for_alarm()
    assert "尚未派遣" in wall.card.text
    sent = replace(core.rows[FLOOD], unit=UUID(int=20), unit_name="排水所", person=UUID(int=11),
                   person_name="李强", changed_ms=core.now + 1)  # fmt: skip
    core.publish(Changes(cases=(sent,)))
    qtbot.waitUntil(lambda: "李强" in wall.card.text)


def test_that_the_smallest_text_of_a_wall_is_32_pixels_at_3840(open_wall: Any) -> None:
    wall = open_wall()
    for part in wall._parts():
        assert part.scale == 0.5
    sizes = [36, 34, 40, 44]
    assert min(wall.head.px(size) for size in sizes) >= 16


def test_that_a_wall_asks_nothing_of_anybody(open_wall: Any) -> None:
    wall = open_wall()
    assert wall.cursor().shape() is Qt.CursorShape.BlankCursor
    assert all(
        part.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        for part in wall._parts()
    )


def test_that_stale_readings_are_said_to_be_stale(open_wall: Any, core: Any, qtbot: Any) -> None:
    wall = open_wall()
    core.publish(Changes(signs=core.make_signs()))
    qtbot.waitUntil(lambda: len(wall.feed.store.signs) == 6)
    wall._on_tick()
    assert wall.head.right_state == ""
    core.now += 5 * 60_000
    wall._on_tick()
    assert wall.head.right_state == "attention"
    wall.grab()


def test_that_the_field_shows_only_my_tasks(open_field: Any) -> None:
    field = open_field()
    assert field.inbox.model.rowCount() == 3


def test_that_a_task_is_taken_and_done_in_the_field(open_field: Any, core: Any, qtbot: Any) -> None:
    field = open_field()
    field.inbox.step(1)
    qtbot.waitUntil(lambda: field.panel.sheet is not None)
    case = field.session.case
    qtbot.keyClick(field, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: field.panel.sheet.state.step == "signed")
    qtbot.keyClick(field, Qt.Key.Key_H)
    field.panel._words._words.setPlainText("已清理")
    field.panel._words._on_confirmed()
    qtbot.waitUntil(lambda: core.rows[case].step == "handled")


def test_that_targets_in_the_field_are_big_enough_for_gloves(open_field: Any) -> None:
    field = open_field()
    field.inbox.step(1)
    assert field.inbox._delegate.row_height >= 44
    assert all(button.sizeHint().height() >= 44 for button in field.panel._buttons)
    field.bar.grab()
    assert all(box.height() >= 44 for _, box in field.bar._boxes)


def test_that_what_is_saved_and_what_waits_is_in_sight_on_every_page(open_field: Any) -> None:
    field = open_field()
    for face in ("tasks", "map", "form", "camera", "sync"):
        field.show_face(face)
        assert field.line.isVisible()
        assert "本机城市" in field.line.accessibleName()
    field.grab()


def test_that_the_faces_of_the_field_change_by_touch(open_field: Any, qtbot: Any) -> None:
    field = open_field()
    field.bar.grab()
    boxes = dict(field.bar._boxes)
    qtbot.mouseClick(field.bar, Qt.MouseButton.LeftButton, pos=boxes["map"].center().toPoint())
    assert field.stage.widget.isVisible()
    qtbot.mouseClick(field.bar, Qt.MouseButton.LeftButton, pos=boxes["form"].center().toPoint())
    assert field.form.isVisible()
