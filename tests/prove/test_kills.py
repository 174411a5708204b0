"""P11: no shown step is lost and no half step is found after a kill at a random moment.

Half of the kills are power cuts too: the process ran over a disk layer that drops what was not
synced and tears the last write. The same harness with `synchronous=OFF` must lose steps.
"""

from __future__ import annotations

import os
import random
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from app.data.city_folder import open_city
from app.domain.actions import check_signed
from app.domain.errors import AppError
from app.sample.tiny import create_tiny_city
from app.services.sheet import build_row, require_state
from tests.prove.disk import compile_layer, launch_env, power_cut

ROOT = Path(__file__).resolve().parents[2]
STEPS_MOST = 30
MOMENT_MOST_S = 0.05
WRITES_MOST = 1200


@pytest.fixture(scope="module")
def pristine(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("kills") / "pristine"
    create_tiny_city(folder).close()
    return folder


@pytest.fixture(scope="module")
def layer(tmp_path_factory) -> Path:
    return compile_layer(tmp_path_factory.mktemp("layer"))


def work_until_killed(
    folder: Path, rng: random.Random, env: dict[str, str], *flags: str
) -> list[str]:
    """Run the main job until it is killed, return the lines it had shown.

    It is killed from outside at a random moment, or by the layer at a random write or sync.
    """
    command = [sys.executable, "-m", "tests.support.main_job", str(folder), str(rng.random())[2:8]]
    with subprocess.Popen(
        [*command, *flags], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        shown: list[bytes] = []
        wanted = rng.randrange(STEPS_MOST)
        while len(shown) < wanted and (line := process.stdout.readline()):
            shown.append(line)
        select.select([process.stderr], [], [], rng.uniform(0, MOMENT_MOST_S))
        process.send_signal(signal.SIGKILL)
        rest, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors.decode()
    whole = b"".join(shown) + rest
    return [line.decode() for line in whole.split(b"\n")[:-1]]


def faults(folder: Path, shown: list[str]) -> tuple[int, int]:
    """Return how many shown steps are missing and how many cases are half done."""
    city = open_city(folder)
    lost = half = 0
    try:
        city.check()
        with city.begin(write=False) as uow:
            kept: set[str] = set()
            subjects: dict[UUID, None] = {}
            for _, signed in uow.actions.since(0, 100_000):
                action = check_signed(signed, city.verifier)
                kept.add(signed.hash)
                if action.type == "report":
                    subjects[action.subject] = None
            for line in shown:
                lost += sum(h not in kept for h in line.split()[1].split(","))
            for case in subjects:
                half += not is_whole(case, city, uow)
    finally:
        city.close()
    return lost, half


def is_whole(case, city, uow) -> bool:
    """Tell whether row, words and state of a case agree, and no step is half there."""
    state = require_state(case, uow)
    where = city.areas.at(state.lon, state.lat)
    entries = [e for e in state.history if e.effect != "applied" and e.effect != "undone"]
    words = uow.vault.get(list(state.refs.values()))
    notes = [key for e in state.history for key in e.refs.values()]
    return (
        not entries
        and len(words) == len(state.refs)
        and len(uow.vault.get(notes)) == len(set(notes))
        and uow.cases.row(case) == build_row(state, where, uow, uow.rules.current())
        and not (state.auto and state.step == "filed" and not state.returned)
    )


def trial(number: int, pristine: Path, tmp: Path, layer: Path, *flags: str) -> tuple[int, int, int]:
    """Do one kill; return steps shown, lost and half done."""
    rng = random.Random(number)
    root = tmp / f"trial{number}"
    folder, journal = root / "disk" / "city", root / "journal"
    folder.parent.mkdir(parents=True)
    shutil.copytree(pristine, folder)
    cut = number % 2 == 1
    kill_at = rng.randrange(1, WRITES_MOST) if number % 8 in (3, 5, 7) else None
    env = launch_env(folder.parent, journal, layer, kill_at) if cut else dict(os.environ)
    shown = work_until_killed(folder, rng, env, *flags)
    if cut:
        power_cut(folder.parent, journal, rng)
    lost, half = faults(folder, shown)
    shutil.rmtree(root)
    return len(shown), lost, half


@pytest.mark.timeout(0)
def test_that_no_kill_loses_a_shown_step_or_leaves_half_a_one(proof, pristine, tmp_path, layer):
    kills = proof("kills", full=1000, quick=6)
    for number in kills:
        shown, lost, half = trial(number, pristine, tmp_path, layer)
        kills.record(number, shown=shown, lost=lost, half=half)
    rows = kills.rows()
    assert sum(row["shown"] for row in rows) > 0
    assert not [row for row in rows if row["lost"] or row["half"]]


@pytest.mark.timeout(0)
def test_that_the_harness_bites_when_nothing_is_synced(proof, pristine, tmp_path, layer):
    kills = proof("kills_careless", full=20, quick=3)
    for number in kills:
        cut = 2 * number + 1
        shown, lost, half = careless(cut, pristine, tmp_path, layer)
        kills.record(number, shown=shown, lost=lost, half=half)
    assert any(row["lost"] or row["half"] for row in kills.rows())


def careless(number: int, pristine: Path, tmp: Path, layer: Path) -> tuple[int, int, int]:
    """Do one careless kill; a database that no longer opens counts as all lost."""
    try:
        return trial(number, pristine, tmp, layer, "--careless")
    except AppError:
        return (1, 1, 1)
