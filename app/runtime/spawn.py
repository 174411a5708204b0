"""Threads for those below that own one (the QGIS process's keeper): made here, owned there."""

from __future__ import annotations

import threading
from collections.abc import Callable


def spawn_thread(*, target: Callable[[], None], name: str, daemon: bool) -> threading.Thread:
    """Return a thread, not yet started; who asked for it ends it."""
    return threading.Thread(target=target, name=name, daemon=daemon)
