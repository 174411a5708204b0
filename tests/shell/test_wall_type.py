"""What a wall writes can be read at ten metres: nothing under 32 px on 3,840."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtGui import QPainter

from app.services.changes import Changes
from app.shell.wall import alarm_sentence


@pytest.fixture
def sizes(monkeypatch: Any) -> list[tuple[int, str]]:
    """The pixel size of every text painted from now on."""
    seen: list[tuple[int, str]] = []
    draw = QPainter.drawText

    def remember(painter: Any, *args: Any) -> Any:
        seen.extend((painter.font().pixelSize(), one) for one in args if isinstance(one, str))
        return draw(painter, *args)

    monkeypatch.setattr(QPainter, "drawText", remember)
    return seen


def test_that_the_smallest_text_painted_on_a_wall_is_32_pixels(
    open_wall: Any, core: Any, qtbot: Any, sizes: list[tuple[int, str]]
) -> None:
    wall = open_wall()
    wall.resize(3840, 2160)
    core.publish(Changes(signs=core.make_signs()))
    qtbot.waitUntil(lambda: len(wall.feed.store.signs) == 6)
    wall._look_for_alarm()
    wall._on_tick()
    sizes.clear()
    wall.grab()
    small = [(px, text) for px, text in sizes if text and px < 32]
    assert len(sizes) > 30
    assert small == []


def test_that_every_number_of_a_card_carries_its_age_and_fades_when_it_is_old(
    open_wall: Any, core: Any, qtbot: Any, sizes: list[tuple[int, str]]
) -> None:
    wall = open_wall()
    core.publish(Changes(signs=core.make_signs()))
    qtbot.waitUntil(lambda: len(wall.feed.store.signs) == 6)
    wall._on_tick()
    card = wall.cards[0]
    fresh = card.grab().toImage()
    sizes.clear()
    card.grab()
    assert any("秒前" in text for _, text in sizes)
    core.now += 5 * 60_000
    wall._on_tick()
    assert card.grab().toImage() != fresh
    sizes.clear()
    card.grab()
    assert any("5 分钟前" in text for _, text in sizes)


def test_that_an_alarm_says_in_one_sentence_how_bad_who_goes_and_by_when(core: Any) -> None:
    row = next(row for row in core.rows.values() if row.urgent)
    said = alarm_sentence(row, core.now)
    assert said.count("。") == 1
    for word in ("紧急", "40 分钟前上报", "尚未派遣", "应在 14:29 前完成"):
        assert word in said
