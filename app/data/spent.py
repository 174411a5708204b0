"""What the stages of an import cost: seconds of CPU of this process, each counted once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


class Spent:
    """Seconds of CPU by stage; a stage inside another is taken off that one."""

    def __init__(self) -> None:
        self._cpu: dict[str, float] = {}
        self._within: list[str] = []
        self._mark = time.process_time()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what is spent meanwhile as of stage `name`."""
        self._charge()
        self._within.append(name)
        try:
            yield
        finally:
            self._charge()
            self._within.pop()

    def told(self) -> Mapping[str, float]:
        """Return seconds by stage, in the order they were first entered."""
        return {name: round(seconds, 3) for name, seconds in self._cpu.items()}

    def _charge(self) -> None:
        now = time.process_time()
        if self._within:
            name = self._within[-1]
            self._cpu[name] = self._cpu.get(name, 0.0) + now - self._mark
        self._mark = now
