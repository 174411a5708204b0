"""A window stands where it was left; what a person prefers is remembered when it changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QRect, QSettings
from PySide6.QtWidgets import QWidget

from app.shell.application import Remember, build_station, close_station
from app.shell.geometry import keep_place, show_where_it_was


@pytest.fixture
def window(qtbot: Any, tmp_path: Path) -> QWidget:
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(tmp_path))
    made = QWidget()
    qtbot.addWidget(made)
    return made


def test_that_a_first_window_fills_a_small_screen(window: QWidget) -> None:
    show_where_it_was(window, "desk")
    assert window.isMaximized()
    assert window.normalGeometry().size() == window.screen().availableSize()


def test_that_a_window_stands_where_it_was_left(window: QWidget, qtbot: Any) -> None:
    window.setGeometry(QRect(40, 60, 500, 400))
    window.show()
    keep_place(window, "desk")
    again, field = QWidget(), QWidget()
    for one in (again, field):
        qtbot.addWidget(one)
    show_where_it_was(again, "desk")
    show_where_it_was(field, "field")
    assert again.size() == window.size()
    assert field.size() != window.size()


def test_that_the_wall_is_the_screen(window: QWidget) -> None:
    show_where_it_was(window, "wall")
    assert window.isFullScreen()
    keep_place(window, "wall")
    assert QSettings("wangge", "window").value("geometry/wall") is None


@pytest.mark.parametrize(
    ("station", "kept"),
    [("desk", [{"theme": "dark"}, {"lang": "en"}]), ("field", [{"lang": "en"}])],
)
def test_that_changes_of_theme_and_language_are_remembered(
    station: str, kept: list[dict[str, str]], core: Any, qapp: Any, chinese: None
) -> None:
    heard: list[dict[str, str]] = []

    def keep(**changes: str) -> None:
        heard.append(changes)

    window = build_station(station, core)
    Remember(window, keep)
    window.session.turn_theme()
    window.session.turn_language()
    assert heard == kept
    close_station(window)
