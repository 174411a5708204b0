"""The part of `bench map` that runs in a process of its own: a real window on one screen size.

It shows the map as the desk has it, with all layers on, open cases from the city's log and live
units that move once a second, and plays the tour of `map_legs` in the window's own event loop.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import psutil
from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer, Slot

from app.bench.late import LateStacks
from app.bench.map_legs import Leg, jumps, legs
from app.domain.camera import Camera
from app.engines.citystore import CityStore
from app.runtime.core import Core
from app.services.changes import Changes, UnitRow
from app.shell.application import application
from app.shell.bridge import Bridge
from app.shell.feed import Feed
from app.shell.loop import GapMeter, IdleCollector
from app.shell.session import Session
from app.shell.stage import Stage, make_map
from widgets.i18n import set_language
from widgets.icons import load_icons
from widgets.map_view import MapView
from widgets.theme import apply_theme

UNITS = 3_000
_TICK_MS = 16  # the screen's own pace: 60 frames a second
_BEAT_S = 1.0
_PATIENCE_MS = 30_000
_SWITCH_S = 0.001  # as the window itself has it


def measure(
    core: Core, store: CityStore, size: tuple[int, int], count: int, pace: float,
    stacks: Path | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Play the tour in a window of `size` pixels; returns what `bench map` tells of a size.

    `count` jumps are made, and every leg takes `pace` of its usual time. Into `stacks` goes who
    held the loop whenever it was late.
    """
    sys.setswitchinterval(_SWITCH_S)
    program = application()
    set_language("zh")
    session = Session(theme="light")
    apply_theme(program, session.theme)
    load_icons()
    ratio = program.primaryScreen().devicePixelRatio()
    logical = (round(size[0] / ratio), round(size[1] / ratio))
    window = _Window(core, store, session, logical)
    late = LateStacks(window, stacks) if stacks else None
    try:
        return {"pixel_ratio": ratio, **_Tour(window, logical, count, pace, late).play()}
    finally:
        if late is not None:
            late.stop()
        window.close()


class _Window(QObject):
    """The map with its feed, as a station has them, and units that move."""

    def __init__(
        self, core: Core, store: CityStore, session: Session, size: tuple[int, int]
    ) -> None:
        super().__init__()
        self.store = store
        self._bridge = Bridge(core, self)
        self.view: MapView = make_map(store, session.theme, self._bridge)
        self._stage = Stage(self.view, self._bridge, store)
        self._feed = Feed(self._bridge, session, self)
        self._feed.delta.connect(self._on_delta)
        self._collector, self.gaps = IdleCollector(self), GapMeter(self)
        self.view.setWindowFlag(Qt.WindowType.FramelessWindowHint)
        self.view.setGeometry(0, 0, *size)
        self.view.show()
        self._feed.start()
        self._fleet = _Fleet(store)
        core.every("fleet", _BEAT_S, lambda: core.publish(Changes(units=self._fleet.step())))
        self._collector.start()
        self.gaps.start()

    @Slot(object)
    def _on_delta(self, delta: object) -> None:
        self._stage.follow(delta, self._feed.store)  # type: ignore[arg-type] # as the feed sends

    @property
    def is_filled(self) -> bool:
        """Whether all open cases and the units are there."""
        return self._feed.is_open and len(self._feed.store.units) >= UNITS

    def close(self) -> None:
        """Let go of everything."""
        self.gaps.stop()
        self._collector.stop()
        self._feed.stop()
        self._stage.close()
        self._bridge.close()
        self.view.close()


class _Fleet:
    """Units that drive through the busier half of a city."""

    def __init__(self, store: CityStore) -> None:
        chance = np.random.default_rng(3)
        reach = min(store.bounds.width, store.bounds.height) / 10
        cx, cy = middle_of(store)
        self._x, self._y = chance.normal((cx, cy), reach, (UNITS, 2)).T
        self._turn = chance.uniform(0, 360, UNITS)
        self._frame, self._chance = store.frame, chance
        self._uids = [UUID(int=n + 1) for n in range(UNITS)]

    def step(self) -> tuple[UnitRow, ...]:
        """Drive on for a second, at some 30 km/h, and say where all are."""
        self._turn = (self._turn + self._chance.normal(0, 8, UNITS)) % 360
        self._x += np.sin(np.radians(self._turn)) * 8
        self._y += np.cos(np.radians(self._turn)) * 8
        lon, lat = self._frame.to_lonlat(self._x, self._y)
        at_ms = time.time_ns() // 1_000_000
        places = zip(self._uids, lon.tolist(), lat.tolist(), self._turn.tolist(), strict=True)
        return tuple(UnitRow(u, "", "vehicle", x, y, t, at_ms) for u, x, y, t in places)


def middle_of(store: CityStore) -> tuple[float, float]:
    """Return the middle of the block of cells with most parts, local metres."""
    along = round(len(store.cube) ** 0.5)
    blocks = store.cube.sum(axis=1).reshape(along, along)
    row, col = np.unravel_index(int(blocks.argmax()), blocks.shape)
    side = 256.0 * (1 << store.bits) / len(blocks)
    return store.origin[0] + (col + 0.5) * side, store.origin[1] + (row + 0.5) * side


class _Tour:
    """Plays the legs and the jumps and keeps what they cost."""

    def __init__(
        self, window: _Window, size: tuple[int, int], count: int, pace: float,
        late: LateStacks | None,
    ) -> None:  # fmt: skip
        self._window, self._view, self._late = window, window.view, late
        self._legs = [
            replace(leg, seconds=leg.seconds * pace)
            for leg in legs(window.store.bounds, middle_of(window.store), size)
        ]
        self._jumps = jumps(window.store.bounds, middle_of(window.store), size, count)
        self._sharp: list[float] = []
        self._ms: list[float] = []
        self._parent: list[float] = []
        self._by_leg: dict[str, dict[str, float]] = {}
        self._labels = 0

    def play(self) -> dict[str, Any]:
        """Return the figures of the whole tour."""
        self._until(lambda: self._window.is_filled)
        self._view.wait_sharp(_PATIENCE_MS)
        gc.collect()
        self._window.gaps.reset()
        if self._late is not None:
            self._late.start()
        frames = seconds = 0.0
        for leg in self._legs:
            shown, took = self._run(leg)
            frames, seconds = frames + shown, seconds + took
        for camera in self._jumps:
            self._jump(camera)
        gaps = self._window.gaps
        told = {
            "p50_ms": _at(self._ms, 50), "p95_ms": _at(self._ms, 95),
            "max_ms": _at(self._ms, 100), "fps": round(frames / seconds, 1),
            "fallback_share": round(statistics.fmean(self._parent), 3),
            "sharp_p50_ms": _at(self._sharp, 50), "sharp_p95_ms": _at(self._sharp, 95),
            "gap_p99_ms": round(gaps.p99_ms, 1), "gap_max_ms": round(gaps.max_ms, 1),
            "labels_drawn": self._labels, "live_units": UNITS,
        }  # fmt: skip
        told["cold_full_frame_ms"] = self._cold_frame()
        told["rss_mb"] = round(psutil.Process().memory_info().rss / 1e6)
        return {**told, "legs": self._by_leg}

    def _run(self, leg: Leg) -> tuple[int, float]:
        """Play one leg; returns frames shown and seconds."""
        self._note(leg.name)
        self._view.set_camera(leg.start)
        self._view.wait_sharp(_PATIENCE_MS)
        self._view.frames.clear()
        began = time.perf_counter()
        mover = _Mover(self._view, leg)
        self._until(lambda: mover.is_done)
        took = time.perf_counter() - began
        mover.stop()
        ms, parent = list(self._view.frames.ms), list(self._view.frames.parent)
        self._await_sharp()
        self._ms += ms
        self._parent += parent
        self._by_leg[leg.name] = {
            "p50_ms": _at(ms, 50), "p95_ms": _at(ms, 95), "max_ms": _at(ms, 100),
            "fps": round(len(ms) / took, 1), "fallback_share": round(statistics.fmean(parent), 3),
            "sharp_ms": round(self._sharp[-1], 1),
        }  # fmt: skip
        return len(ms), took

    def _note(self, what: str) -> None:
        if self._late is not None:
            self._late.note(f"{what}, longest gap so far {self._window.gaps.max_ms:.0f} ms")

    def _jump(self, camera: Camera) -> None:
        self._note(f"jump to {camera.m_per_px:g} m a pixel")
        self._view.frames.clear()
        self._view.set_camera(camera)
        self._await_sharp()
        self._view.wait_sharp(_PATIENCE_MS)
        self._ms += self._view.frames.ms
        self._labels = max(self._labels, self._view.labels_drawn)

    def _await_sharp(self) -> None:
        log = self._view.frames
        self._until(lambda: log.is_sharp)
        self._sharp.append((log.sharp_at - log.moved_at) * 1e3)

    def _cold_frame(self) -> float:
        """Return ms from nothing cached to the whole city drawn exactly, a median of five."""
        took = []
        for _ in range(5):
            self._view.fit()
            self._view.wait_sharp(_PATIENCE_MS)
            self._view.forget_tiles()
            self._await_sharp()
            took.append(self._sharp.pop())
        return round(statistics.median(took), 1)

    def _until(self, done: Callable[[], bool]) -> None:
        loop, look, limit = QEventLoop(), QTimer(), QTimer()
        look.timeout.connect(lambda: loop.quit() if done() else None)
        look.start(2)
        limit.setSingleShot(True)
        limit.timeout.connect(loop.quit)
        limit.start(_PATIENCE_MS)
        loop.exec()
        look.stop()
        if not done():
            view = self._view
            raise TimeoutError(
                f"The map was not ready in time: {view.camera}, still {view.is_still}, "
                f"sharp {view.frames.is_sharp}, {len(view.frames.ms)} frames."
            )


class _Mover(QObject):
    """Moves a map along a leg at the screen's pace."""

    def __init__(self, view: MapView, leg: Leg) -> None:
        super().__init__(view)
        self._view, self._leg = view, leg
        self._began = time.perf_counter()
        self.is_done = False
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start(_TICK_MS)

    @Slot()
    def _on_tick(self) -> None:
        share = (time.perf_counter() - self._began) / self._leg.seconds
        self._view.set_camera(self._leg.at(min(share, 1.0)))
        self.is_done = share >= 1.0
        if self.is_done:
            self._timer.stop()

    def stop(self) -> None:
        """Let go of the timer."""
        self._timer.stop()
        self.deleteLater()


def _at(values: list[float], percentile: float) -> float:
    return round(float(np.percentile(values, percentile)), 2) if values else 0.0
