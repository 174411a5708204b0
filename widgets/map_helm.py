"""Steers a map: hands, flights and the window's size move one camera; says when it rests."""

from __future__ import annotations

import math
import time

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.domain.camera import Bounds, Camera, rung_step
from widgets.map_frame import Frame
from widgets.map_gestures import Gestures
from widgets.map_motion import Motion
from widgets.map_wants import STILL, Course

REST_MS = 45
_STREAM_S = 0.1  # changes that come faster than this are one movement
_CALM = 0.7  # share of the old pace in the new one, so that uneven steps make an even pace


class Helm(QObject):
    """Holds the camera of one map.

    Signals:
        moved: the new `Camera`, at each step.
        rested: nothing; the view has stood still for a moment.
    """

    moved = Signal(object)
    rested = Signal()

    def __init__(self, parent: QObject, gestures: Gestures) -> None:
        super().__init__(parent)
        self.camera = Camera()
        self.frame = Frame()
        self._city: Bounds | None = None
        self._is_home, self._streams = True, False
        self._moved_at, self._pace = 0.0, 0.0
        self._motion = Motion(self)
        self._motion.moved.connect(self._on_moved)
        self._motion.stopped.connect(self._on_stopped)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._on_rest)
        gestures.touched.connect(self._on_touched)
        gestures.dragged.connect(self._on_dragged)
        gestures.thrown.connect(self._on_thrown)
        gestures.zoomed.connect(self._on_zoomed)
        gestures.nudged.connect(self._on_nudged)
        gestures.homed.connect(self.fit)

    @property
    def course(self) -> Course:
        """How the view moves now."""
        goal = self._motion.goal
        if goal is not None:
            return Course(True, goal.sized(self.camera.width, self.camera.height))
        return Course(True, zoom=self._pace) if self._streams else STILL

    @property
    def is_still(self) -> bool:
        """Whether nothing moves and the view has rested."""
        return not self._motion.is_running and not self._rest.isActive()

    def enter(self, city: Bounds | None) -> None:
        """Take another city's bounds, local metres; the first city is shown whole."""
        first, self._city = self._city is None, city
        if first and city is not None:
            self.camera = self.frame.fit(self.camera, city)

    def look(self, camera: Camera) -> None:
        """Look through `camera` at once; its size is replaced by the widget's."""
        self._on_touched()
        self._look_through(camera.sized(self.camera.width, self.camera.height))

    def fly(self, x: float, y: float, m_per_px: float | None = None) -> None:
        """Move to a place (local metres), at another scale if one is given."""
        self._motion.fly(self.camera, self.frame.at(self.camera, x, y, m_per_px))

    @Slot()
    def fit(self, box: Bounds | None = None) -> None:
        """Show all of `box` (local metres), or of the city."""
        wished = box or self._city
        if wished is not None:
            self._motion.fly(self.camera, self.frame.fit(self.camera, wished))

    def set_animated(self, animated: bool) -> None:
        """Move in 150 ms, or at once."""
        self._motion.animated = animated

    def set_frame(self, frame: Frame) -> None:
        """Keep what is shown off the edges that other panels cover."""
        self.frame = frame
        if self._is_home and self._city is not None:
            self._look_through(frame.fit(self.camera, self._city))
            self._is_home = True

    def resize(self, width: int, height: int) -> None:
        """Show as much more or less ground."""
        fresh = self.camera.sized(width, height)
        if self._city is not None and self._is_home:
            fresh = self.frame.fit(fresh, self._city)
        self._look_through(fresh)

    def stir(self) -> None:
        """Rest anew: something else about the view has changed."""
        self._rest.start()

    def stop(self) -> None:
        """Let go of timers."""
        self._motion.stop()
        self._rest.stop()

    def _look_through(self, camera: Camera) -> None:
        before = self.camera
        if camera == before:
            return
        resized = (camera.width, camera.height) != (before.width, before.height)
        self._is_home = self._is_home and resized
        self._note_pace(before.m_per_px, camera.m_per_px)
        self.camera = camera
        self._rest.start()
        self.moved.emit(camera)

    def _note_pace(self, before: float, after: float) -> None:
        """Learn whether steps follow each other, and how many octaves a second the scale runs."""
        now = time.perf_counter()
        passed, self._moved_at = now - self._moved_at, now
        self._streams = passed < _STREAM_S
        if before == after or not self._streams:
            self._pace = 0.0
            return
        fresh = math.log2(after / before) / max(passed, 1e-3)
        self._pace = fresh if not self._pace else _CALM * self._pace + (1 - _CALM) * fresh

    @Slot(object)
    def _on_moved(self, camera: Camera) -> None:
        self._look_through(camera.sized(self.camera.width, self.camera.height))

    @Slot(object)
    def _on_stopped(self, camera: Camera) -> None:
        self._look_through(camera.sized(self.camera.width, self.camera.height))
        self._on_rest()

    @Slot()
    def _on_rest(self) -> None:
        if not self._motion.is_running:
            self._rest.stop()
            self._streams, self._pace = False, 0.0
            self.rested.emit()

    @Slot()
    def _on_touched(self) -> None:
        """Stop here and rest, though the flight's own rest may have passed between two steps."""
        if self._motion.is_running:
            self._motion.stop()
            self._rest.start()

    @Slot(object)
    def _on_dragged(self, step: tuple[float, float]) -> None:
        self._look_through(self.camera.pan(*step))

    @Slot(object)
    def _on_thrown(self, speed: tuple[float, float]) -> None:
        self._motion.glide(self.camera, *speed)

    @Slot(object)
    def _on_zoomed(self, wish: tuple[float, float, float]) -> None:
        sx, sy, rungs = wish
        goal = self._motion.goal or self.camera
        self._motion.zoom(self.camera, sx, sy, rung_step(goal.m_per_px, int(rungs)))

    @Slot(object)
    def _on_nudged(self, step: tuple[float, float]) -> None:
        goal = self._motion.goal or self.camera
        self._motion.fly(self.camera, goal.pan(*step))
