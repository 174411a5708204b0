"""The tour of a simulated shift 示意: a fixed script on a virtual clock, pictures, a summary."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.engines.citystore import CityStore
from app.runtime.clock import VirtualClock
from app.runtime.core import Core
from app.sample.shift import Shift
from app.services.ports import Blobs
from app.shell.tour import Walk, run_tour

BEATS = 60
BEAT_MS = 80_000  # eighty minutes in all, the clock too, so that deadlines come near and pass
SPEED = 1.0
REPORTS_AN_HOUR = 40.0
_DESK_WAITS = 0.15  # a desk that keeps up
_ALARM = (6, "F0101")  # the beat at which it comes in, and what it is
_BEAT_LIMIT_MS = 60_000
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Faces:
    """Which faces to walk; empty means the usual ones."""

    sizes: Sequence[tuple[int, int]] = ()
    langs: Sequence[str] = ()
    stations: Sequence[str] = ()
    themes: Sequence[str] = ()


def play_tour(
    core: Core,
    shift: Shift,
    clock: VirtualClock,
    out: Path,
    faces: Faces,
    city_store: CityStore,
    blobs: Blobs,
    progress: Progress,
) -> dict[str, Any]:
    """Play the shift's script in the first window, walk all faces, write `out`/summary.json.

    `core` runs on `clock`. The same seed of the shift on the same city gives the same counts.
    """

    def beat() -> None:
        clock.advance(BEAT_MS)
        shift.beat()
        core.drain()

    def script(walk: Walk) -> None:
        shift.desk_waits = _DESK_WAITS
        for number in range(BEATS):
            progress("shift", number / BEATS)
            if number == _ALARM[0]:
                left = core.aside(lambda: shift.leave_urgent(_ALARM[1]))
                walk.wait(left.done, _BEAT_LIMIT_MS)
            beaten = core.aside(beat)
            walk.wait(beaten.done, _BEAT_LIMIT_MS)
            beaten.result(0)
        progress("shift", 1.0)

    summary = run_tour(
        core,
        out,
        sizes=faces.sizes,
        langs=faces.langs,
        stations=faces.stations,
        themes=faces.themes,
        script=script,
        city_store=city_store,
        blobs=blobs,
        progress=lambda _stage, done, total: progress("pictures", done / total if total else 0.0),
    )
    told = {**summary, **shift.summary()}
    text = json.dumps(told, ensure_ascii=False, indent=2)
    (out / "summary.json").write_text(text + "\n", encoding="utf-8")
    return told
