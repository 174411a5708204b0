"""Who held the window's loop: its thread's stack, written while the loop is late.

An alarm rings in the middle of whatever holds the loop, and `faulthandler` answers it without the
interpreter: it tells also of a loop that waits for the GIL or stands inside a long call.
"""

from __future__ import annotations

import faulthandler
import signal
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer

_BEAT_MS = 10


class LateStacks(QObject):
    """Writes the stack of the window's thread each time the loop leaves it waiting too long."""

    def __init__(self, parent: QObject, file: Path, late_ms: int = 60) -> None:
        super().__init__(parent)
        self._late_s = late_ms / 1000
        self._file = file.open("w", encoding="utf-8")
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """Begin to watch."""
        faulthandler.register(signal.SIGALRM, self._file, all_threads=False)
        self._timer.start(_BEAT_MS)

    def note(self, what: str) -> None:
        """Write down what begins now, so that the stacks after it can be told apart."""
        self._file.write(f"== {what}\n")
        self._file.flush()

    def stop(self) -> None:
        """Watch no more."""
        self._timer.stop()
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.unregister(signal.SIGALRM)
        self._file.close()

    def _beat(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, self._late_s, self._late_s)
