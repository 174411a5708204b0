"""Tiles of a base map: newest first, stale cancelled, cached on disk, said when gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain.basemaps import BaseMap
from app.domain.camera import Bounds
from app.domain.errors import Unavailable
from app.engines import basemap
from app.engines.basemap import BaseMapTiles
from app.engines.basemap_cache import (
    SIDE,
    BaseKey,
    BaseMapCache,
    Stored,
    base_keys,
    level_for,
    shelf_name,
)
from app.engines.basemap_tone import toned
from app.engines.qgis_client import Frame
from app.engines.qgis_protocol import View
from app.runtime.spawn import spawn_thread
from tests.support.logs import ExpectedLogs

BASE = BaseMap("t", "xyz", "https://tiles.example/{z}/{x}/{y}.png")
KEY, OTHER = BaseKey(0, 0, 0), BaseKey(0, 1, 0)


class FakeQgis:
    """Draws when told to."""

    def __init__(self, *, at_once: bool = True) -> None:
        self.at_once, self.away = at_once, False
        self.asked: list[tuple[View, Future[Any]]] = []
        self.came = threading.Semaphore(0)

    def render_base(self, _base: BaseMap, view: View, width: int, height: int) -> Future[Any]:
        future: Future[Any] = Future()
        self.asked.append((view, future))
        if self.away:
            future.set_exception(Unavailable("This base map cannot be had: gone."))
        elif self.at_once:
            future.set_result(Frame(np.full((height, width, 4), 255, np.uint8), 0.0))
        self.came.release()
        return future


class Bench:
    """Tiles with a fake QGIS and a real folder."""

    def __init__(self, folder: Path, qgis: FakeQgis) -> None:
        self.qgis, self.cache = qgis, BaseMapCache(folder)
        self.ready = threading.Condition()
        self.tiles = BaseMapTiles(
            BASE, qgis, self.cache, 121.0, 31.0, self._told, spawn_thread
        )  # fmt: skip

    def _told(self) -> None:
        with self.ready:
            self.ready.notify_all()

    def until(self, rule: Callable[[], bool], seconds: float = 10.0) -> None:
        with self.ready:
            assert self.ready.wait_for(rule, seconds)


@pytest.fixture
def qgis() -> FakeQgis:
    return FakeQgis()


@pytest.fixture
def bench(tmp_path: Path, qgis: FakeQgis) -> Iterator[Bench]:
    made = Bench(tmp_path, qgis)
    yield made
    made.tiles.close()


def test_that_a_tile_drawn_once_comes_from_disk_the_next_time(
    tmp_path: Path, bench: Bench, qgis: FakeQgis
) -> None:
    bench.tiles.want([KEY])
    bench.until(lambda: bench.tiles.get(KEY) is not None)
    assert bench.tiles.state.code == "ok"
    again = Bench(tmp_path, FakeQgis())
    try:
        again.tiles.want([KEY])
        again.until(lambda: again.tiles.get(KEY) is not None)
        assert again.qgis.asked == []
    finally:
        again.tiles.close()


def test_that_a_tile_no_longer_wanted_is_cancelled_and_the_newest_comes_next(
    bench: Bench, qgis: FakeQgis
) -> None:
    qgis.at_once = False
    bench.tiles.want([KEY])
    assert qgis.came.acquire(timeout=10)
    bench.tiles.want([OTHER])
    assert qgis.came.acquire(timeout=10)
    assert qgis.asked[0][1].cancelled()
    assert qgis.asked[1][0].extent[0] == SIDE


def test_that_a_source_that_is_gone_is_said_left_alone_and_served_from_disk(
    bench: Bench, qgis: FakeQgis, expected_logs: ExpectedLogs
) -> None:
    expected_logs.expect("Base map t: .*gone")
    bench.tiles.want([KEY])
    bench.until(lambda: bench.tiles.get(KEY) is not None)
    qgis.away = True
    bench.tiles.want([OTHER, BaseKey(0, 2, 0), BaseKey(0, 3, 0)])
    bench.until(lambda: bench.tiles.state.code == "gone" and bench.tiles.idle)
    assert len(qgis.asked) == 2  # the one that worked and one that did not: then it waits
    assert bench.tiles.state.from_cache
    assert "gone" in bench.tiles.state.reason


def test_that_it_is_tried_again_after_a_while(
    bench: Bench, qgis: FakeQgis, expected_logs: ExpectedLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected_logs.expect("gone")
    monkeypatch.setattr(basemap, "_BACK_OFF_S", 0.1)
    qgis.away = True
    bench.tiles.want([KEY])
    bench.until(lambda: bench.tiles.state.code == "gone")
    qgis.away = False
    bench.until(lambda: bench.tiles.get(KEY) is not None)
    assert bench.tiles.state.code == "ok"


def test_that_an_old_tile_is_shown_at_once_and_drawn_anew(tmp_path: Path, qgis: FakeQgis) -> None:
    shelf = shelf_name(BASE, 121.0, 31.0)
    old = np.full((SIDE, SIDE), 0xFF112233, np.uint32)
    BaseMapCache(tmp_path).write(shelf, KEY, Stored(old, time.time() - 30 * 86_400, ""))
    qgis.at_once = False
    bench = Bench(tmp_path, qgis)
    try:
        bench.tiles.want([KEY])
        assert qgis.came.acquire(timeout=10)
        shown = bench.tiles.get(KEY)
        assert shown is not None
        assert shown[0, 0] == 0xFF112233
    finally:
        bench.tiles.close()


def test_that_the_cache_stays_in_its_limit_and_spares_what_was_kept(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 2**32, (SIDE, SIDE), np.uint32)
    cache = BaseMapCache(tmp_path, limit=3_500_000)
    cache.write("s", BaseKey(0, 99, 0), Stored(noise, 0.0, ""), keep=True)
    for column in range(6):
        cache.write("s", BaseKey(0, column, 0), Stored(noise, 0.0, ""))
        cache.read("s", BaseKey(0, 0, 0))  # used again and again, so it stays
    there = [c for c in (*range(6), 99) if cache.holds("s", BaseKey(0, c, 0))]
    assert there == [0, 4, 5, 99]
    again = BaseMapCache(tmp_path, limit=3_500_000)
    again.write("s", BaseKey(0, 7, 0), Stored(noise, 0.0, ""))
    assert len([c for c in range(8) if again.holds("s", BaseKey(0, c, 0))]) == 3


@pytest.mark.parametrize("harm", ["cut", "flip", "empty"])
def test_that_a_torn_tile_counts_as_absent(tmp_path: Path, harm: str) -> None:
    cache = BaseMapCache(tmp_path)
    cache.write("s", KEY, Stored(np.zeros((SIDE, SIDE), np.uint32), 0.0, ""))
    (file,) = tmp_path.rglob("*.tile")
    raw = bytearray(file.read_bytes())
    if harm == "flip":
        raw[len(raw) // 2] ^= 4
    file.write_bytes(raw[: len(raw) // 2] if harm == "cut" else b"" if harm == "empty" else raw)
    assert cache.read("s", KEY) is None
    assert not cache.holds("s", KEY)


def test_that_tiles_cover_a_box_at_the_nearest_octave() -> None:
    assert level_for(1.2) == 0
    assert level_for(1.6) == 1
    keys = base_keys(0, Bounds(-10, -10, 600, 10))
    assert {(k.col, k.row) for k in keys} == {(c, r) for c in (-1, 0, 1) for r in (-1, 0)}


def test_that_in_the_dark_a_drawn_map_turns_and_photographs_are_dimmed() -> None:
    white = np.full((2, 2), 0xFFFFFFFF, np.uint32)
    assert (toned(white, dark=False, imagery=False) == white).all()
    turned, dimmed = (toned(white, dark=True, imagery=one)[0, 0] & 255 for one in (False, True))
    assert turned < 40
    assert 90 < dimmed < 140
    assert not toned(np.zeros((2, 2), np.uint32), dark=True, imagery=False).any()
