"""How long `case list` takes from a cold process: start, open, answer, close."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from app.bench.registry import Bench, verdict

LIMIT_S = 0.6


def run(bench: Bench) -> Mapping[str, Any]:
    """Run it `--count` times (10) and take the median."""
    count = bench.number("count", 10)
    with bench.small_city() as (_core, folder):
        took = sorted(_once(str(folder)) for _ in range(count))
    return verdict(
        "start", took[len(took) // 2], LIMIT_S, "s (median)", less_is_better=True,
        runs=count, best=round(took[0], 3), worst=round(took[-1], 3),
    )  # fmt: skip


def _once(city: str) -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "app", "case", "list", "--city", city],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - started
