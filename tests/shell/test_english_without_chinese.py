"""A visitor who reads English meets Chinese only where a citizen or an officer said it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QListWidget

from app.assembly.live import build_core, load_signs
from app.assembly.stores import open_store
from app.sample.shift import Shift
from app.sample.tiny import create_tiny_city
from app.shell.application import build_station, close_station
from tests.support.person import Keys
from widgets.i18n import set_language

START_MS = 1_790_130_600_000  # 2026-09-23, a working day
_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_OWN = {"中文"}  # a language is called by its own name


class Visitor:
    """Looks at one window and remembers each Chinese word that nobody said."""

    def __init__(self, window: Any, painted: list[str]) -> None:
        self._window, self._painted = window, painted
        self.met: dict[str, str] = {}

    def look(self, where: str) -> None:
        """Look at all that is painted or stands in Qt's own labels, lists and buttons."""
        self._painted.clear()
        self._window.grab()
        said = self._said()
        for text in (*self._painted, self._window.windowTitle(), *self._standing()):
            for word in _CHINESE.findall(text):
                if word not in _OWN and not any(word in one for one in said):
                    self.met.setdefault(text, where)

    def _standing(self) -> Iterator[str]:
        for kind in (QLabel, QAbstractButton):
            for part in self._window.findChildren(kind):
                if part.isVisible():
                    yield part.text()
        for field in self._window.findChildren(QLineEdit):
            yield field.placeholderText()
        for names in self._window.findChildren(QListWidget):
            yield from (names.item(at).text() for at in range(names.count()))

    def _said(self) -> list[str]:
        store = self._window.feed.store
        said = [store.row_at(int(slot)).title for slot in store.order("all")]
        panel = getattr(self._window, "panel", None)
        if panel is not None and panel.sheet is not None:
            said += panel.sheet.words.values()
        return said


@pytest.fixture
def painted(monkeypatch: Any) -> list[str]:
    """Every text painted from now on."""
    texts: list[str] = []
    draw = QPainter.drawText

    def remember(painter: Any, *args: Any) -> Any:
        texts.extend(one for one in args if isinstance(one, str))
        return draw(painter, *args)

    monkeypatch.setattr(QPainter, "drawText", remember)
    return texts


@pytest.fixture
def open_station(tmp_path: Path, qtbot: Any, qapp: Any) -> Iterator[Any]:
    """Opens stations in English on the tiny city after an hour of its shift."""
    folder = tmp_path / "city"
    create_tiny_city(folder).close()
    clock = [START_MS]
    live = build_core(str(folder), now_ms=lambda: clock[0])
    shift = Shift(live.core, folder, load_signs(), seed=1, speed=1, reports_an_hour=30)
    for _ in range(30):
        clock[0] += 120_000
        shift.beat()
        assert live.core.drain()
    shift.close()
    store = open_store(folder, live.core.facts, lambda _stage, _share: None)
    made = []

    def start(name: str) -> Any:
        window: Any = build_station(name, live.core, lang="en", city_store=store)
        made.append(window)
        window.resize(1920, 1080)
        window.show()
        window.open()
        qtbot.waitUntil(lambda: window.feed.is_open and window.bridge.waiting == 0)
        return window

    yield start
    for window in made:
        close_station(window)
    live.core.close()
    set_language("zh")


def test_that_the_desk_in_english_shows_no_chinese_but_what_was_said(
    open_station: Any, qtbot: Any, painted: list[str]
) -> None:
    desk = open_station("desk")
    person, visitor = Keys(qtbot, desk), Visitor(desk, painted)
    visitor.look("at first")
    for tab in ("to_dispatch", "mine", "due_soon", "returned", "open", "all"):
        desk.inbox.show_tab(tab)
        visitor.look(f"list {tab}")
    for tab, keys in (("to_dispatch", ("J", "D")), ("open", ("J", "W")), ("open", ("Esc", "J"))):
        desk.inbox.show_tab(tab)
        for key in keys:
            person.press(key)
            visitor.look(f"{tab} after {key}")
    for slot in desk.feed.store.order("open")[:12]:
        desk.session.choose(desk.feed.store.row_at(int(slot)).uid)
        qtbot.waitUntil(lambda: desk.bridge.waiting == 0)
        visitor.look("a case")
    person.press("Ctrl+Shift+L", "Ctrl+Shift+L")
    visitor.look("to Chinese and back")
    for keys in (("Ctrl+N", "Ctrl+Return"), ("Esc", "F1"), ("Esc", "Alt+1"), ("Esc", "Ctrl+K")):
        person.press(*keys)
        visitor.look(" ".join(keys))
    for asked in ("汾阳路", "徐汇", "街道", "310104"):
        desk.palette_box.type_text(asked)
        qtbot.waitUntil(lambda: not desk.palette_box.is_searching)
        visitor.look(f"search {asked}")
    assert visitor.met == {}


def test_that_the_wall_in_english_shows_no_chinese_but_what_was_said(
    open_station: Any, painted: list[str]
) -> None:
    wall = open_station("wall")
    visitor = Visitor(wall, painted)
    visitor.look("at first")
    for slot in wall.feed.store.order("open")[:6]:
        wall.raise_alarm(wall.feed.store.row_at(int(slot)))
        visitor.look("alarm")
    assert visitor.met == {}


def test_that_the_field_in_english_shows_no_chinese_but_what_was_said(
    open_station: Any, qtbot: Any, painted: list[str]
) -> None:
    field = open_station("field")
    visitor = Visitor(field, painted)
    store = field.feed.store
    row = next(
        one for slot in store.order("open") if (one := store.row_at(int(slot))).person is not None
    )
    field.session.become(row.person, row.person_name, "handler")
    field.session.choose(row.uid)
    qtbot.waitUntil(lambda: field.bridge.waiting == 0)
    for face in ("tasks", "map", "form", "camera", "sync"):
        field.show_face(face)
        visitor.look(face)
    assert visitor.met == {}
