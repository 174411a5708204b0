"""Two processes write one city for a minute (three seconds in `make test`): nothing is lost.

`make prove NAME=two_writers` runs the minute.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.data.city_folder import open_city
from app.domain.actions import check_signed
from app.sample.tiny import create_tiny_city
from app.services.sheet import load_state
from app.services.views import CaseQuery

ROOT = Path(__file__).resolve().parents[2]
MINUTE_S, QUICK_S = 60, 3
WRITER = """
import json, sys, time
from app.domain.errors import AppError
from app.assembly.live import open_core
from app.services.commands import ActOnCase, Actor, ReportCase
from app.services.questions import Persons
core = open_core(sys.argv[1], watch=True)
clerk = Actor(core.ask(Persons("intake")).result()[0].uid, "intake")
end, shown, errors = time.monotonic() + float(sys.argv[2]), {}, []
while time.monotonic() < end:
    try:
        report = ReportCase(clerk, "门口路灯不亮，请尽快处理", 121.42, 31.13)
        row = core.submit(report).result().cases[0]
        signed = ActOnCase(Actor(row.person, "handler"), row.uid, "sign")
        shown[str(row.uid)] = core.submit(signed).result().cases[0].step
    except AppError as error:
        errors.append(str(error))
assert core.close()
print(json.dumps({"shown": shown, "errors": errors}))
"""


def test_that_two_writers_lose_nothing_and_see_no_error(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    seconds = MINUTE_S if request.config.getoption("--prove") else QUICK_S
    city = tmp_path / "city"
    create_tiny_city(city).close()
    command = [sys.executable, "-c", WRITER, str(city), str(seconds)]
    writers = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    told = [json.loads(writer.communicate(timeout=seconds + 60)[0]) for writer in writers]
    assert [one["errors"] for one in told] == [[], []]
    shown = told[0]["shown"] | told[1]["shown"]
    assert min(len(one["shown"]) for one in told) > 0
    _check(city, shown)
    print(f"{len(shown)} cases by two processes in {seconds} s")


def _check(folder: Path, shown: dict[str, str]) -> None:
    city = open_city(folder)
    try:
        with city.begin(write=False) as uow:
            everything = uow.actions.since(0, 10_000_000)
            rows = {
                str(row.uid): row for row in uow.cases.page(CaseQuery(limit=len(shown) + 1)).rows
            }
            assert {uid: row.step for uid, row in rows.items()} == shown
            assert len({row.number for row in rows.values()}) == len(shown)
            for _, signed in everything:
                check_signed(signed, city.verifier)
            for row in rows.values():
                state = load_state(row.uid, uow)
                assert state is not None
                assert state.step == row.step
                assert all(entry.effect == "applied" for entry in state.history)
    finally:
        city.close()
