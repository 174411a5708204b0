"""Two processes do the main job on one city for a minute: no error is shown, nothing is lost."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.data.city_folder import open_city
from app.domain.actions import check_signed
from app.domain.fold import fold
from app.sample.tiny import create_tiny_city

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
    lines = [line.decode() for out, _ in outputs for line in out.split(b"\n")[:-1]]
    shown = [one for line in lines for one in line.split()[1].split(",") if one]
    return shown, [err.decode() for _, err in outputs if err]


def lost_of(folder: Path, shown: list[str]) -> tuple[int, int]:
    """Return how many shown steps are missing, and how many rows differ from their fold."""
    city = open_city(folder)
    try:
        city.check()
        with city.begin(write=False) as uow:
            actions = [check_signed(one, city.verifier) for _, one in uow.actions.since(0, 10**6)]
            kept = {action.hash for action in actions}
            wrong = 0
            for subject in {action.subject for action in actions if action.type == "report"}:
                state = fold((a for a in actions if a.subject == subject), uow.rules.get)
                row = uow.cases.row(subject)
                wrong += row is None or state is None or row.step != state.step
        return sum(one not in kept for one in shown), wrong
    finally:
        city.close()


@pytest.mark.timeout(0)
def test_that_two_processes_on_one_city_show_no_error_and_lose_nothing(proof, tmp_path):
    moments = proof("writers", full=60 // SECONDS, quick=1)
    for number in moments:
        folder = tmp_path / f"city{number}"
        create_tiny_city(folder).close()
        shown, errors = work_at_once(folder, (2 * number, 2 * number + 1))
        lost, wrong = lost_of(folder, shown)
        moments.record(number, shown=len(shown), lost=lost, wrong=wrong, errors=errors)
    rows = moments.rows()
    assert sum(row["shown"] for row in rows) > 20 * len(rows)
    assert not [row for row in rows if row["lost"] or row["wrong"] or row["errors"]]
