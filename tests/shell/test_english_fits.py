"""In English, at the smallest window, no fixed word is Chinese and none is cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QWidget

from widgets.i18n import set_language, table

SMALL = (1366, 768)
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")


@pytest.fixture
def english(chinese: None) -> Iterator[None]:
    """Speak English while a test runs."""
    set_language("en")
    yield
    set_language("zh")


def fixed_words() -> set[str]:
    """Return every Chinese text of the table that stands alone, without blanks."""
    names = {"中文 / English"}  # a language is called by its own name
    known = {text for text in table("zh").values() if _CHINESE.search(text)}
    return {text for text in known if "{" not in text} - names


class Painted:
    """Remembers every text a painter draws, with the room it had."""

    def __init__(self, monkeypatch: Any) -> None:
        self.texts: list[str] = []
        draw = QPainter.drawText

        def remember(painter: Any, *args: Any) -> Any:
            self.texts += [one for one in args if isinstance(one, str)]
            return draw(painter, *args)

        monkeypatch.setattr(QPainter, "drawText", remember)


def shown_in(window: QWidget) -> Iterator[tuple[QWidget, str]]:
    """Yield every visible label and button of Qt's own with what it says."""
    for kind in (QLabel, QAbstractButton):
        for part in window.findChildren(kind):
            if part.isVisible() and part.text():
                yield part, part.text()


def check_labels(window: QWidget) -> None:
    """Fail where a visible label has less room than its words, or speaks Chinese of the table."""
    known = fixed_words()
    for part, text in shown_in(window):
        assert text not in known, f"{text!r} is Chinese"
        if isinstance(part, QLabel) and not part.wordWrap():
            wide = max(QFontMetrics(part.font()).horizontalAdvance(line) for line in
                       text.split("\n"))  # fmt: skip
            assert wide <= part.width() + 1, f"{text!r} needs {wide} px and has {part.width()}"
        assert part.height() >= QFontMetrics(part.font()).height() - 2, f"{text!r} is too low"
    for field in window.findChildren(QLineEdit):
        hint = field.placeholderText()
        wide = QFontMetrics(field.font()).horizontalAdvance(hint)
        assert not field.isVisible() or wide <= field.width() - 16, f"{hint!r} is cut"


def check_painted(window: QWidget, painted: Painted) -> None:
    """Fail where a painted text is a fixed English word cut short, or a fixed Chinese one."""
    painted.texts.clear()
    window.grab()
    chinese, cut = fixed_words(), []
    english = set(table("en").values())
    for text in painted.texts:
        assert text not in chinese, f"{text!r} is Chinese"
        if text.endswith("…") and text not in english:
            cut += [word for word in english if len(text) > 3 and word.startswith(text[:-1])]
    assert not cut


@pytest.fixture
def painted(monkeypatch: Any) -> Painted:
    """Watches what painters write from now on."""
    return Painted(monkeypatch)


def test_that_the_desk_in_english_fits_the_smallest_window(
    open_desk: Any, english: None, painted: Painted, keys: Any
) -> None:
    desk = open_desk(*SMALL)
    person = keys(desk)
    for step in ((), ("J",), ("Ctrl+N", "Ctrl+Return"), ("Esc", "F1"), ("Esc", "Ctrl+K"),
                 ("Esc", "Alt+1"), ("Esc", "X"), ("Esc", "A", "W", "S", "H")):  # fmt: skip
        person.press(*step)
        check_labels(desk)
        check_painted(desk, painted)


def test_that_empty_lists_in_english_fit(
    open_desk: Any, core: Any, english: None, painted: Painted
) -> None:
    core.rows.clear()
    desk = open_desk(*SMALL)
    for tab in ("to_dispatch", "mine", "due_soon", "returned", "open", "all"):
        desk.inbox.show_tab(tab)
        check_labels(desk)
        check_painted(desk, painted)


def test_that_the_field_in_english_fits_the_smallest_window(
    open_field: Any, english: None, painted: Painted, keys: Any
) -> None:
    field = open_field()
    person = keys(field)
    for step in ((), ("J",), ("S", "H"), ("Esc", "Ctrl+2"), ("Ctrl+3",), ("Ctrl+4",), ("Ctrl+5",),
                 ("F1",)):  # fmt: skip
        person.press(*step)
        check_labels(field)
        check_painted(field, painted)
        boxes = [box for _, box in field.bar._boxes]
        assert boxes[-1].right() < field.bar._who.left()


def test_that_the_tabs_of_the_list_never_touch(open_desk: Any, english: None) -> None:
    desk = open_desk(*SMALL)
    desk.grab()
    assert desk.inbox._tabs.gap >= 8
    set_language("zh")
    desk.retranslate()
    desk.grab()
    assert desk.inbox._tabs.gap >= 8


def test_that_every_button_of_the_field_is_44_pixels_high(
    open_field: Any, chinese: None, keys: Any
) -> None:
    field = open_field()
    person = keys(field)
    for step in (("J", "S", "H"), ("Esc", "Ctrl+3"), ("Ctrl+4",), ("Ctrl+5",)):
        person.press(*step)
        low = [
            (part.text(), part.height())
            for part in field.findChildren(QAbstractButton)
            if part.isVisible() and part.text() and part.height() < 44
        ]
        assert low == []


def test_that_the_window_itself_has_the_keys_when_it_opens(open_desk: Any, keys: Any) -> None:
    desk = open_desk()
    assert desk.focusWidget() in (None, desk)
