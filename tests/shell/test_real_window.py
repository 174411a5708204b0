"""The main job on real input, in the real window by its keys; leaves pictures of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import Qt

from app.assembly.live import build_core
from app.assembly.stores import open_store
from app.shell.application import build_station, close_station
from tests.support.real_city import (
    ANY_MATTER,
    Address,
    make_real_city,
    real_addresses,
    real_messages,
)
from widgets.map_picks import PlaceClicked

pytestmark = [pytest.mark.shared_data, pytest.mark.timeout(600)]
PICTURES = Path(__file__).resolve().parents[2] / "build" / "real_input"
SHOWN = (0, 7, 21)  # messages whose case is pictured


def silent(_stage: str, _share: float) -> None:
    """Show nothing."""


@pytest.fixture
def desk(tmp_path: Path, shared_data: Path, qapp: Any) -> Iterator[Any]:
    """A desk's window on the city of real streets."""
    folder = tmp_path / "city"
    make_real_city(folder, shared_data)
    live = build_core(str(folder), dispatch=False)
    window: Any = build_station(
        "desk", live.core, city_store=open_store(folder, live.core.facts, silent)
    )
    window.resize(1920, 1080)
    window.show()
    window.open()
    yield window
    close_station(window)
    live.core.close()


class Officer:
    """Works at a desk by its keys."""

    def __init__(self, desk: Any, qtbot: Any) -> None:
        self._desk, self._qtbot = desk, qtbot

    def press(self, key: str, control: bool = False) -> None:
        modifier = Qt.KeyboardModifier.ControlModifier if control else Qt.KeyboardModifier(0)
        self._qtbot.keyClick(self._desk, getattr(Qt.Key, f"Key_{key}"), modifier)
        self._settled()

    def report(self, words: str, address: Address) -> UUID:
        """Take a message in by the form and the map; return its case."""
        desk = self._desk
        desk.session.choose(None)
        desk.work.take_role("dispatcher")
        self._settled()
        self.press("N", control=True)
        desk.form.fill(words, address[2])
        desk.stage.view.place_clicked.emit(PlaceClicked(address[0], address[1]))
        desk.form.submit()
        self._qtbot.waitUntil(lambda: desk.panel.sheet is not None)
        case: UUID = desk.panel.sheet.row.uid
        return case

    def send(self) -> None:
        """Send the case if the rule has not: by the suggestion, or by a chosen matter."""
        desk = self._desk
        if self.step() == "reported" and not desk.panel.sheet.suggestion.matters:
            desk.work.choose_matter(ANY_MATTER)
            self._settled()
        if self.step() in ("reported", "filed"):
            self.press("A")
        self.wait_for("dispatched")

    def bring_to_close(self) -> None:
        """Sign, handle, check and close it, each in the role that may."""
        desk = self._desk
        for key, step in (("S", "signed"), ("H", "handled"), ("P", "checked"), ("C", "closed")):
            if not desk.panel.press(key):
                self.press("W")
                assert desk.panel.press(key), (key, self.step())
            if key == "H":
                desk.panel._words._words.setPlainText("已到现场处理")
                desk.panel._words._on_confirmed()
            self.wait_for(step)

    def step(self) -> str:
        """Return where the case of the sheet stands."""
        return str(self._desk.panel.sheet.state.step)

    def wait_for(self, step: str) -> None:
        """Wait until the sheet shows `step`."""
        self._qtbot.waitUntil(lambda: self.step() == step, timeout=10_000)
        self._settled()

    def _settled(self) -> None:
        self._qtbot.waitUntil(lambda: self._desk.bridge.waiting == 0)


def test_that_forty_real_messages_go_the_whole_way_by_key(
    desk: Any, qtbot: Any, shared_data: Path
) -> None:
    officer = Officer(desk, qtbot)
    places = iter(real_addresses(shared_data))
    PICTURES.mkdir(parents=True, exist_ok=True)
    done = []
    for number, words in enumerate(real_messages(shared_data)):
        case = officer.report(words, next(places))
        officer.send()
        if number in SHOWN:
            row = desk.panel.sheet.row
            desk.stage.show_street(row.lon, row.lat)
            desk.stage.view.wait_sharp(10_000)
            assert desk.grab().save(str(PICTURES / f"message-{number:02d}.png"))
        officer.bring_to_close()
        done.append(case)
    assert len(set(done)) == 40
    assert desk.feed.store.counts()["open"] == 0
