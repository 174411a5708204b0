"""Commands go before questions, yet questions are not starved; heavy work has a process."""

from __future__ import annotations

import threading

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
