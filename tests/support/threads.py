"""A thread that a test leaves running fails the test."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

GRACE_S = 1.0


def _of_python(thread: threading.Thread) -> bool:
    # Threads that Qt or another library made appear as dummies for ever, even when gone.
    return not isinstance(thread, threading._DummyThread)


@pytest.fixture(autouse=True)
def no_left_threads() -> Generator[None]:
    """Fail on threads started during the test that still run a second after it."""
    before = set(threading.enumerate())
    yield
    started = [t for t in threading.enumerate() if t not in before and _of_python(t)]
    for thread in started:
        thread.join(GRACE_S)
    left = [thread.name for thread in started if thread.is_alive()]
    if left:
        pytest.fail(f"Threads left running: {', '.join(left)}. Their owner must stop them.")
