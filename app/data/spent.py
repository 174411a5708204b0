"""What the stages of an import cost: seconds, and those of CPU of this process; counted once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


class Spent:
    """Seconds by stage; a stage inside another is taken off that one."""

    def __init__(self) -> None:
        self._cpu: dict[str, float] = {}
        self._wall: dict[str, float] = {}
        self._within: list[str] = []
        self._mark = (time.process_time(), time.perf_counter())

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
        """Return seconds of CPU by stage, in the order they were first entered."""
        return {name: round(seconds, 3) for name, seconds in self._cpu.items()}

    def lasted(self) -> Mapping[str, float]:
        """Return seconds by stage, in the order they were first entered."""
        return {name: round(seconds, 3) for name, seconds in self._wall.items()}

    def _charge(self) -> None:
        now = (time.process_time(), time.perf_counter())
        if self._within:
            name = self._within[-1]
            self._cpu[name] = self._cpu.get(name, 0.0) + now[0] - self._mark[0]
            self._wall[name] = self._wall.get(name, 0.0) + now[1] - self._mark[1]
        self._mark = now
