"""Names on the map: placed in slices of a few milliseconds, whenever the map comes to rest."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRectF, QTimer, Signal, Slot
from PySide6.QtGui import QPainter

from app.domain.camera import Bounds, Camera
from app.engines.citystore import CityStore
from layers.labels.geometry import DISTRICT, INNER, Candidate, Placing, ordered, search
from layers.labels.painter import LabelPainter
from layers.look import MapTheme

SLICE_S = 0.004
CALM_FROM = 1.25  # type as large as this is read from afar: only what matters is named
_AROUND = 0.15  # share of the screen beyond its edges in which names are placed too


class Names(QObject):
    """Keeps the names of the present scale.

    Signals:
        placed: nothing; names are complete for the present view.
    """

    placed = Signal()

    def __init__(self, parent: QObject, theme: MapTheme) -> None:
        super().__init__(parent)
        self._painter = LabelPainter()
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._on_slice)
        self._theme = theme
        self._english = False
        self._dpr = 1.0
        self._heading = 0.0
        self._scale = 0.0
        self._region: Bounds | None = None
        self._labels: list[Candidate] = []
        self._placing: Placing | None = None
        self._search: Iterator[Candidate | None] | None = None
        self._queue: list[Candidate] = []
        self._next = 0

    @property
    def is_placing(self) -> bool:
        """Whether a pass is under way."""
        return self._placing is not None

    @property
    def labels(self) -> list[Candidate]:
        """The names that stand now."""
        return self._labels

    def set_theme(self, theme: MapTheme) -> None:
        """Draw in another theme."""
        self._theme = theme

    def set_english(self, english: bool) -> None:
        """Prefer English names, or Chinese ones; takes effect at the next `settle`."""
        self._english = english
        self.clear()

    def set_type_scale(self, scale: float) -> None:
        """Enlarge all names (the wall is read from afar)."""
        self._painter = LabelPainter(scale)
        self.clear()

    def stir(self) -> None:
        """Place names again at the next `settle`; those that still stand well stay."""
        self._region = None

    def clear(self) -> None:
        """Forget all names."""
        self._timer.stop()
        self._placing, self._search, self._region, self._labels = None, None, None, []

    def settle(
        self, store: CityStore, camera: Camera, dpr: float,
        avoid: NDArray[np.float64] | None = None,
    ) -> None:  # fmt: skip
        """Place names for the view at rest; nothing happens if they already stand.

        `avoid` are places (n, 2) in local metres that names should leave free.
        """
        box = camera.bounds()
        same = abs(camera.m_per_px / self._scale - 1) < 1e-6 if self._scale else False
        if same and self._region is not None and _holds(self._region, box):
            return
        keep = self._labels if same else []
        self._scale, self._dpr, self._heading = camera.m_per_px, dpr, camera.heading
        self._region = box.grown(_AROUND * max(box.width, box.height))
        type_scale = self._painter.scale
        m_per_px = camera.m_per_px * type_scale
        self._search = search(
            store, self._region, m_per_px, self._english, self._painter.measure,
            calm=type_scale >= CALM_FROM,
        )  # fmt: skip
        self._queue, self._next = [], 0
        region = self._region
        self._placing = Placing(
            m_per_px, self._painter.measure,
            [label for label in keep if region.holds(label.x, label.y)], avoid,
        )  # fmt: skip
        self._timer.start()

    def paint(
        self, painter: QPainter, camera: Camera, free: QRectF, taken: Sequence[QRectF]
    ) -> int:
        """Draw the names that stand within `free`, off `taken`.

        Far from the scale they were placed for, only those of districts.
        """
        if not self._scale:
            return 0
        ratio = camera.m_per_px / self._scale
        near = 0.6 < ratio < 1.7
        labels = self._labels if near else [n for n in self._labels if n.style in (DISTRICT, INNER)]
        return self._painter.paint(painter, labels, camera, self._theme, free, taken)

    @Slot()
    def _on_slice(self) -> None:
        placing = self._placing
        if placing is None:
            self._timer.stop()
            return
        until = time.perf_counter() + SLICE_S
        while self._search is not None and time.perf_counter() < until:
            self._look_for_one(self._search)
        while self._search is None and time.perf_counter() < until:
            if self._next >= len(self._queue):
                self._timer.stop()
                self._labels, self._placing, self._queue = placing.placed, None, []
                self.placed.emit()
                return
            self._place_one(placing, self._queue[self._next])

    def _look_for_one(self, found: Iterator[Candidate | None]) -> None:
        try:
            candidate = next(found)
        except StopIteration:
            self._search, self._queue = None, ordered(self._queue)
            return
        if candidate is not None:
            self._queue.append(candidate)

    def _place_one(self, placing: Placing, candidate: Candidate) -> None:
        self._next += 1
        if placing.offer(candidate):
            self._painter.prepare(candidate, self._theme, self._dpr, self._heading)


def _holds(outer: Bounds, inner: Bounds) -> bool:
    return (
        outer.x0 <= inner.x0 and outer.y0 <= inner.y0
        and outer.x1 >= inner.x1 and outer.y1 >= inner.y1
    )  # fmt: skip
