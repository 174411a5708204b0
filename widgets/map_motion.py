"""How the camera moves by itself: eased zoom, flight to a place, glide after a throw.

150 ms ease out, or none. One timer, which runs only while something moves.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from app.domain.camera import Camera

EASE_S = 0.15
_TICK_MS = 8
_DECAY_S = 0.16
_STILL = 18.0  # pixels a second

Path = Callable[[Camera, float], Camera | None]  # camera now, seconds since start -> next or end


@dataclass(frozen=True)
class _Zoom:
    """Change of scale about a fixed pixel."""

    start: Camera
    sx: float
    sy: float
    goal: float

    def __call__(self, _now: Camera, passed: float) -> Camera | None:
        if passed >= EASE_S:
            return None
        share = eased(passed / EASE_S)
        scale = self.start.m_per_px * (self.goal / self.start.m_per_px) ** share
        return self.start.zoom_about(self.sx, self.sy, scale)


@dataclass(frozen=True)
class _Flight:
    """Straight to another camera; the scale runs evenly in octaves."""

    start: Camera
    goal: Camera
    lasts: float

    def __call__(self, now: Camera, passed: float) -> Camera | None:
        if passed >= self.lasts:
            return None
        share = eased(passed / self.lasts)
        a, b = self.start, self.goal
        scale = a.m_per_px * (b.m_per_px / a.m_per_px) ** share
        # places move in step with the scale, so that the goal comes nearer on a straight line
        even = abs(b.m_per_px - a.m_per_px) < 1e-9
        move = share if even else (scale - a.m_per_px) / (b.m_per_px - a.m_per_px)
        return replace(now, x=a.x + (b.x - a.x) * move, y=a.y + (b.y - a.y) * move, m_per_px=scale)


@dataclass(frozen=True)
class _Glide:
    """The ground goes on after a throw and slows down."""

    start: Camera
    vx: float
    vy: float

    def __call__(self, _now: Camera, passed: float) -> Camera | None:
        left = math.exp(-passed / _DECAY_S)
        if math.hypot(self.vx, self.vy) * left < _STILL:
            return None
        run = _DECAY_S * (1 - left)
        return self.start.pan(self.vx * run, self.vy * run)


class Motion(QObject):
    """Moves a camera along one path at a time.

    Signals:
        moved: a `Camera`, at each step.
        stopped: the last `Camera`.
    """

    moved = Signal(object)
    stopped = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._on_tick)
        self._path: Path | None = None
        self._now = Camera()
        self._goal: Camera | None = None
        self._began = 0.0
        self.animated = True

    @property
    def is_running(self) -> bool:
        """Whether something moves."""
        return self._path is not None

    @property
    def goal(self) -> Camera | None:
        """Where a zoom or flight will end; None while gliding or still."""
        return self._goal if self.is_running else None

    def zoom(self, camera: Camera, sx: float, sy: float, m_per_px: float) -> None:
        """Zoom to a scale with the ground under (sx, sy) staying there."""
        goal = camera.zoom_about(sx, sy, m_per_px)
        self._run(camera, goal, _Zoom(camera, sx, sy, goal.m_per_px))

    def fly(self, camera: Camera, goal: Camera, lasts: float = EASE_S) -> None:
        """Move to `goal` within `lasts` seconds."""
        self._run(camera, goal, _Flight(camera, goal, lasts))

    def glide(self, camera: Camera, vx: float, vy: float) -> None:
        """Go on at (vx, vy) pixels a second, slowing down."""
        if self.animated:
            self._run(camera, None, _Glide(camera, vx, vy))

    def stop(self) -> None:
        """Stand still here."""
        self._timer.stop()
        self._path = None

    def _run(self, camera: Camera, goal: Camera | None, path: Path) -> None:
        self._now, self._goal, self._path = camera, goal, path
        self._began = time.perf_counter()
        if self.animated:
            self._timer.start()
        else:
            self._arrive()

    def _arrive(self) -> None:
        if self._goal is not None:
            self._now = replace(self._goal, width=self._now.width, height=self._now.height)
        self.stop()
        self.stopped.emit(self._now)

    @Slot()
    def _on_tick(self) -> None:
        if self._path is None:
            return
        now = self._path(self._now, time.perf_counter() - self._began)
        if now is None:
            self._arrive()
        else:
            self._now = now
            self.moved.emit(now)


def eased(share: float) -> float:
    """Return the share of the way gone after a share of the time: fast, then slowing."""
    return 1 - (1 - min(max(share, 0.0), 1.0)) ** 3
