"""`serve`: the same core without a window."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from app.assembly.live import Live, build_core, start_shift
from app.cli.wiring import Serve

_DEADLINES_S = 10.0


def serve(wanted: Serve, say: Callable[[str], None]) -> Mapping[str, Any]:
    """Play the machine's roles without a window until SIGTERM or Ctrl-C; return what was done."""
    from app.feeds.deadlines import DeadlineWatch

    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {one: signal.signal(one, on_signal) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        live = build_core(wanted.city)
        try:
            shift = start_shift(live, Path(wanted.city), wanted.speed) if wanted.simulate else None
            say(_greeting(live))
            live.core.every("deadlines", _DEADLINES_S, DeadlineWatch(live.core, say))
            stop.wait()
        finally:
            ended = live.core.close()
        counts = shift.summary() if shift is not None else {}
        return {"dispatched_by_rule": live.sent(), "ended_in_time": ended, **counts}
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _greeting(live: Live) -> str:
    facts = live.core.facts
    role = "plays the roles" if live.playing else "waits: another process plays the roles"
    return f"{facts.name} ({facts.code}): open, {role}. Ctrl-C or SIGTERM ends it."
