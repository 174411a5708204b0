"""Commands go before questions, yet questions are not starved; heavy work has a process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil

from app.runtime.lanes import FAIR, DatabaseLane
from app.runtime.pool import Pool


def held(lane: DatabaseLane[None]) -> threading.Event:
    """Keep the lane busy until the returned event is set."""
    entered, gate = threading.Event(), threading.Event()

    def hold(_owned: None) -> None:
        entered.set()
        gate.wait(5)

    lane.call(hold)
    assert entered.wait(5)
    return gate


def test_that_commands_go_first_and_questions_get_a_turn() -> None:
    lane: DatabaseLane[None] = DatabaseLane(lambda: None, lambda _: None)
    gate, order = held(lane), list[str]()
    questions = [lane.call(lambda _, i=i: order.append(f"q{i}")) for i in range(2)]
    commands = [
        lane.call(lambda _, i=i: order.append(f"c{i}"), first=True) for i in range(FAIR + 2)
    ]
    gate.set()
    for future in (*questions, *commands):
        future.result(5)
    assert lane.close(5)
    assert order[:FAIR] == [f"c{i}" for i in range(FAIR)]
    assert order[FAIR] == "q0"
    assert sorted(order) == sorted(["q0", "q1", *(f"c{i}" for i in range(FAIR + 2))])


def test_that_a_cancelled_question_is_not_run() -> None:
    lane: DatabaseLane[None] = DatabaseLane(lambda: None, lambda _: None)
    gate, ran = held(lane), list[int]()
    dropped = lane.call(lambda _: ran.append(1))
    assert dropped.cancel()
    gate.set()
    assert lane.close(5)
    assert ran == []


def test_that_heavy_python_runs_in_another_process() -> None:
    import os

    pool = Pool(1)
    try:
        assert pool.run_heavy(os.getpid).result(60) != os.getpid()
    finally:
        assert pool.close(5)


_WORKS_UNTIL_KILLED = """
import os
from app.runtime.pool import Pool
if __name__ == "__main__":
    pool = Pool(1)
    print(pool.run_heavy(os.getpid).result(60), flush=True)
    pool.run_heavy(input).result()
"""


def test_that_a_worker_ends_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "works.py"
    script.write_text(_WORKS_UNTIL_KILLED, encoding="utf-8")
    root = str(Path(__file__).parents[2])
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    worker = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait(30)
    parent.stdin.close()
    parent.stdout.close()
    worker.wait(30)  # raises if it lives on


def test_that_closing_ends_heavy_work_in_its_midst(tmp_path: Path) -> None:
    pool, pipe = Pool(1), tmp_path / "never"
    os.mkfifo(pipe)
    reading = pool.run_heavy(pipe.read_bytes)  # waits for a writer that never comes
    assert not reading.done()
    assert pool.close(30)
    assert reading.cancelled()
