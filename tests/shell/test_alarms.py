"""An alarm waits until somebody has seen it; seen or not, each can be reached."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from app.shell.alarms import Alarms

ONE, TWO, THREE = (UUID(int=n) for n in (1, 2, 3))


def rows(*uids: UUID) -> Any:
    return [SimpleNamespace(uid=uid) for uid in uids]


def test_that_the_newest_unseen_alarm_comes_first() -> None:
    alarms = Alarms()
    alarms.take(rows(ONE, TWO, THREE))
    assert (alarms.count, alarms.unseen) == (3, 3)
    alarms.acknowledge(ONE)
    assert alarms.next_after(ONE) == TWO
    assert alarms.unseen == 2


def test_that_seen_alarms_are_walked_round() -> None:
    alarms = Alarms()
    alarms.take(rows(ONE, TWO))
    for uid in (ONE, TWO):
        alarms.acknowledge(uid)
    assert alarms.next_after(ONE) == TWO
    assert alarms.next_after(TWO) == ONE
    assert alarms.next_after(None) == ONE
    assert Alarms().next_after(ONE) is None


def test_that_an_alarm_that_comes_again_is_new() -> None:
    alarms = Alarms()
    alarms.take(rows(ONE))
    alarms.acknowledge(ONE)
    alarms.take(rows())
    alarms.take(rows(ONE))
    assert alarms.unseen == 1


def test_that_what_is_no_alarm_cannot_be_acknowledged_ahead() -> None:
    alarms = Alarms()
    alarms.acknowledge(ONE)
    alarms.take(rows(ONE))
    assert alarms.unseen == 1
