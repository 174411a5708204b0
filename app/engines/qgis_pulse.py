"""Whether a process that is silent is at work: a busy machine must not be taken for a hang."""

from __future__ import annotations

import os
import time
from pathlib import Path

_SHARE = 0.02  # of one core; what hangs on a network or a lock uses none
_TICKS = os.sysconf("SC_CLK_TCK")


class Pulse:
    """Looks at one process of this machine by its number."""

    def __init__(self, pid: int) -> None:
        self._stat = Path(f"/proc/{pid}/stat")
        self._at, (_, self._cpu) = time.monotonic(), self._look()

    def beats(self) -> bool:
        """Return whether it waits for a core or the disk, or computed since the last look."""
        now, (state, cpu) = time.monotonic(), self._look()
        worked = cpu - self._cpu > _SHARE * (now - self._at)
        self._at, self._cpu = now, cpu
        return state in ("R", "D") or worked

    def _look(self) -> tuple[str, float]:
        """Return its state, as the kernel writes it, and seconds of all its threads on a core."""
        try:
            fields = self._stat.read_text("ascii", "replace").rpartition(")")[2].split()
        except OSError:
            return "X", 0.0
        return fields[0], (int(fields[11]) + int(fields[12])) / _TICKS
