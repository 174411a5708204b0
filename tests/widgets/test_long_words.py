"""A long report takes little room until somebody asks for all of it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from widgets.long_words import LongWords


def test_that_long_words_are_folded_and_open_at_a_click(qtbot: Any) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    words = LongWords(parent)
    said = "渣土车长期超载。" * 60
    words.show_words(said)
    assert len(words._label.text()) < 100
    qtbot.mouseClick(words._more, Qt.MouseButton.LeftButton)
    assert words._label.text() == said
    words.show_words(said)
    assert words._label.text() == said
    words.show_words("别的" * 60)
    assert words._label.text().endswith("…")


def test_that_short_words_have_no_button_and_none_take_no_room(qtbot: Any) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    words = LongWords(parent)
    words.show_words("路灯不亮。另有两盏闪烁")
    assert words._more.isHidden()
    words.show_words("")
    assert words.isHidden()
