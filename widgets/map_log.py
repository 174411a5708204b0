"""What a map's frames have cost, and since when it is sharp: for benchmarks and the curious."""

from __future__ import annotations

import time
from collections import deque

_KEPT = 4_096


class FrameLog:
    """The last frames of one map.

    Attributes:
        ms: wall time that each frame's painting took.
        parent: share of each frame's area (0 to 1) that coarser tiles or the overview filled.
        moved_at: when the view last became another, `time.perf_counter()` seconds.
        sharp_at: when the first sharp frame of that view was painted; NaN before.
    """

    def __init__(self) -> None:
        self.ms: deque[float] = deque(maxlen=_KEPT)
        self.parent: deque[float] = deque(maxlen=_KEPT)
        self.moved_at = time.perf_counter()
        self.sharp_at = float("nan")

    @property
    def is_sharp(self) -> bool:
        """Whether the present view was painted with all its own tiles."""
        return self.sharp_at >= self.moved_at

    @property
    def last_ms(self) -> float:
        """What the last frame has cost; 0 before the first."""
        return self.ms[-1] if self.ms else 0.0

    def move(self) -> None:
        """Note that the view is another."""
        self.moved_at, self.sharp_at = time.perf_counter(), float("nan")

    def note(self, began: float, parent: float, *, sharp: bool) -> None:
        """Note a frame whose painting began at `began`."""
        now = time.perf_counter()
        self.ms.append((now - began) * 1e3)
        self.parent.append(parent)
        if sharp and not self.is_sharp:
            self.sharp_at = now

    def clear(self) -> None:
        """Forget what frames have cost."""
        self.ms.clear()
        self.parent.clear()
