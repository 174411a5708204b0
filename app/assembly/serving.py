"""`serve`: the same core without a window."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

from app.assembly.gazetteers import index_beside
from app.assembly.live import KEY_VARIABLE, Live, build_core, start_shift
from app.cli.wiring import Serve

_DEADLINES_S = 10.0
_SAY_S = 0.5


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
            index_beside(live.core, wanted.city, os.environ.get(KEY_VARIABLE))
            shift = start_shift(live, wanted.speed) if wanted.simulate else None
            say(_greeting(live))
            watch = DeadlineWatch(live.core, say)
            holds = live.keeping.lock.holds
            live.core.every("roles said", _SAY_S, _Teller(live, say))
            live.core.every(
                "deadlines", _DEADLINES_S, lambda: watch() if holds("deadlines") else None
            )
            stop.wait()
        finally:
            ended = live.core.close()
        counts = shift.summary() if shift is not None else {}
        return {"dispatched_by_rule": live.sent(), "ended_in_time": ended, **counts}
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Teller:
    """Says when this process takes the roles over, or loses them."""

    def __init__(self, live: Live, say: Callable[[str], None]) -> None:
        self._live = live
        self._say = say
        self._before = live.playing

    def __call__(self) -> None:
        if self._live.playing != self._before:
            self._before = self._live.playing
            self._say("plays the roles now" if self._before else "lost the roles; waits for them")


def _greeting(live: Live) -> str:
    facts = live.core.facts
    role = "plays the roles" if live.playing else "waits: another process plays the roles"
    return f"{facts.name} ({facts.code}): open, {role}. Ctrl-C or SIGTERM ends it."
