"""Upkeep: signs once a day while playing, lets in what is due, counts what is kept apart."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from app.feeds.upkeep import Upkeep
from app.services.changes import Changes
from app.services.commands import ReleaseDue, SignCheckpoint
from app.services.views import Apart

HOUR = 3_600_000
NOW = 1_795_000_000_000


@dataclass
class StillCore:
    """Answers at once and keeps the commands it got."""

    now_ms: int = NOW
    apart: tuple[Apart, ...] = ()
    commands: list[Any] = field(default_factory=list)
    taken: int = 0

    def with_city(self, work: Callable[[Any], None]) -> Future[Any]:
        work(SimpleNamespace(edits=SimpleNamespace(take=self._take)))
        return done(None)

    def _take(self) -> None:
        self.taken += 1

    def ask(self, _question: Any) -> Future[Any]:
        return done(self.apart)

    def submit(self, command: Any) -> Future[Any]:
        self.commands.append(command)
        return done(Changes(1))


def done(value: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(value)
    return future


def early(release_ms: int | None) -> Apart:
    return Apart("ab", UUID(int=1), "", "file", NOW, UUID(int=2), "", "handler", "d", "early",
                 release_ms)  # fmt: skip


def upkeep(core: StillCore, playing: Callable[[], bool] = lambda: True) -> Upkeep:
    return Upkeep(core, playing)  # type: ignore[arg-type]  # what of the core it needs


def test_that_the_first_beat_writes_nothing_and_later_ones_sign_once_an_hour_at_most():
    core = StillCore()
    beat = upkeep(core)
    beat()
    assert core.commands == []
    for _ in range(3):
        beat()
    assert core.commands == [SignCheckpoint()]
    core.now_ms += HOUR
    beat()
    assert core.commands == [SignCheckpoint()] * 2


def test_that_only_who_plays_the_roles_writes():
    core = StillCore(apart=(early(NOW),))
    beat = upkeep(core, lambda: False)
    beat()
    beat()
    assert core.commands == []
    assert (beat.health().state, beat.health().count) == ("attention", 1)


@pytest.mark.parametrize(("release_ms", "released"), [(NOW, 1), (NOW + 1, 0), (None, 0)])
def test_that_what_was_too_early_is_let_in_when_it_is_time(release_ms, released):
    core = StillCore(apart=(early(release_ms),))
    upkeep(core)()
    assert core.commands == [ReleaseDue()] * released


def test_that_every_beat_but_the_first_lets_the_map_follow_whoever_plays():
    core = StillCore()
    beat = upkeep(core, lambda: False)
    beat()
    assert core.taken == 0
    beat()
    beat()
    assert core.taken == 2
