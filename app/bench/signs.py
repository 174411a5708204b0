"""P9: 202 signs of 245 areas once a second: stored durably, judged, and turned into rows."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from app.bench.registry import Bench, verdict
from app.data.sign_log import SignLog
from app.engines.sign_board import SignBoard
from app.runtime.batches import ReadingBatch

LIMIT = 50_000.0
SIGNS, AREAS, MESSAGE = 202, 245, 500


def run(bench: Bench) -> Mapping[str, Any]:
    """Take `--seconds` (5) simulated seconds in, in messages of at most 500 readings."""
    seconds = bench.number("seconds", 5)
    signs = [replace(bench.signs[i % len(bench.signs)], code=f"s{i:03d}") for i in range(SIGNS)]
    codes = tuple(sign.code for sign in signs)
    areas = tuple(f"a{i:03d}" for i in range(AREAS))
    board = SignBoard(signs, areas[0], {})
    chance = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        log = SignLog(Path(folder))
        took = 0.0
        rows = 0
        for second in range(seconds):
            batches = _messages(codes, areas, chance, second)
            started = time.perf_counter()
            log.append(batches, second * 1000)
            rows += len(board.take(batches))
            took += time.perf_counter() - started
    return verdict(
        "signs", SIGNS * AREAS * seconds / took, LIMIT, "readings a second", less_is_better=False,
        readings=SIGNS * AREAS * seconds, rows=rows, seconds=round(took, 2),
    )  # fmt: skip


def _messages(
    codes: tuple[str, ...], areas: tuple[str, ...], chance: np.random.Generator, second: int
) -> list[ReadingBatch]:
    sign, area = (one.ravel() for one in np.meshgrid(np.arange(SIGNS), np.arange(AREAS)))
    value = chance.normal(50, 20, sign.size)
    at_ms = np.full(sign.size, second * 1000, np.int64)
    return [
        ReadingBatch(
            codes, areas, sign[i : i + MESSAGE].astype("u2"), area[i : i + MESSAGE].astype("u2"),
            value[i : i + MESSAGE], at_ms[i : i + MESSAGE], "bench",
        )
        for i in range(0, sign.size, MESSAGE)
    ]  # fmt: skip
