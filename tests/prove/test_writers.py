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
    """Run a clerk for each seed; return the hashes they showed and their errors.

    They are killed `SECONDS` after each of them has shown its first step.
    """
    command = [sys.executable, "-m", "tests.support.main_job", str(folder)]
    running = [
        subprocess.Popen(
            [*command, str(seed)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for seed in seeds
    ]
    begun = threading.Semaphore(0)
    shown: list[bytes] = []
    readers = [threading.Thread(target=_follow, args=(one, shown, begun)) for one in running]
    for reader in readers:
        reader.start()
    for _ in running:
        assert begun.acquire(timeout=60), "one of them never got its turn"
    killer = threading.Timer(SECONDS, lambda: [process.kill() for process in running])
    killer.start()
    for thread in (*readers, killer):
        thread.join()
    errors = [process.communicate()[1].decode() for process in running]
    whole = [line.decode().split()[1] for line in shown if line.endswith(b"\n")]
    return [one for line in whole for one in line.split(",") if one], [e for e in errors if e]


def _follow(process: Any, shown: list[bytes], begun: threading.Semaphore) -> None:
    for number, line in enumerate(process.stdout):
        shown.append(line)
        if number == 0:
            begun.release()


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
