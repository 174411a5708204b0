"""Two processes do the main job on one city for a minute: no error is shown, nothing is lost."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from app.data.checking import check_city
from app.data.city_folder import open_city
from app.sample.tiny import create_tiny_city
from app.services.views import CaseQuery

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 5


def work_at_once(folder: Path, seeds: tuple[int, ...]) -> tuple[list[str], list[str]]:
    """Run a clerk for each seed for a while; return the hashes they showed and their errors."""
    command = [sys.executable, "-m", "tests.support.main_job", str(folder)]
    running = [
        subprocess.Popen(
            [*command, str(seed)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for seed in seeds
    ]
    killer = threading.Timer(SECONDS, lambda: [process.kill() for process in running])
    killer.start()
    outputs: list[tuple[bytes, bytes]] = []
    readers = [
        threading.Thread(target=lambda p=process: outputs.append(p.communicate()))
        for process in running
    ]
    for thread in readers:
        thread.start()
    for thread in (*readers, killer):
        thread.join()
    each = [[line.decode() for line in out.split(b"\n")[:-1]] for out, _ in outputs]
    assert all(each), "one of them never got its turn"
    shown = [one for lines in each for line in lines for one in line.split()[1].split(",") if one]
    return shown, [err.decode() for _, err in outputs if err]


def found_in(folder: Path, shown: list[str]) -> dict[str, Any]:
    """Return what is missing or wrong in the city: lost steps, damage, numbers given twice."""
    city = open_city(folder)
    try:
        damage = [f"{one.case} {one.what}" for one in check_city(city, lambda *_: None).damage]
        with city.begin(write=False) as uow:
            kept = {signed.hash for _, signed in uow.actions.since(0, 10**6)}
            rows = uow.cases.page(CaseQuery(limit=10_000)).rows
        numbers = [row.number for row in rows if row.number]
        return {
            "lost": sum(one not in kept for one in shown),
            "twice": len(numbers) - len(set(numbers)),
            "damage": damage,
        }
    finally:
        city.close()


@pytest.mark.timeout(0)
def test_that_two_processes_on_one_city_show_no_error_and_lose_nothing(proof, tmp_path):
    moments = proof("writers", full=60 // SECONDS, quick=1)
    for number in moments:
        folder = tmp_path / f"city{number}"
        create_tiny_city(folder).close()
        shown, errors = work_at_once(folder, (2 * number, 2 * number + 1))
        moments.record(number, shown=len(shown), errors=errors, **found_in(folder, shown))
    rows = moments.rows()
    assert sum(row["shown"] for row in rows) > 20 * len(rows)
    assert not [
        row for row in rows if row["lost"] or row["twice"] or row["damage"] or row["errors"]
    ]
