"""The watch on the clocks speaks when something changed, and only then."""

from __future__ import annotations

from pathlib import Path

from app.assembly.live import open_core
from app.domain.people import Role
from app.feeds.deadlines import DeadlineWatch
from app.runtime.clock import VirtualClock
from app.runtime.jobs import wall_ms
from app.sample.tiny import create_tiny_city, desk_person
from app.services.commands import Actor, ReportCase
from app.services.questions import OpenCases

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def test_that_cases_near_due_and_overdue_are_said_once(tmp_path: Path) -> None:
    create_tiny_city(tmp_path / "city").close()
    clock, said = VirtualClock(wall_ms()), list[tuple[int, ...]]()
    core = open_core(str(tmp_path / "city"), now_ms=clock)
    try:
        watch = DeadlineWatch(core, lambda *counts: said.append(counts))
        watch()
        intake = Actor(desk_person(Role.INTAKE), Role.INTAKE)
        core.submit(ReportCase(intake, "路灯不亮", 121.42, 31.13)).result()
        (row,) = core.ask(OpenCases()).result()
        clock.advance(row.due_ms - HOUR_MS - clock())
        watch()
        clock.advance(40 * DAY_MS)
        watch()
        watch()
    finally:
        core.close()
    assert said == [(0, 0, 0), (1, 1, 0), (1, 0, 1)]
