"""Several processes write one city at once: no error is shown and nothing is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.data.city_folder import create_city, open_city
from app.domain.actions import check_signed
from app.services.views import CaseQuery

WRITER = Path(__file__).with_name("two_writers.py")
ROOT = WRITER.parents[2]


def write_at_once(place: str, writers: int, count: int) -> list[str]:
    """Let processes write `count` cases each, starting together; return what they showed."""
    command = [sys.executable, "-W", "error", str(WRITER), place]
    running = [
        subprocess.Popen(
            [*command, f"writer{n}", str(count)], cwd=ROOT, env={"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for n in range(writers)
    ]  # fmt: skip
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.stderr and process.stderr.read()
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    shown: list[str] = []
    for process in running:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, "")
        shown += out.split()
    return shown


def check_nothing_lost(place: str, shown: list[str], seen: int) -> None:
    city = open_city(place)
    with city.begin(write=False) as uow:
        rows = uow.cases.page(CaseQuery(limit=10_000)).rows
        kept = [signed for _, signed in uow.actions.since(seen, 10_000)]
        kept = [signed for signed in kept if check_signed(signed, city.verifier).type == "report"]
        seqs = [seq for seq, _ in uow.actions.since(0, 10_000)]
        assert {signed.hash for signed in kept} == set(shown)
        assert len({row.receipt for row in rows}) == len(rows) == len(shown)
        assert all(row.title for row in rows)
        assert seqs == sorted(set(seqs))
        assert uow.cases.page(CaseQuery(text="井盖破损")).total == min(len(shown), 1001)
    city.check()
    city.close()


def test_that_two_processes_write_one_local_city_without_error_or_loss(folder):
    shown = write_at_once(str(folder), 2, 150)
    assert len(shown) == 300
    check_nothing_lost(str(folder), shown, 2)


def test_that_three_processes_write_one_remote_city_without_error_or_loss(postgres_url, local_city):
    create_city(postgres_url, local_city.facts).close()
    shown = write_at_once(postgres_url, 3, 60)
    assert len(shown) == 180
    check_nothing_lost(postgres_url, shown, 0)


@pytest.mark.parametrize("writers", [2])
def test_that_a_reader_who_follows_the_log_misses_nothing(folder, writers):
    """What `since` gave is all there is up to the newest number, at every look."""
    city = open_city(folder)
    command = [sys.executable, str(WRITER), str(folder)]
    running = [
        subprocess.Popen([*command, f"w{n}", "60"], cwd=ROOT, env={"PYTHONPATH": str(ROOT)},
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for n in range(writers)
    ]  # fmt: skip
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    seen: list[int] = []
    newest = 0
    while any(process.poll() is None for process in running):
        with city.begin(write=False) as uow:
            seen += [seq for seq, _ in uow.actions.since(newest, 1000)]
            newest = seen[-1] if seen else 0
    for process in running:
        process.communicate()
    with city.begin(write=False) as uow:
        seen += [seq for seq, _ in uow.actions.since(newest, 1000)]
        assert seen == [seq for seq, _ in uow.actions.since(0, 1000)]
    assert len(seen) == 2 + 60 * writers
    city.close()
