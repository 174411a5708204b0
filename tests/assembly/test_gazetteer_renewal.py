"""The index of places is renewed beside: no search waits for it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Generator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2

from app.assembly.gazetteers import build_beside, index_beside
from app.assembly.live import open_core
from app.data.gpkg_rows import register_functions
from app.domain.errors import StorageFailure, Unavailable
from app.runtime.core import Core
from app.runtime.health import HealthItem
from app.sample.tiny import create_tiny_city
from app.services.searching import Search

SOON_S = 1.0
LONG_S = 60.0
pause = threading.Event()


class SlowProcess:
    """Stands for the process beside: each build is done when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Future[Any]] = []
        self.begun = threading.Semaphore(0)

    def run_heavy(self, _work: object, *_args: object) -> Future[Any]:
        self.waiting.append(Future())
        self.begun.release()
        return self.waiting[-1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_tiny_city(tmp_path / "city").close()
    return tmp_path / "city"


@pytest.fixture
def core(folder: Path) -> Generator[Core]:
    opened = open_core(str(folder))
    yield opened
    opened.close()


def rename(folder: Path, old: str, new: str) -> None:
    """Let the map be a newer one: another program renamed an area."""
    db: Any = dbapi2.connect(folder / "map.gpkg")
    register_functions(db)
    with db:
        assert db.execute("UPDATE area SET name = ? WHERE name = ?", (new, old)).rowcount == 1
    db.close()


def titles(core: Core, text: str) -> list[str]:
    """Return what a search finds, which must come soon whatever goes on beside."""
    return [hit.title for hit in core.ask(Search(text)).result(SOON_S)]


def when(core: Core, code: str) -> HealthItem:
    """Return the state of the search once it is `code`."""
    end = time.monotonic() + LONG_S
    while (item := core.health().get("search")) is None or item.code != code:
        assert time.monotonic() < end, f"{item}, not {code}"
        pause.wait(0.01)
    return item


def settle(core: Core, slow: SlowProcess, folder: Path) -> None:
    """End the build under way as the process would, and wait until the new index is open."""
    slow.waiting[-1].set_result(build_beside(str(folder), None))
    when(core, "search")


def test_that_a_search_never_waits_for_a_slow_build(
    core: Core, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = SlowProcess()
    monkeypatch.setattr(core, "run_heavy", slow.run_heavy)
    index_beside(core, str(folder), None)
    assert slow.begun.acquire(timeout=LONG_S)
    with pytest.raises(Unavailable, match="is being built"):
        titles(core, "黄浦")
    assert when(core, "search_building").state == "attention"
    settle(core, slow, folder)
    assert titles(core, "黄浦")[0] == "黄浦区"

    rename(folder, "黄浦区", "新黄浦区")
    for _ in range(20):  # the old one answers for as long as the build takes
        assert titles(core, "黄浦")[0] == "黄浦区"
    assert slow.begun.acquire(timeout=LONG_S)
    old = when(core, "search_old")
    assert old.since_ms is not None
    assert abs(time.time() * 1000 - old.since_ms) < 1000 * LONG_S
    assert len(slow.waiting) == 2, "one build at a time"
    settle(core, slow, folder)
    assert "新黄浦区" in titles(core, "黄浦")


def test_that_a_failed_build_is_tried_again_at_the_next_search(
    core: Core, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    slow = SlowProcess()
    monkeypatch.setattr(core, "run_heavy", slow.run_heavy)
    build_beside(str(folder), None)
    index_beside(core, str(folder), None)
    assert slow.begun.acquire(timeout=LONG_S)
    with caplog.at_level(logging.CRITICAL):
        slow.waiting[-1].set_exception(StorageFailure("The disk is full."))
    assert titles(core, "黄浦")[0] == "黄浦区"
    assert slow.begun.acquire(timeout=LONG_S)
    settle(core, slow, folder)


def test_that_the_process_beside_builds_and_the_window_opens_what_it_built(
    core: Core, folder: Path
) -> None:
    index_beside(core, str(folder), None)
    when(core, "search")
    assert titles(core, "黄浦")[0] == "黄浦区"
