"""The inbox's model keeps Qt's rules while the store changes under it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import QModelIndex, QObject

from app.services.changes import CaseRow, Changes
from app.store import Store
from widgets.inbox import Inbox
from widgets.models.case_list import ROW_ROLE, CaseListModel
from widgets.theme import load_theme

NOW = 1_795_415_527_000


def row(number: int, **values: Any) -> CaseRow:
    base = CaseRow(
        uid=UUID(int=number), receipt=f"S{number}", number="", step="filed", matter="",
        matter_name="", title=f"case {number}", address="", lon=121.4, lat=31.2, grid=None,
        grid_code="", street=None, district=None, unit=None, unit_name="", person=None,
        person_name="", source="", reported_ms=NOW, due_ms=NOW + number * 60_000,
        due_clock="dispatching", returned=0, reworked=0, auto=False, urgent=False, is_open=True,
        changed_ms=NOW, closed_ms=None, sample=True,
    )  # fmt: skip
    return replace(base, **values)


@pytest.fixture
def owner(qapp: Any) -> Any:
    made = QObject()
    yield made
    made.deleteLater()


def test_that_the_model_obeys_qt_while_rows_come_change_and_go(
    owner: QObject, qtmodeltester: Any
) -> None:
    store = Store()
    model = CaseListModel(store, "to_dispatch", owner)
    qtmodeltester.check(model, force_py=False)
    for number in range(1, 30):
        model.take(store.apply(Changes(cases=(row(number * 7 % 31),))))
    for number in range(1, 30, 3):
        moved = row(number, due_ms=NOW - number, changed_ms=NOW + 1)
        model.take(store.apply(Changes(cases=(moved,))))
    for number in range(1, 30, 4):
        model.take(store.apply(Changes(gone=(UUID(int=number),))))
    assert model.rowCount() == store.counts()["to_dispatch"]


def test_that_a_row_has_no_children(owner: QObject) -> None:
    store = Store()
    store.apply(Changes(cases=(row(1),)))
    model = CaseListModel(store, "open", owner)
    assert model.rowCount(model.index(0, 0)) == 0


def test_that_a_case_is_found_where_it_stands(owner: QObject) -> None:
    store = Store()
    store.apply(Changes(cases=tuple(row(n) for n in range(1, 9))))
    model = CaseListModel(store, "open", owner)
    index = model.index_of(UUID(int=5))
    assert index.row() == 4
    assert index.data(ROW_ROLE).uid == UUID(int=5)
    assert not model.index_of(UUID(int=99)).isValid()
    assert model.data(QModelIndex()) is None


def test_that_the_chosen_case_stays_chosen_while_others_come(qtbot: Any) -> None:
    store = Store()
    store.apply(Changes(cases=tuple(row(n) for n in range(10, 20))))
    parent = Inbox(store, load_theme("light"), lambda: NOW, None)  # type: ignore[arg-type]
    qtbot.addWidget(parent)
    parent.step(1)
    parent.step(1)
    assert parent.current() == UUID(int=11)
    for number in range(1, 6):
        parent.take(store.apply(Changes(cases=(row(number),))))
    assert parent.current() == UUID(int=11)


def test_that_after_a_case_left_the_next_key_takes_the_one_in_its_place(qtbot: Any) -> None:
    store = Store()
    store.apply(Changes(cases=tuple(row(n) for n in range(10, 15))))
    inbox = Inbox(store, load_theme("light"), lambda: NOW, None)  # type: ignore[arg-type]
    qtbot.addWidget(inbox)
    inbox.step(1)
    inbox.step(1)
    inbox.take(store.apply(Changes(cases=(row(11, step="dispatched", changed_ms=NOW + 1),))))
    assert inbox.current() is None
    inbox.step(1)
    assert inbox.current() == UUID(int=12)


def test_that_two_hundred_thousand_rows_cost_no_more_than_those_in_sight(qtbot: Any) -> None:
    store, base = Store(), row(1)
    many = tuple(replace(base, uid=UUID(int=n), due_ms=NOW + n) for n in range(1, 200_001))
    store.apply(Changes(cases=many))
    inbox = Inbox(store, load_theme("light"), lambda: NOW, None)  # type: ignore[arg-type]
    qtbot.addWidget(inbox)
    inbox.setMinimumSize(400, 900)
    inbox.show()
    began = time.perf_counter()
    inbox.take(store.apply(Changes(cases=(row(300_000, due_ms=NOW),))))
    inbox.select(UUID(int=150_000))
    inbox.grab()
    assert time.perf_counter() - began < 0.5
    assert inbox.model.rowCount() == 200_001
