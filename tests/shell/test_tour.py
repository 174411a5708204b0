"""The tour opens every station on a core and leaves pictures that are not blank."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage

from app.shell.application import build_station, close_station
from app.shell.tour import run_tour, wait_until


def test_that_a_tour_leaves_at_least_sixteen_pictures_and_a_summary(
    core: Any, tmp_path: Path, qapp: Any, chinese: None
) -> None:
    played = []

    def shift(walk: Any) -> None:
        played.append(walk.window.feed.store.counts()["open"])

    summary = run_tour(core, tmp_path, script=shift)
    assert played == [11]
    assert len(summary["pictures"]) >= 16
    assert json.loads((tmp_path / "summary.json").read_text("utf-8")) == summary
    for name in summary["pictures"]:
        assert len(colours(QImage(str(tmp_path / name)))) > 5, name
    for key in ("reported", "closed", "readings", "gap_p99_ms", "gap_max_ms"):
        assert key in summary


def colours(image: QImage) -> set[int]:
    return {
        image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)
    }


def test_that_a_tour_can_be_limited(core: Any, tmp_path: Path, qapp: Any, chinese: None) -> None:
    summary = run_tour(core, tmp_path, stations=("field",), langs=("en",), sizes=((1366, 768),))
    faces = ("tasks", "map", "form", "camera-empty", "camera", "sync-empty", "sync")
    assert summary["pictures"] == [f"field-en-{face}.png" for face in faces]
    assert QImage(str(tmp_path / "field-en-map.png")).width() == 1366


def test_that_an_unknown_station_is_refused(core: Any, qapp: Any) -> None:
    with pytest.raises(ValueError, match="kitchen"):
        build_station("kitchen", core)


def test_that_a_city_without_a_map_says_how_to_get_one(core: Any, qapp: Any, chinese: None) -> None:
    window = build_station("desk", core)
    window.resize(1920, 1080)
    window.show()
    window.open()
    assert wait_until(lambda: window.feed.is_open)
    assert "city new" in window.stage.view._empty_text
    close_station(window)


def test_that_waiting_ends_when_time_is_up(qapp: Any) -> None:
    assert not wait_until(lambda: False, 30)
