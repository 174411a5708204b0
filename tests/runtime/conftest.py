"""A city in memory with just enough of the ports for the runtime."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from app.runtime.core import Core
from app.services.changes import Changes
from app.services.views import CityFacts

FACTS = CityFacts(UUID(int=1), "示意市", "310000", 121.47, 31.23, True, "2026-11-23T00:00:00Z")


@dataclass
class FakeCity:
    """Remembers on which threads it was used."""

    facts: CityFacts = FACTS
    log: list[tuple[int, Any]] = field(default_factory=list)
    threads: list[str] = field(default_factory=list)
    closed: bool = False

    @contextmanager
    def begin(self, *, write: bool) -> Iterator[Any]:
        no_parts = SimpleNamespace(rows=lambda _uids: ())
        yield SimpleNamespace(actions=self, cases=self, parts=no_parts)

    def revision(self) -> int:
        return len(self.log)

    def since(self, revision: int, limit: int) -> Sequence[tuple[int, Any]]:
        return self.log[revision : revision + limit]

    def rows(self, uids: Sequence[UUID]) -> Sequence[Any]:
        return [SimpleNamespace(uid=uid) for uid in uids]

    def write(self, case: UUID) -> int:
        """Append an action about `case`, as another process would."""
        action = SimpleNamespace(subject=case, type="report")
        self.log.append((len(self.log) + 1, SimpleNamespace(action=action)))
        return len(self.log)

    def close(self) -> None:
        self.threads.append(threading.current_thread().name)
        self.closed = True


def fake_handle(command: Any, city: FakeCity, now_ms: int) -> Changes:
    city.threads.append(threading.current_thread().name)
    if isinstance(command, Exception):
        raise command
    revision = city.write(command)
    return Changes(revision=revision, cases=tuple(city.rows([command])))


def fake_answer(question: Any, city: FakeCity, now_ms: int) -> Any:
    city.threads.append(threading.current_thread().name)
    return question() if callable(question) else question


@pytest.fixture
def city() -> FakeCity:
    return FakeCity()


@pytest.fixture
def stray() -> list[BaseException]:
    """Errors that reached the hook."""
    return []


@pytest.fixture
def make_core(city: FakeCity, stray: list[BaseException]) -> Iterator[Callable[..., Core]]:
    cores: list[Core] = []

    def make(**options: Any) -> Core:
        options.setdefault("watch_s", 0.01)
        core = Core(lambda: city, fake_handle, fake_answer, on_error=stray.append, **options)  # type: ignore[arg-type,return-value]
        cores.append(core)
        return core

    yield make
    for core in cores:
        core.close()
