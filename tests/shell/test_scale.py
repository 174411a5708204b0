"""Desk and field are drawn twice as large on a screen of many small pixels."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.shell.scale import ScreenLook, factor_for, offer_fine_screen


@pytest.mark.parametrize(
    ("station", "size", "ratio", "factor"),
    [
        ("desk", (3840, 2160), 1.0, 2.0),
        ("field", (3840, 2160), 1.0, 2.0),
        ("wall", (3840, 2160), 1.0, 1.0),
        ("desk", (1920, 1080), 1.0, 1.0),
        ("desk", (1920, 1080), 2.0, 1.0),
        ("desk", (3840, 2160), 1.5, 1.0),
        ("desk", (3440, 1440), 1.0, 1.0),
    ],
)
def test_that_only_small_pixels_that_nobody_scales_are_enlarged(
    station: str, size: tuple[int, int], ratio: float, factor: float
) -> None:
    assert factor_for(station, *size, ratio) == factor


def test_that_a_factor_set_by_a_person_wins() -> None:
    environ = {"QT_SCALE_FACTOR": "1"}
    assert ScreenLook("desk", environ).choose() == 1.0
    assert environ == {"QT_SCALE_FACTOR": "1"}


def test_that_no_screen_is_looked_for_offscreen() -> None:
    environ = {"QT_QPA_PLATFORM": "offscreen"}
    look = ScreenLook("desk", environ)
    assert look._process is None
    assert look.choose() == 1.0


def test_that_a_screen_that_cannot_be_seen_leaves_the_factor_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    monkeypatch.setenv("DISPLAY", ":987")
    environ: dict[str, str] = {}
    assert ScreenLook("desk", environ).choose() == 1.0
    assert environ == {}


def test_that_what_the_look_says_becomes_the_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.shell.scale._LOOK", "print(3840, 2160, 1.0)")
    environ: dict[str, str] = {}
    assert ScreenLook("desk", environ).choose() == 2.0
    assert environ == {"QT_SCALE_FACTOR": "2"}


def test_that_the_fine_screen_has_two_pixels_for_one(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("QT_")}
    environ["QT_QPA_PLATFORM"] = "offscreen"
    offer_fine_screen(tmp_path, environ)
    look = (
        "from PySide6.QtWidgets import QApplication, QWidget\n"
        "a = QApplication([]); w = QWidget(); s = a.screens()[1]\n"
        "w.setScreen(s); w.move(s.geometry().topLeft()); w.resize(1920, 1080)\n"
        "w.show(); p = w.grab(); print(p.width(), p.height(), p.devicePixelRatio())"
    )
    said = subprocess.run(
        [sys.executable, "-c", look], env=environ, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["3840", "2160", "2.0"]


def test_that_a_display_is_left_as_it_is(tmp_path: Path) -> None:
    environ = {"QT_QPA_PLATFORM": "xcb"}
    offer_fine_screen(tmp_path, environ)
    assert environ == {"QT_QPA_PLATFORM": "xcb"}
    assert not list(tmp_path.iterdir())
