"""Kernels over the whole city beside the memory floor: density, pipes, filters, selections."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from app.bench.registry import Bench, verdict
from app.domain.camera import Bounds
from app.engines import tiles_points
from app.engines.citystore import CityStore, open_store
from app.engines.tiles_canvas import Canvas, Ramp, cells_of, state_bits
from app.engines.tiles_select import count, nearest_parts, select

TURNS = 11
SCALES = (60.0, 31.0, 16.0, 8.0, 4.0, 2.0, 1.0)
BYTES_A_PART = 5
SCANNED = 8  # bytes a part that the scan reads: more than the caches hold

_kernels: Any = tiles_points


def run(bench: Bench) -> Mapping[str, Any]:
    """Measure over the store `--store FOLDER`, or the city `--city FOLDER`, or the full city.

    All times are milliseconds of one thread's own time, the best of eleven: the cores may be
    shared. The limit is a scan of five bytes a part in the same run.
    """
    with _store(bench) as store:
        floor = _best(lambda: _scan(store)) * BYTES_A_PART / SCANNED
        whole = _whole(store)
        found = {"density_ms": _density(store), "half_ms": _density(store, step=2),
                 "pipes_ms": _pipes(store), **_counts(store)}  # fmt: skip
        return verdict(
            "kernels", whole, max(floor, 0.001), "ms (whole city in one 1080p frame)",
            less_is_better=True, parts=store.n_parts, pipe_pieces=len(store.pipes), **found,
        )  # fmt: skip


@contextmanager
def _store(bench: Bench) -> Iterator[CityStore]:
    if folder := bench.text("store", ""):
        yield open_store(Path(folder))
        return
    city = bench.text("city", "")
    with bench.open_city(Path(city) if city else bench.full_city()) as (_core, store):
        yield store


def _scan(store: CityStore) -> int:
    parts, total = store.parts, 0
    for column in (parts.x, parts.y, parts.fid):
        whole = column[: len(column) // 4 * 4]
        total += int(whole.view(np.uint64).sum(dtype=np.uint64))
    return total


def _best(job: Callable[[], object]) -> float:
    took = []
    for _ in range(TURNS):
        start = time.thread_time()
        job()
        took.append(time.thread_time() - start)
    return min(took) * 1000


def _whole(store: CityStore) -> float:
    b, bits = store.relative(store.bounds), state_bits(np.ones(256, np.uint8))
    scale = max(b.width / 1920, b.height / 1080)
    counts = np.zeros((1080, 1920), np.uint32)
    return _best(
        lambda: _kernels.density(*cells_of(store.parts, bits), True, b.x0, b.y1, 1 / scale, counts)
    )


def _middle(store: CityStore) -> tuple[float, float]:
    """Return the middle of the fullest block, metres from the origin."""
    along = round(len(store.cube) ** 0.5)
    row, col = divmod(int(store.cube.sum(axis=1).argmax()), along)
    side = 256.0 * (1 << store.bits) / along
    return (col + 0.5) * side, (row + 0.5) * side


def _density(store: CityStore, step: int = 1) -> dict[str, float]:
    """Return what one 512 px tile costs at each scale, with every `step`-th class."""
    want = np.zeros(256, np.uint8)
    want[::step] = 1
    bits, (x, y), counts = state_bits(want), _middle(store), np.zeros((512, 512), np.uint32)

    def tile(m: float) -> Callable[[], object]:
        return lambda: _kernels.density(
            *cells_of(store.parts, bits), step == 1, x - 256 * m, y + 256 * m, 1 / m, counts
        )

    return {f"{m:g}": round(_best(tile(m)), 3) for m in SCALES}


def _pipes(store: CityStore) -> dict[str, float]:
    """Return what one 512 px tile of all pipes costs at each scale, the whole city first."""
    want, ramp = np.ones(256, np.uint8), Ramp(np.zeros(256, np.uint32), np.zeros(256, np.uint8))
    b, (x, y) = store.bounds, _middle(store)
    city = max(b.width, b.height) / 512
    places = {"city": (b.x0, b.y1, city)}
    ox, oy = store.origin
    places |= {f"{m:g}": (x + ox - 256 * m, y + oy + 256 * m, m) for m in SCALES}

    def draw(canvas: Canvas, m: float) -> object:
        if m <= 2.0:
            return canvas.pipes(want, 0)
        return canvas.pipe_metres(want, ramp, 255 / m)

    out = {}
    for name, (x0, y1, m) in places.items():
        canvas = Canvas(store, x0, y1, m, 512, 512)
        out[name] = round(_best(partial(draw, canvas, m)), 3)
    return out


def _counts(store: CityStore) -> dict[str, float]:
    """Return what counts, selections and picks cost."""
    rng, b, want = np.random.default_rng(1), store.bounds, np.ones(256, np.uint8)
    want[::2] = 0
    took = []
    for _ in range(100):
        x, y = np.sort(rng.uniform(b.x0, b.x1, 2)), np.sort(rng.uniform(b.y0, b.y1, 2))
        box = Bounds(x[0], y[0], x[1], y[1])
        start = time.thread_time()
        count(store, box, want, 0b0101)
        took.append(time.thread_time() - start)
    (cx, cy), (ox, oy) = _middle(store), store.origin
    turn = np.linspace(0, 2 * np.pi, 400)
    wave = 0.14 * b.width * (1 + 0.3 * np.sin(9 * turn))
    lasso = [np.stack([cx + ox + np.cos(turn) * wave, cy + oy + np.sin(turn) * wave], axis=1)]
    everything = np.ones(256, np.uint8)
    return {
        "filter_ms": round(float(np.percentile(took, 95)) * 1000, 2),
        "select_lasso_ms": round(_best(lambda: select(store, lasso, everything)), 2),
        "select_all_ms": round(_best(lambda: select(store, b, everything)), 2),
        "pick_us": round(
            _best(lambda: nearest_parts(store, cx + ox, cy + oy, 20.0, everything)) * 1000, 1
        ),
    }
