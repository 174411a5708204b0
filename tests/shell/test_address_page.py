"""Addresses are asked for and decided on at the desk, by keys alone, on a real city."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from app.assembly.gazetteers import build_beside
from app.assembly.live import open_core
from app.runtime.core import Core
from app.sample.tiny import create_tiny_city, desk_person
from app.services.address_asking import AddressRequests
from app.services.commands import Actor, ProposeAddress
from app.services.searching import AddressAt
from app.shell.bridge import Bridge
from app.shell.desk import Desk
from app.shell.session import Session
from app.shell.stage import Stage
from tests.support.fake_map import FakeMap
from widgets.address_page import AddressPage

ASKS = Actor(desk_person("supervisor"), "supervisor")  # type: ignore[arg-type]  # a StrEnum
LEADS = Actor(desk_person("shift_lead"), "shift_lead")  # type: ignore[arg-type]
HERE = (121.45, 31.15)


@pytest.fixture(scope="session")
def city_with_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("addresses") / "city"
    create_tiny_city(folder).close()
    build_beside(str(folder), None)
    return folder


@pytest.fixture
def folder(city_with_index: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(city_with_index, tmp_path / "city"))


@pytest.fixture
def core(folder: Path) -> Iterator[Core]:
    core = open_core(str(folder), watch=True)
    yield core
    core.close()


@pytest.fixture
def desk(core: Core, qtbot: Any, chinese: None) -> Iterator[Desk]:
    bridge = Bridge(core, None)
    desk = Desk(bridge, Session(None, theme="light"), Stage(FakeMap(), bridge))  # type: ignore[arg-type]
    desk.resize(1600, 900)
    desk.show()
    desk.open()
    desk.session.become(LEADS.person, "陈静", "shift_lead")
    yield desk
    desk.close()
    desk.deleteLater()


def ask(core: Core, name: str) -> None:
    command = ProposeAddress(ASKS, "new", None, {"name": name}, "", *HERE, "新开业")
    core.submit(command).result()


def open_page(desk: Desk, qtbot: Any) -> AddressPage:
    qtbot.keyClick(
        desk, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    page = desk.addresses.page
    qtbot.waitUntil(page.isVisible)
    return page


def rows(page: AddressPage) -> list[str]:
    return [page._list.item(i).text() for i in range(page._list.count())]


def keep_picture(page: AddressPage, name: str) -> None:
    """Keep a picture to be looked at where a folder for them is named."""
    if folder := os.environ.get("WANGGE_PICTURES"):
        page.window().grab().save(f"{folder}/{name}.png")


def test_that_a_request_is_seen_and_approved_by_keys_with_a_reason(
    desk: Desk, core: Core, qtbot: Any
) -> None:
    ask(core, "梧桐茶馆")
    page = open_page(desk, qtbot)
    qtbot.waitUntil(lambda: len(rows(page)) == 1)
    assert "新增  梧桐茶馆" in rows(page)[0]
    assert "新开业" in rows(page)[0]
    qtbot.keyClick(page._list, Qt.Key.Key_A)
    keep_picture(page, "address_approve")
    page._prompt._words.insertPlainText("现场核实")
    qtbot.keyClick(page._prompt._words, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: rows(page) == [])
    assert "没有待定的申请" in page._empty.text()
    (approved,) = core.ask(AddressRequests("approved")).result()
    assert approved.answer == "现场核实"
    qtbot.keyClick(page._list, Qt.Key.Key_T)
    qtbot.waitUntil(lambda: len(rows(page)) == 1)
    qtbot.keyClick(page._list, Qt.Key.Key_H)
    qtbot.waitUntil(lambda: "现场核实" in page._more.text())
    keep_picture(page, "address_history")


def test_that_who_asks_is_told_why_he_does_not_decide(desk: Desk, core: Core, qtbot: Any) -> None:
    page = open_page(desk, qtbot)
    qtbot.keyClick(page._list, Qt.Key.Key_N)
    page.form._words.insert("弄堂书店")
    qtbot.keyClick(page.form._words, Qt.Key.Key_Return)
    page.form._reason.insert("居民反映")
    qtbot.keyClick(page.form._reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(rows(page)) == 1)
    qtbot.keyClick(page._list, Qt.Key.Key_X)
    page._prompt._words.insertPlainText("重复")
    qtbot.keyClick(page._prompt._words, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(page._wrong.text()))
    keep_picture(page, "address_refused_self")
    assert page._prompt._words.toPlainText() == "重复", "what was written stays"
    assert len(rows(page)) == 1


def test_that_requests_of_other_processes_appear_by_themselves(
    desk: Desk, folder: Path, qtbot: Any
) -> None:
    page = open_page(desk, qtbot)
    qtbot.waitUntil(lambda: "没有待定" in page._empty.text())
    other = open_core(str(folder))
    try:
        ask(other, "新泾桥")
    finally:
        other.close()
    qtbot.waitUntil(lambda: len(rows(page)) == 1, timeout=10_000)


def test_that_a_place_here_is_renamed_by_keys(desk: Desk, core: Core, qtbot: Any) -> None:
    ask(core, "老茶馆")
    page = open_page(desk, qtbot)
    qtbot.waitUntil(lambda: len(rows(page)) == 1)
    qtbot.keyClick(page._list, Qt.Key.Key_A)
    page._prompt._words.insertPlainText("属实")
    qtbot.keyClick(page._prompt._words, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: rows(page) == [])
    page.turn_to("here")
    qtbot.waitUntil(lambda: any("老茶馆" in row for row in rows(page)))
    qtbot.keyClick(page._list, Qt.Key.Key_R)
    page.form._words.insert("新茶馆")
    page.form._reason.insert("换了招牌")
    qtbot.keyClick(page.form._reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(core.ask(AddressRequests("open")).result()) == 1)
    (asked,) = core.ask(AddressRequests("open")).result()
    assert (asked.change, asked.title, asked.said) == ("rename", "老茶馆", "新茶馆")


def test_that_who_asked_takes_it_back_by_a_key(desk: Desk, core: Core, qtbot: Any) -> None:
    ask(core, "梧桐茶馆")
    desk.session.become(ASKS.person, "王五", "supervisor")
    page = open_page(desk, qtbot)
    qtbot.waitUntil(lambda: len(rows(page)) == 1)
    qtbot.keyClick(page._list, Qt.Key.Key_W)
    qtbot.waitUntil(lambda: len(core.ask(AddressRequests("withdrawn")).result()) == 1)
    qtbot.waitUntil(lambda: rows(page) == [])


def test_that_two_who_ask_apart_see_each_other(desk: Desk, core: Core, qtbot: Any) -> None:
    (near, *_) = core.ask(AddressAt(*HERE)).result().nearest
    for name in ("甲馆", "乙馆"):
        core.submit(ProposeAddress(ASKS, "rename", near.uid, {"name": name})).result()
    page = open_page(desk, qtbot)
    qtbot.waitUntil(lambda: len(rows(page)) == 2)
    assert all("另有未决申请：改名" in row for row in rows(page))
    keep_picture(page, "address-rivals")
