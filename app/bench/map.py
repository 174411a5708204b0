"""P1 to P3: the whole city on one map, in a real window, beside QGIS on the same points.

    python -m app bench map --json [--city FOLDER] [--jumps 24] [--pace 100] [--starts 5]
        [--no-qgis] [--stacks FOLDER]

Without `--city` the full sample city is built once and used again. The windows open on a screen of
our own (Xvfb), 1080p and 4K one after the other, each in a new process; `--pace` is the length of
the tour's legs in percent. A 4K screen is measured at pixel ratio 1, where the map has most to
show; the desk itself draws there at 2. With `--stacks` each size writes there who held the
window's loop whenever that was late.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.bench import map_facts, map_qgis
from app.bench.map_start import cold_start_s
from app.bench.registry import Bench, verdict
from app.bench.screen import Screen, own_screen
from app.domain.errors import Unavailable

HD, UHD = (1920, 1080), (3840, 2160)
PAINT_MS = {"hd": 16.0, "uhd": 25.0}
SHARP_MS = {"hd": 150.0, "uhd": 300.0}
_PATIENCE_S = 400.0


def run(bench: Bench) -> Mapping[str, Any]:
    """Measure all of it; with `--window WxH` only the tour at that size, in this process."""
    city = Path(bench.text("city", "")) if bench.text("city", "") else bench.full_city()
    window = bench.text("window", "")
    if window:
        return _tour(bench, city, window)
    with own_screen(*UHD) as screen:
        sizes = {name: _in_window(bench, city, screen, size)
                 for name, size in (("hd", HD), ("uhd", UHD))}  # fmt: skip
    with own_screen(*HD) as screen:
        starts = [cold_start_s(city, screen) for _ in range(bench.number("starts", 5))]
    with bench.open_city(city) as (core, store):
        facts = map_facts.measure(core, store, city)
        qgis = None if "--no-qgis" in bench.arguments else map_qgis.redraw_s(store, city, HD)
    return _told(sizes, starts, facts, qgis)


def _tour(bench: Bench, city: Path, window: str) -> dict[str, Any]:
    from app.bench.map_window import measure  # opens a window: seldom wanted

    width, height = (int(side) for side in window.split("x"))
    with bench.open_city(city) as (core, store):
        pace = bench.number("pace", 100) / 100
        stacks = bench.text("stacks", "")
        file = Path(stacks) / f"late-{window}.txt" if stacks else None
        return measure(core, store, (width, height), bench.number("jumps", 24), pace, file)


def _in_window(bench: Bench, city: Path, screen: Screen, size: tuple[int, int]) -> dict[str, Any]:
    """Return what the tour tells that runs in a process of its own."""
    command = [sys.executable, "-m", "app", "bench", "map", "--json", "--city", str(city),
               "--window", f"{size[0]}x{size[1]}", "--jumps", str(bench.number("jumps", 24)),
               "--pace", str(bench.number("pace", 100))]  # fmt: skip
    if bench.text("stacks", ""):
        command += ["--stacks", bench.text("stacks", "")]
    environment = screen.environment() | {"QT_SCALE_FACTOR": "1"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
    )
    if done.returncode != 0:
        raise Unavailable(f"The window's tour ended early: {done.stderr.strip()[-600:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    return {**told, "load": round(os.getloadavg()[0], 2)}


def _told(
    sizes: Mapping[str, dict[str, Any]], starts: list[float], facts: dict[str, Any],
    qgis: float | None,
) -> dict[str, Any]:  # fmt: skip
    hd = sizes["hd"]
    frame_s = hd["cold_full_frame_ms"] / 1e3
    start = round(statistics.median(starts), 2)
    shared = ("live_units", "labels_drawn")
    told = {
        **facts,
        **{name: hd[name] for name in shared},
        "gap_p99_ms": max(one["gap_p99_ms"] for one in sizes.values()),
        "gap_max_ms": max(one["gap_max_ms"] for one in sizes.values()),
        **{k: {n: v for n, v in one.items() if n not in shared} for k, one in sizes.items()},
        "rss_mb": max(one["rss_mb"] for one in sizes.values()),
        "cold_start_s": start,
        "qgis_redraw_s": qgis,
        "ratio_cold": None if qgis is None else round(qgis / frame_s, 1),
        "load": round(os.getloadavg()[0], 2),
    }
    return verdict(
        "map", hd["p95_ms"], PAINT_MS["hd"], "ms (paint p95, 1080p)", less_is_better=True,
        **told, promises=_promises(told),
    )  # fmt: skip


def _promises(told: Mapping[str, Any]) -> dict[str, bool]:
    """Return which promises this run held."""
    kept = {f"{name}.paint": told[name]["p95_ms"] <= most for name, most in PAINT_MS.items()}
    kept |= {f"{name}.sharp": told[name]["sharp_p95_ms"] <= most for name, most in SHARP_MS.items()}
    kept |= {f"{name}.parent": told[name]["fallback_share"] <= 0.15 for name in PAINT_MS}
    ratio = told["ratio_cold"]
    return kept | {
        "memory": told["rss_mb"] <= 1_200,
        "cold_start": told["cold_start_s"] <= 2.0,
        "pick": told["pick_us"] <= 5_000,
        "record": told["record_ms"] <= 50,
        "gaps": told["gap_p99_ms"] <= 50 and told["gap_max_ms"] <= 100,
        "ratio_cold": ratio is None or ratio >= 100,
        "count_exact": bool(told["count_exact"]),
    }
