"""P6: a citizen's words to a signed, durable dispatch, one by one; the machine does it all."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from app.bench.registry import Bench, verdict
from app.services.commands import Actor, ReportCase
from app.services.questions import Persons

LIMIT_MS = 50.0
_WORDS = (
    "门口路灯不亮，请尽快处理",
    "对面暴露垃圾无人清理，气味很大",
    "路口雨水井盖破损，车辆经过有响声",
    "附近行道树倒伏，挡住人行道",
)


def run(bench: Bench) -> Mapping[str, Any]:
    """Report `--count` cases (500) and measure each from command to durable commit."""
    count = bench.number("count", 500)
    with bench.small_city() as (core, _folder):
        clerk = core.ask(Persons("intake")).result()[0]
        actor = Actor(clerk.uid, "intake")
        took, sent = [], 0
        for index in range(count + 5):
            lon, lat = 121.405 + (index % 190) / 1000, 31.105 + (index % 180) / 1000
            command = ReportCase(actor, f"{index}号{_WORDS[index % len(_WORDS)]}", lon, lat)
            started = time.perf_counter()
            row = core.submit(command).result().cases[0]
            if index >= 5:  # the first ones fill caches
                took.append((time.perf_counter() - started) * 1000)
                sent += row.auto
    spread = {f"p{q}": round(float(np.percentile(took, q)), 2) for q in (50, 95, 99)}
    return verdict(
        "intake", float(np.percentile(took, 99)), LIMIT_MS, "ms (p99)", less_is_better=True,
        cases=count, dispatched=sent, a_second=round(1000 * count / sum(took), 1), **spread,
    )  # fmt: skip
