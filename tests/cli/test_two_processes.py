"""Two processes on one city: nothing is lost, nobody is told an error, each sees the other."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app.assembly.live import open_core
from app.sample.tiny import create_tiny_city
from app.services.changes import Changes
from app.services.commands import Actor, ReportCase
from app.services.questions import ListCases, Persons
from app.services.views import CaseQuery

ROOT = Path(__file__).resolve().parents[2]
COUNT = 25
WRITER = """
import sys
from app.assembly.live import open_core
from app.services.commands import Actor, ReportCase
from app.services.questions import Persons
core = open_core(sys.argv[1])
clerk = core.ask(Persons("intake")).result()[0]
for n in range(int(sys.argv[2])):
    words = f"另一台 {n} 号门口路灯不亮，请尽快处理"
    core.submit(ReportCase(Actor(clerk.uid, "intake"), words, 121.42, 31.13)).result()
assert core.close()
"""


@pytest.fixture
def city(tmp_path: Path) -> str:
    create_tiny_city(tmp_path / "city").close()
    return str(tmp_path / "city")


def _writer(city: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, city, str(count)],
        cwd=ROOT, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_that_nothing_is_lost_when_both_write(city: str) -> None:
    core = open_core(city, watch=True)
    try:
        other = _writer(city, COUNT)
        clerk = core.ask(Persons("intake")).result()[0]
        for n in range(COUNT):
            words = f"这一台 {n} 号门口路灯不亮，请尽快处理"
            core.submit(ReportCase(Actor(clerk.uid, "intake"), words, 121.42, 31.13)).result()
        _, errors = other.communicate(timeout=60)
        assert other.returncode == 0, errors
        page = core.ask(ListCases(CaseQuery(limit=1000))).result()
        assert page.total == 2 * COUNT
        assert {row.step for row in page.rows} == {"dispatched"}
        assert len({row.number for row in page.rows}) == 2 * COUNT
    finally:
        core.close()


def test_that_the_other_process_is_seen_within_half_a_second(city: str) -> None:
    core = open_core(city, watch=True)
    seen, turn = list[tuple[float, Changes]](), threading.Condition()

    def hear(changes: Changes) -> None:
        with turn:
            seen.append((time.time(), changes))
            turn.notify_all()

    try:
        core.subscribe(hear)
        other = _writer(city, 1)
        with turn:
            assert turn.wait_for(lambda: bool(seen), 30)
        other.communicate(timeout=30)
        told_at, changes = seen[0]
        (row,) = changes.cases
        assert row.title.startswith("另一台")
        assert told_at - row.reported_ms / 1000 < 0.5 + 1.0  # a loaded machine may be late
    finally:
        core.close()
