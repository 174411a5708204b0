"""One base map as tiles under the city: newest wishes first, and nothing that waits for a server.

One thread asks the disk, then the QGIS process; the window only reads what is there. A tile that
is no longer wanted is cancelled. After a failure the source is left alone for a while that
doubles up to a minute; meanwhile what lies on disk is shown, however old, and the state says so.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from app.domain.basemaps import BaseMap
from app.domain.errors import AppError, StorageFailure
from app.engines.basemap_cache import (
    SIDE,
    BaseKey,
    BaseMapCache,
    Pixels,
    Stored,
    shelf_name,
    stamp_of,
)
from app.engines.basemap_tone import toned
from app.engines.qgis_protocol import View
from app.engines.qgis_supervisor import SpawnThread, Thread

log = logging.getLogger(__name__)

MEMORY = 96 << 20
FRESH_S = 7 * 86_400.0  # what came over a network is asked for again after a week
_BACK_OFF_S, _BACK_OFF_MOST_S = 2.0, 60.0


class DrawsBase(Protocol):
    """What draws: `app.engines.qgis_client.QgisProcess` fulfils it."""

    def render_base(self, base: BaseMap, view: View, width: int, height: int) -> Future[Any]:
        """Return a future of a `Frame`."""


@dataclass(frozen=True)
class BaseState:
    """How a base map does: `code` is idle, loading, ok or gone; `reason` in words when gone.

    `from_cache`: something is shown all the same. `since_s`: Unix seconds.
    """

    code: str = "idle"
    reason: str = ""
    since_s: float = 0.0
    from_cache: bool = False


def view_of(key: BaseKey, lon0: float, lat0: float) -> View:
    """Return what QGIS is asked to draw for a tile."""
    b = key.bounds
    return View((b.x0, b.y0, b.x1, b.y1), lon0, lat0)


def pixels_of(frame: Any) -> Pixels:
    """Return the pixels of a finished `Frame` as premultiplied 0xAARRGGBB (SIDE, SIDE), copied."""
    bgra = np.ascontiguousarray(frame.pixels)
    return np.array(bgra.view(np.uint32)[:, :, 0])


def _nobody() -> None:
    """Nobody looks any more."""


class BaseMapTiles:
    """Tiles of one base map in one city's frame. `on_ready` is called on the tiles' own thread.

    Any thread may ask; `close` ends the thread.
    """

    def __init__(
        self,
        base: BaseMap,
        draws: DrawsBase,
        cache: BaseMapCache,
        lon0: float,
        lat0: float,
        on_ready: Callable[[], None],
        spawn_thread: SpawnThread,
        *,
        dark: bool = False,
    ) -> None:
        self.base = base
        self._draws, self._cache, self.on_ready = draws, cache, on_ready
        self._lon0, self._lat0, self._dark = lon0, lat0, dark
        self._shelf = shelf_name(base, lon0, lat0)
        self._changed = threading.Condition()
        self._done: OrderedDict[BaseKey, Pixels] = OrderedDict()
        self._wanted: tuple[BaseKey, ...] = ()
        self._missed: set[BaseKey] = set()  # neither on disk nor to be had now
        self._old: set[BaseKey] = set()  # shown from disk, but to be drawn anew
        self._state = BaseState()
        self._failures, self._again_at = 0, 0.0
        self._closed = self._ended = False
        self._thread: Thread = spawn_thread(target=self._run, name="basemap", daemon=True)
        self._thread.start()

    # any thread

    @property
    def state(self) -> BaseState:
        """How it does now."""
        return self._state

    @property
    def ended(self) -> bool:
        """Whether the thread has come to its end."""
        return self._ended

    @property
    def idle(self) -> bool:
        """Whether nothing wanted is still to come, as things stand."""
        with self._changed:
            return self._next() is None

    def want(self, keys: Sequence[BaseKey]) -> None:
        """Replace all wishes, the most urgent first."""
        with self._changed:
            wanted = tuple(keys)
            if wanted != self._wanted:
                self._wanted = wanted
                self._changed.notify_all()

    def get(self, key: BaseKey) -> Pixels | None:
        """Return a tile that is there, in the tone of the theme."""
        with self._changed:
            pixels = self._done.get(key)
            if pixels is not None:
                self._done.move_to_end(key)
            return pixels

    def levels(self) -> set[int]:
        """Return the levels of which tiles are there."""
        with self._changed:
            return {key.level for key in self._done}

    def dress(self, *, dark: bool) -> None:
        """Take the tone of another theme from now on."""
        with self._changed:
            if dark != self._dark:
                self._dark = dark
                self._done.clear()
                self._changed.notify_all()

    def retire(self) -> None:
        """Give up what is under way; the thread ends by itself, and nobody waits for it."""
        with self._changed:
            self._closed = True
            self.on_ready = _nobody
            self._changed.notify_all()

    def close(self) -> None:
        """Give up what is under way and wait until the thread has ended."""
        self.retire()
        self._thread.join()

    # the tiles' own thread

    def _run(self) -> None:
        try:
            self._serve()
        finally:
            self._ended = True

    def _serve(self) -> None:
        while True:
            with self._changed:
                key = self._next()
                while key is None and not self._closed:
                    self._changed.wait(self._patience())
                    self._retry_missed()
                    key = self._next()
                if self._closed:
                    return
                assert key is not None
            self._fill(key)

    def _next(self) -> BaseKey | None:
        """Return the most urgent wish: what is absent first, then what is old."""
        for key in self._wanted:
            if key not in self._done and key not in self._missed:
                return key
        if time.monotonic() >= self._again_at:
            return next((key for key in self._wanted if key in self._old), None)
        return None

    def _patience(self) -> float | None:
        left = self._again_at - time.monotonic()
        return max(left, 0.05) if left > 0 or self._missed else None

    def _retry_missed(self) -> None:
        if self._missed and time.monotonic() >= self._again_at:
            self._missed.clear()

    def _fill(self, key: BaseKey) -> None:
        if key not in self._done:
            stored = self._cache.read(self._shelf, key)
            if stored is not None:
                if not self._is_fresh(stored):
                    self._old.add(key)
                self._take(key, stored.pixels)
                return
        if time.monotonic() < self._again_at:
            with self._changed:
                self._missed.add(key)
                over = self._next() is None
            if over:
                self.on_ready()
            return
        self._draw(key)

    def _is_fresh(self, stored: Stored) -> bool:
        if self.base.is_network:
            return time.time() - stored.made_s < FRESH_S
        return stored.stamp == stamp_of(self.base)

    def _draw(self, key: BaseKey) -> None:
        if self._state.code != "gone":
            self._say("loading")
        stamp = stamp_of(self.base)
        try:
            frame = self._answer(key)
        except CancelledError:
            self._settle()
            return
        except AppError as error:
            self._fail(key, error)
            return
        pixels = pixels_of(frame)
        self._failures, self._again_at = 0, 0.0
        self._say("ok")
        self._old.discard(key)
        try:
            self._cache.write(self._shelf, key, Stored(pixels, time.time(), stamp))
        except StorageFailure as error:
            log.warning("%s", error.message)
        self._take(key, pixels)

    def _answer(self, key: BaseKey) -> Any:
        """Wait for QGIS or until the tile is no longer wanted (`CancelledError`)."""
        future = self._draws.render_base(
            self.base, view_of(key, self._lon0, self._lat0), SIDE, SIDE
        )
        future.add_done_callback(self._nudge)
        with self._changed:
            while not future.done():
                if self._closed or key not in self._wanted:
                    future.cancel()
                    raise CancelledError
                self._changed.wait()
        return future.result()

    def _nudge(self, _future: object) -> None:
        with self._changed:
            self._changed.notify_all()

    def _settle(self) -> None:
        """After a cancelled drawing: say what was so before it."""
        if self._state.code == "loading":
            self._say("ok" if self._done else "idle")

    def _fail(self, key: BaseKey, error: AppError) -> None:
        self._failures += 1
        wait = min(_BACK_OFF_S * 2.0 ** (self._failures - 1), _BACK_OFF_MOST_S)
        with self._changed:
            self._again_at = time.monotonic() + wait
            if key not in self._done:
                self._missed.add(key)
        if self._failures == 1:
            log.warning("Base map %s: %s", self.base.name, error.message)
        self._say("gone", error.message)

    def _take(self, key: BaseKey, pixels: Pixels) -> None:
        with self._changed:
            dark = self._dark
        made = toned(pixels, dark=dark, imagery=self.base.imagery)
        with self._changed:
            if dark != self._dark:
                return  # the theme turned meanwhile: it is filled again from disk
            self._done[key] = made
            self._missed.discard(key)
            while len(self._done) * made.nbytes > MEMORY:
                self._done.popitem(last=False)
        if self._state.code == "gone" and not self._state.from_cache:
            self._say("gone", self._state.reason)
        self.on_ready()

    def _say(self, code: str, reason: str = "") -> None:
        same = code == self._state.code
        since = self._state.since_s if same else time.time()
        state = BaseState(code, reason, since, code == "gone" and bool(self._done))
        if state != self._state:
            self._state = state
            self.on_ready()
