"""Everything from the lanes arrives in the window's thread, once, and only where it is wanted."""

from __future__ import annotations

import threading
from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QObject, QThread

from app.services.changes import Changes
from app.shell.bridge import Bridge, join
from app.shell.loop import GapMeter, IdleCollector


class Hearer(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Any] = []
        self.threads: list[Any] = []

    def hear(self, thing: Any) -> None:
        self.heard.append(thing)
        self.threads.append(QThread.currentThread())


@pytest.fixture
def bridge(core: Any, qapp: Any) -> Generator[Bridge]:
    made = Bridge(core)
    yield made
    if made._open:
        made.close()
    made.deleteLater()


def test_that_changes_of_a_lane_arrive_in_the_windows_thread(
    bridge: Bridge, core: Any, qtbot: Any, qapp: Any
) -> None:
    hearer = Hearer()
    bridge.changed.connect(hearer.hear)
    lane = threading.Thread(target=core.publish, args=(Changes(revision=7),))
    lane.start()
    lane.join()
    assert hearer.heard == []
    qtbot.waitUntil(lambda: len(hearer.heard) == 1)
    assert hearer.heard[0].revision == 7
    assert hearer.threads == [qapp.thread()]


def test_that_a_burst_becomes_one_delivery(bridge: Bridge, core: Any, qtbot: Any) -> None:
    hearer = Hearer()
    bridge.changed.connect(hearer.hear)
    for revision in range(1, 101):
        core.publish(Changes(revision=revision, readings=2))
    qtbot.waitUntil(lambda: bool(hearer.heard))
    assert [(one.revision, one.readings) for one in hearer.heard] == [(100, 200)]


def test_that_joined_changes_keep_the_newest_row_of_each_case(core: Any) -> None:
    row = next(iter(core.rows.values()))
    newer = replace(row, step="dispatched")
    joined = join([Changes(1, cases=(row,)), Changes(2, cases=(newer,), map_changed=True)])
    assert joined.cases == (newer,)
    assert joined.revision == 2
    assert joined.map_changed


def test_that_an_answer_arrives_in_the_windows_thread(
    bridge: Bridge, qtbot: Any, qapp: Any
) -> None:
    hearer = Hearer()
    bridge.run(lambda: 42, hearer.hear)
    qtbot.waitUntil(lambda: hearer.heard == [42])
    assert hearer.threads == [qapp.thread()]
    assert bridge.waiting == 0


def test_that_an_error_goes_to_who_asked_or_to_all(bridge: Bridge, qtbot: Any) -> None:
    asked, everybody = Hearer(), Hearer()
    bridge.failed.connect(everybody.hear)

    def fail() -> None:
        raise OSError("disk")

    bridge.run(fail, asked.hear, asked.hear)
    bridge.run(fail, asked.hear)
    qtbot.waitUntil(lambda: bool(asked.heard) and bool(everybody.heard))
    assert isinstance(asked.heard[0], OSError)
    assert isinstance(everybody.heard[0], OSError)


def test_that_an_answer_for_a_closed_panel_is_dropped(
    bridge: Bridge, core: Any, qtbot: Any
) -> None:
    import shiboken6

    late: Future[int] = Future()
    core.run = lambda work: late
    hearer = Hearer()
    heard = hearer.heard
    bridge.run(lambda: 1, hearer.hear)
    shiboken6.delete(hearer)
    late.set_result(1)
    qtbot.waitUntil(lambda: bridge.waiting == 0)
    assert heard == []


def test_that_a_closed_bridge_hears_nothing(bridge: Bridge, core: Any, qtbot: Any) -> None:
    hearer = Hearer()
    bridge.changed.connect(hearer.hear)
    core.publish(Changes(revision=1))
    bridge.close()
    qtbot.wait(5)
    assert hearer.heard == []
    assert core.listeners == []


def test_that_a_blocked_loop_is_measured(qtbot: Any) -> None:
    owner = QObject()
    meter = GapMeter(owner, interval_ms=5)
    assert meter.p99_ms == meter.max_ms == 0.0
    meter.start()
    qtbot.waitUntil(lambda: meter.count > 5)
    end = threading.Event()
    end.wait(0.12)  # the window's thread stands still
    before = meter.count
    qtbot.waitUntil(lambda: meter.count > before)
    meter.stop()
    assert 100 <= meter.max_ms < 1000
    meter.reset()
    assert meter.count == 0


def test_that_the_collector_is_given_back(qtbot: Any) -> None:
    import gc

    owner = QObject()
    collector = IdleCollector(owner)
    collector.start()
    assert not gc.isenabled()
    collector.stop()
    assert gc.isenabled()
    gc.disable()  # as the guards of these tests keep it


def test_that_what_comes_in_bulk_is_put_aside_and_not_looked_through(qtbot: Any) -> None:
    import gc

    owner = QObject()
    collector = IdleCollector(owner)
    collector.start()
    looked: list[int] = []

    def look(phase: str, info: dict[str, int]) -> None:
        looked.append(info["generation"])

    gc.callbacks.append(look)
    try:
        rows = [[n] for n in range(30_000)]
        collector._collect()
        assert not looked
        assert len(gc.get_objects(0)) < 1_000 < len(rows)
        collector._collect()
        assert 1 in looked
    finally:
        gc.callbacks.remove(look)
        collector.stop()
        gc.disable()  # as the guards of these tests keep it
