"""The core keeps the city on one thread, tells everybody once, and ends in order."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from app.domain.errors import AppError, NotFound, Unavailable
from app.runtime.batches import ReadingBatch
from app.services.changes import Changes

CASE = UUID(int=7)
OTHER = UUID(int=8)


class Heard:
    """A listener that can be waited for."""

    def __init__(self) -> None:
        self.changes: list[Changes] = []
        self._turn = threading.Condition()

    def __call__(self, changes: Changes) -> None:
        with self._turn:
            self.changes.append(changes)
            self._turn.notify_all()

    def wait(self, count: int) -> bool:
        with self._turn:
            return self._turn.wait_for(lambda: len(self.changes) >= count, 5)


def _batch(value: float = 1.0) -> ReadingBatch:
    return ReadingBatch(
        ("a",), ("310000",), np.zeros(1, "u2"), np.zeros(1, "u2"), np.array([value]),
        np.array([0], "i8"), "test",
    )  # fmt: skip


def test_that_a_city_is_opened_used_and_closed_on_one_thread(make_core: Any, city: Any) -> None:
    core = make_core()
    core.submit(CASE).result(5)
    core.ask(1).result(5)
    core.close()
    assert city.closed
    assert set(city.threads) == {"database"}


def test_that_changes_are_told_before_the_future_resolves(make_core: Any) -> None:
    core, heard = make_core(), Heard()
    core.subscribe(heard)
    changes = core.submit(CASE).result(5)
    assert heard.changes == [changes]


def test_that_who_unsubscribed_hears_nothing(make_core: Any) -> None:
    core, heard = make_core(), Heard()
    core.subscribe(heard)
    core.unsubscribe(heard)
    core.unsubscribe(heard)
    core.submit(CASE).result(5)
    assert heard.changes == []


def test_that_actions_of_another_process_become_changes(make_core: Any, city: Any) -> None:
    core, heard = make_core(), Heard()
    core.subscribe(heard)
    core.with_city(lambda _city: city.write(OTHER)).result(5)
    assert heard.wait(1)
    assert [row.uid for row in heard.changes[0].cases] == [OTHER]
    assert heard.changes[0].revision == 1


def test_that_our_own_rows_are_not_told_twice(make_core: Any, city: Any) -> None:
    core, heard = make_core(), Heard()
    core.subscribe(heard)
    core.submit(CASE).result(5)
    core.with_city(lambda _city: city.write(OTHER)).result(5)
    assert heard.wait(2)
    assert [[row.uid for row in one.cases] for one in heard.changes] == [[CASE], [OTHER]]


def test_that_what_was_there_at_the_start_is_not_told(make_core: Any, city: Any) -> None:
    city.write(OTHER)
    core, heard = make_core(), Heard()
    core.subscribe(heard)
    core.with_city(lambda _city: city.write(CASE)).result(5)
    assert heard.wait(1)
    assert [row.uid for row in heard.changes[0].cases] == [CASE]


def test_that_an_app_error_comes_out_of_the_future_as_it_is(make_core: Any, stray: Any) -> None:
    core = make_core()
    with pytest.raises(NotFound, match="no case"):
        core.submit(NotFound("There is no case.")).result(5)
    assert stray == []


def test_that_a_stray_error_reaches_the_hook_and_its_asker_in_words(
    make_core: Any, stray: Any
) -> None:
    core = make_core()
    with pytest.raises(AppError, match="saved before is safe"):
        core.submit(ZeroDivisionError("1/0")).result(5)
    assert [type(error) for error in stray] == [ZeroDivisionError]
    assert core.ask(2).result(5) == 2


def test_that_a_listener_that_fails_stops_nobody(make_core: Any, stray: Any) -> None:
    core, heard = make_core(), Heard()

    def broken(_changes: Changes) -> None:
        raise KeyError("x")

    core.subscribe(broken)
    core.subscribe(heard)
    core.submit(CASE).result(5)
    assert len(heard.changes) == 1
    assert [type(error) for error in stray] == [KeyError]


def test_that_closing_twice_is_harmless_and_later_asks_are_told(make_core: Any) -> None:
    core = make_core()
    assert core.close()
    assert core.close()
    with pytest.raises(Unavailable, match="closed"):
        core.submit(CASE).result(5)
    assert core.health()["database"].state == "unknown"


def test_that_commands_waiting_at_the_end_are_done_and_questions_dropped(
    make_core: Any, city: Any
) -> None:
    core = make_core()
    entered, gate = threading.Event(), threading.Event()

    def hold() -> bool:
        entered.set()
        return gate.wait(5)

    held = core.ask(hold)
    assert entered.wait(5)
    late, command = core.ask(1), core.submit(CASE)
    closing = threading.Thread(target=core.close)
    closing.start()
    with pytest.raises(Unavailable):
        late.result(5)
    gate.set()
    closing.join(5)
    assert held.result(5)
    assert command.result(5).revision == 1


def test_that_an_error_at_opening_comes_out_of_the_constructor(make_core: Any) -> None:
    from app.runtime.core import Core

    def broken() -> Any:
        raise NotFound("There is no city here.")

    with pytest.raises(NotFound, match="no city"):
        Core(broken, make_core, make_core)


def test_that_batches_become_one_changes(make_core: Any) -> None:
    taken: list[int] = []

    def take(batches: Any) -> Changes:
        taken.append(len(batches))
        return Changes(readings=sum(len(batch) for batch in batches))

    core, heard = make_core(take_batches=take), Heard()
    core.subscribe(heard)
    assert core.offer(_batch())
    assert core.offer(_batch())
    assert core.drain()
    assert sum(one.readings for one in heard.changes) == 2
    assert len(heard.changes) == len(taken)


def test_that_a_full_queue_refuses_and_says_so(make_core: Any) -> None:
    entered, gate = threading.Event(), threading.Event()

    def take(_batches: Any) -> Changes:
        entered.set()
        gate.wait(5)
        return Changes()

    core = make_core(take_batches=take)
    assert core.offer(_batch())
    assert entered.wait(5)
    offers = [core.offer(_batch()) for _ in range(400)]
    gate.set()
    refused = offers.count(False)
    assert refused > 0
    assert core.health()["batches"].total == refused
    assert core.health()["batches"].state == "attention"


def test_that_kernels_run_on_the_pool_at_a_lower_priority(make_core: Any) -> None:
    import os

    core = make_core()
    own = os.getpriority(os.PRIO_PROCESS, 0)
    nice = core.run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())).result(5)
    assert nice >= own
    assert core.run(pow, 2, 10).result(5) == 1024


def test_that_a_ticker_beats_until_the_core_closes(make_core: Any) -> None:
    core = make_core()
    beats = threading.Semaphore(0)
    ticker = core.every("beat", 0.005, beats.release)
    assert all(beats.acquire(timeout=5) for _ in range(3))
    core.close()
    assert ticker.close()


def test_that_owners_are_closed_last_added_first(make_core: Any) -> None:
    core, order = make_core(), []
    core.on_close(lambda: order.append("first"))
    core.on_close(lambda: order.append("second"))
    core.close()
    assert order == ["second", "first"]


def test_that_a_new_listener_is_told_what_stands(make_core: Any) -> None:
    core, heard = make_core(), Heard()
    core.greet_with(lambda: Changes(readings=7))
    core.subscribe(heard)
    assert [one.readings for one in heard.changes] == [7]
