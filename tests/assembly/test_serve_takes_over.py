"""Of two `serve` on one remote city the second takes over within ten seconds of the first's end."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from app.data.city_folder import create_city
from app.domain.identity import uuid7
from app.services.views import CityFacts

TAKE_OVER_S = 10.0
START_S = 60.0
FACTS = CityFacts(
    uuid7(1_795_000_000_000, 1), "小城", "310100", 121.4667, 31.2304, True, "2026-11-23T00:00:00Z"
)
LOCKS = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2"


class Serving:
    """One `serve` in a process of its own, and what it says."""

    def __init__(self, city: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve", "--lang", "en", "--city", city],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._said: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def hear(self, words: str, within_s: float) -> None:
        """Wait until it says `words`."""
        begun = time.monotonic()
        while True:
            left = within_s - (time.monotonic() - begun)
            assert left > 0, f"not said within {within_s} s: {words}"
            if words in self._said.get(timeout=left):
                return

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.wait(START_S)

    def end(self) -> int:
        """End it in order; return its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(START_S)
        self._reader.join(START_S)
        assert self._process.stderr is not None
        self._process.stderr.close()
        return code

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._said.put(line)


@pytest.fixture
def serve(postgres_url: str) -> Iterator[Callable[[], Serving]]:
    """Return what starts one more `serve` on one city."""
    create_city(postgres_url, FACTS).close()
    started: list[Serving] = []

    def start() -> Serving:
        started.append(Serving(postgres_url))
        return started[-1]

    yield start
    for one in started:
        one.end()


def test_that_a_second_serve_takes_over_from_a_killed_and_from_a_cut_off_one(
    serve: Callable[[], Serving], postgres_url: str
) -> None:
    first = serve()
    first.hear("plays the roles", START_S)
    second = serve()
    second.hear("waits", START_S)
    first.kill()
    second.hear("plays the roles now", TAKE_OVER_S)
    third = serve()
    third.hear("waits", START_S)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        holders = {row[0] for row in connection.execute(LOCKS)}
        assert len(holders) == 1
        connection.execute("SELECT pg_terminate_backend(%s)", (holders.pop(),))
        begun = time.monotonic()
        while not connection.execute(LOCKS).fetchall():
            assert time.monotonic() - begun < TAKE_OVER_S
    assert second.end() == 0
    third.hear("plays the roles now", TAKE_OVER_S)
