"""The form of a move follows from what the workflow requires."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget

from app.domain.workflow import Chain
from widgets.i18n import set_language
from widgets.move_form import MoveForm, asked_of, day_of
from widgets.theme import load_theme

NOW = 1_795_415_527_000  # 2026-11-23 14:32:07 in Shanghai
CHAINS = (
    Chain("delay", "routine", "一般延期", "Routine", (("shift_lead",),)),
    Chain("delay", "engineering", "工程类", "Works", (("unit_leader",), ("duty_leader",))),
)


@pytest.fixture
def form(qtbot: Any) -> Iterator[MoveForm]:
    set_language("zh")
    page = QWidget()
    qtbot.addWidget(page)
    yield MoveForm(load_theme("light"), page)
    page.close()


def test_that_an_extension_is_asked_for_with_number_unit_and_grade(form: MoveForm) -> None:
    asked = asked_of(("reason", "amount"), CHAINS)
    form.ask("delay", "延期", asked, CHAINS, now_ms=NOW)
    given: list[Any] = []
    form.given.connect(lambda name, fields: given.append((name, fields)))
    form.fill("reason", "连日降雨")
    form.fill("amount", "three")
    form.confirm()
    assert not given
    assert form.wrong("amount")
    form.fill("amount", "3")
    form.fill("grade", "engineering")
    form.confirm()
    assert given == [
        ("delay", {"reason": "连日降雨", "amount": "3", "amount_unit": "work_day",
                   "grade": "engineering"}),
    ]  # fmt: skip


def test_that_two_photos_are_needed_before_a_case_fixed_on_the_spot_is_told(
    form: MoveForm,
) -> None:
    form.ask("fix", "立查立改", asked_of(("matter", "note", "two_photos"), ()), now_ms=NOW)
    form.fill("note", "已清理")
    form.confirm()
    assert "2" in form.wrong("two_photos")
    form.take_photos(2)
    form.confirm()
    assert not form.wrong("two_photos")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("+30", date(2026, 12, 23)),
        ("2026-12-01", date(2026, 12, 1)),
        ("01-05", date(2027, 1, 5)),
        ("soon", None),
    ],
)
def test_that_a_day_is_read_as_people_write_it(text: str, day: date | None) -> None:
    assert day_of(text, date(2026, 11, 23)) == day
