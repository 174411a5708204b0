"""Tiles on demand: newest wishes first, a bounded cache, and nothing that waits.

The window says at each frame which tiles it would like (`want`); wishes of earlier frames that
nobody took up are forgotten. Threads belong to whoever gives `submit`; this module has none.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.camera import Bounds

SIDE = 512
CACHE_BYTES = 192 << 20

Image = NDArray[np.uint32]
Submit = Callable[[Callable[[], None]], object]


@dataclass(frozen=True)
class TileKey:
    """One tile: `SIDE` physical pixels square, counted from local metres (0, 0).

    Attributes:
        look: number of the look (theme, layers, masks) it is drawn in.
        m_per_px: metres a physical pixel.
        col, row: eastward and northward.
    """

    look: int
    m_per_px: float
    col: int
    row: int

    @property
    def span(self) -> float:
        """Metres along a side."""
        return SIDE * self.m_per_px

    @property
    def bounds(self) -> Bounds:
        """The ground it shows, local metres."""
        s = self.span
        return Bounds(self.col * s, self.row * s, (self.col + 1) * s, (self.row + 1) * s)


def keys_over(look: int, m_per_px: float, box: Bounds) -> list[TileKey]:
    """Return the tiles that cover `box` (local metres), those nearest to its middle first."""
    span = SIDE * m_per_px
    c0, c1 = int(np.floor(box.x0 / span)), int(np.floor(box.x1 / span))
    r0, r1 = int(np.floor(box.y0 / span)), int(np.floor(box.y1 / span))
    cx, cy = box.centre
    keys = [TileKey(look, m_per_px, c, r) for r in range(r0, r1 + 1) for c in range(c0, c1 + 1)]
    return sorted(
        keys, key=lambda k: ((k.col + 0.5) * span - cx) ** 2 + ((k.row + 0.5) * span - cy) ** 2
    )


class TileService:
    """Makes and keeps tiles.

    Args:
        draw: draws a tile (any thread); returns uint32 (SIDE, SIDE), 0xFFRRGGBB.
        submit: runs a callable on some pool thread.
        on_ready: called on that thread when a tile is there.
        lanes: how many tiles are drawn at once; may be set anew at any time.
        budget: bytes of finished tiles to keep.
    """

    def __init__(
        self,
        draw: Callable[[TileKey], Image],
        submit: Submit,
        on_ready: Callable[[TileKey], None],
        *,
        lanes: int = 2,
        budget: int = CACHE_BYTES,
    ) -> None:
        self._draw = draw
        self._submit = submit
        self._on_ready = on_ready
        self.lanes = lanes
        self._budget = budget
        self._lock = threading.Lock()
        self._done: OrderedDict[TileKey, Image] = OrderedDict()
        self._bytes = 0
        self._wanted: list[TileKey] = []  # last is next
        self._drawing: set[TileKey] = set()
        self._running = 0
        self._closed = False

    def want(self, keys: Sequence[TileKey]) -> None:
        """Replace all wishes by `keys`, the most urgent first; those there are skipped.

        Those count as used, so that none makes room for the others before it is laid.
        """
        with self._lock:
            if self._closed:
                return
            for key in reversed(keys):
                if key in self._done:
                    self._done.move_to_end(key)
            self._wanted = [
                k for k in reversed(keys) if k not in self._done and k not in self._drawing
            ]
            start = min(self.lanes - self._running, len(self._wanted))
            self._running += max(start, 0)
        for _ in range(start):
            self._submit(self._work)

    def get(self, key: TileKey) -> Image | None:
        """Return a finished tile and mark it as used."""
        with self._lock:
            image = self._done.get(key)
            if image is not None:
                self._done.move_to_end(key)
            return image

    def scales(self, look: int) -> set[float]:
        """Return the scales at which tiles of a look are there."""
        with self._lock:
            return {k.m_per_px for k in self._done if k.look == look}

    @property
    def idle(self) -> bool:
        """Whether no tile is wanted or being drawn."""
        with self._lock:
            return not self._wanted and not self._drawing

    @property
    def cached_bytes(self) -> int:
        """Bytes of finished tiles."""
        return self._bytes

    def forget(self) -> None:
        """Drop all tiles and wishes: the map has changed."""
        with self._lock:
            self._done.clear()
            self._wanted.clear()
            self._bytes = 0

    def close(self) -> None:
        """Take no more wishes; tiles being drawn end by themselves and are not reported."""
        with self._lock:
            self._closed = True
            self._wanted.clear()

    def _work(self) -> None:
        """Draw one wish, then hand the thread back; queue again while there are more."""
        key = self._next()
        if key is None:
            return
        image: Image | None = None
        try:
            image = self._draw(key)
        finally:  # a tile that fails holds up no other
            if self._finish(key, image):
                self._on_ready(key)
            self._queue_again()

    def _queue_again(self) -> None:
        with self._lock:
            again = bool(self._wanted) and not self._closed and self._running < self.lanes
            self._running += again
        if again:
            self._go_on()

    def _go_on(self) -> None:
        try:
            self._submit(self._work)
        except RuntimeError:  # the pool ended between two tiles: so do we
            self.close()

    def _next(self) -> TileKey | None:
        with self._lock:
            if self._closed or not self._wanted:
                self._running -= 1
                return None
            key = self._wanted.pop()
            self._drawing.add(key)
            return key

    def _finish(self, key: TileKey, image: Image | None) -> bool:
        """Keep a finished tile; returns whether anybody is to be told."""
        with self._lock:
            self._drawing.discard(key)
            self._running -= 1
            if image is None or self._closed:
                return False
            self._done[key] = image
            self._bytes += image.nbytes
            while self._bytes > self._budget and len(self._done) > 1:
                _, old = self._done.popitem(last=False)
                self._bytes -= old.nbytes
            return True
