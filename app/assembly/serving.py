"""`serve`: the same core without a window."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

from app.assembly.gazetteers import index_beside
from app.assembly.live import KEY_VARIABLE, Live, build_core, start_shift
from app.cli.wiring import Serve
from app.cli.words import said
from app.domain.errors import NotFound

if TYPE_CHECKING:
    from app.services.ports import City

_DEADLINES_S = 10.0
_SAY_S = 0.5


def serve(wanted: Serve, say: Callable[[str], None]) -> Mapping[str, Any]:
    """Play the machine's roles without a window until SIGTERM or Ctrl-C; return what was done.

    Raises what opening raises, also for a map that cannot be used: nothing could be dispatched.
    """
    from app.feeds.deadlines import DeadlineWatch

    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {one: signal.signal(one, on_signal) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        live = build_core(wanted.city)
        try:
            live.core.with_city(_check_map).result()
            index_beside(live.core, wanted.city, os.environ.get(KEY_VARIABLE))
            shift = start_shift(live, wanted.speed) if wanted.simulate else None
            say(_greeting(live, wanted.lang))
            watch = DeadlineWatch(live.core, _Counts(say, wanted.lang))
            holds = live.keeping.lock.holds
            live.core.every("roles said", _SAY_S, _Teller(live, say, wanted.lang))
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

    def __init__(self, live: Live, say: Callable[[str], None], lang: str) -> None:
        self._live = live
        self._say = say
        self._lang = lang
        self._before = live.playing

    def __call__(self) -> None:
        if self._live.playing != self._before:
            self._before = self._live.playing
            self._say(said("serve", "took_over" if self._before else "lost", self._lang))


class _Counts:
    """Says how many cases are open, near due and overdue."""

    def __init__(self, say: Callable[[str], None], lang: str) -> None:
        self._say = say
        self._lang = lang

    def __call__(self, count: int, near: int, overdue: int) -> None:
        words = said("serve", "counts", self._lang)
        self._say(words.format(open=count, near=near, overdue=overdue))


def _greeting(live: Live, lang: str) -> str:
    facts = live.core.facts
    role = said("serve", "plays" if live.playing else "waits", lang)
    return said("serve", "greeting", lang).format(name=facts.name, code=facts.code, role=role)


def _check_map(city: City) -> None:
    """Raise `StorageFailure` for a map that is missing, broken or another city's."""
    with suppress(NotFound):  # a city whose areas are still to be imported
        city.areas.root()
