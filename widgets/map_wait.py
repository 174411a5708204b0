"""Waits for a map to be sharp without standing still: the event loop goes on."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QEventLoop, QTimer, SignalInstance


class Settling(Protocol):
    """Something that says when it is settled."""

    @property
    def settled(self) -> SignalInstance: ...
    @property
    def is_settled(self) -> bool: ...


def wait_settled(view: Settling, timeout_ms: int) -> bool:
    """Run a local event loop until `view` is settled or time is up; returns which."""
    loop, timer = QEventLoop(), QTimer()
    timer.setSingleShot(True)
    timer.timeout.connect(loop.quit)
    view.settled.connect(loop.quit)
    timer.start(timeout_ms)
    loop.exec()
    timer.stop()
    view.settled.disconnect(loop.quit)
    return view.is_settled
