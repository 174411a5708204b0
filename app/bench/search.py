"""The search box over 100,000 places: characters, pinyin, initials, slips, codes."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from app.bench.geocode import misspelt
from app.bench.registry import Bench, verdict
from app.data.gazetteer_source import address_rules
from app.domain.addresses.columns import AreaColumns, PlaceColumns
from app.engines.gazetteer.build import arrays_of
from app.engines.gazetteer.changed import coded
from app.engines.gazetteer.opened import Gazetteer
from app.engines.gazetteer.pinyin import make_sounds

LIMIT_MS = 50.0
_SEED = 1
_FIRST = "汾阳复兴武康长宁重庆南京北京西藏福建江苏浙江延安淮海衡山永嘉建国徐汇漕宝虹桥中山金沙新华"
_ENDS = ("路", "东路", "西路", "南路", "北路", "中路", "街", "支路")
_NAMES = ("小学", "医院", "花园", "大厦", "公园", "菜场", "幼儿园", "新村", "广场", "服务中心")


def run(bench: Bench) -> Mapping[str, Any]:
    """Ask `--queries` (400) questions of each kind over `--places` (100,000) made-up places."""
    count, queries = bench.number("places", 100_000), bench.number("queries", 400)
    chance = random.Random(_SEED)
    places, names, roads = _places(count, chance)
    started = time.perf_counter()
    rules = address_rules()
    arrays = arrays_of(_no_areas(), None, places, rules, make_sounds(rules))
    gazetteer = Gazetteer(arrays, rules)
    built_s = time.perf_counter() - started
    told: dict[str, Any] = {}
    took: list[float] = []
    questions = _questions(names, roads, queries, chance)
    for texts in questions.values():
        gazetteer.search(texts[0], 20)  # the first ones fill caches
    spent = time.process_time()
    for kind, texts in questions.items():
        mine = [_asked(gazetteer, text) for text in texts]
        told[f"{kind}_p95_ms"] = round(float(np.percentile(mine, 95)), 2)
        took += mine
    return verdict(
        "search", float(np.percentile(took, 99)), LIMIT_MS, "ms (p99)", less_is_better=True,
        places=count, questions=len(took), built_s=round(built_s, 2),
        cpu_mean_ms=round(1000 * (time.process_time() - spent) / len(took), 2),
        max_ms=round(max(took), 2), p50_ms=round(float(np.percentile(took, 50)), 2), **told,
    )  # fmt: skip


def _asked(gazetteer: Gazetteer, text: str) -> float:
    started = time.perf_counter()
    gazetteer.search(text, 20, (121.47, 31.23))
    return 1000 * (time.perf_counter() - started)


def _places(count: int, chance: random.Random) -> tuple[PlaceColumns, list[str], list[str]]:
    pairs = [_FIRST[i : i + 2] for i in range(0, len(_FIRST) - 1, 2)]
    firsts = [*pairs, *("".join(chance.sample(_FIRST, 2)) for _ in range(700))]
    roads = list(dict.fromkeys(one + end for one in firsts for end in chance.sample(_ENDS, 3)))
    road = [chance.choice(roads) for _ in range(count)]
    number = [str(chance.randrange(1, 3000)) for _ in range(count)]
    name = [
        f"{chance.choice(firsts)}{chance.choice(_FIRST)}{chance.choice(_NAMES)}"
        if i % 3 == 0
        else ""
        for i in range(count)
    ]
    address = [f"{one}{two}号" for one, two in zip(road, number, strict=True)]
    rng = np.random.default_rng(_SEED)
    nothing = coded([""] * count)
    columns = PlaceColumns(
        rng.integers(0, 255, (count, 16), np.uint8), name, address, (), coded(road), nothing,
        coded(number), nothing, nothing, nothing, nothing, rng.uniform(121, 122, count),
        rng.uniform(30.8, 31.6, count), np.full(count, -1, np.int32),
    )  # fmt: skip
    return columns, [*filter(None, name), *address], roads


def _no_areas() -> AreaColumns:
    empty = np.empty(0)
    return AreaColumns(
        np.empty((0, 16), np.uint8), [], [], [], np.empty(0, np.int32), empty, empty, empty
    )


def _questions(
    names: list[str], roads: list[str], count: int, chance: random.Random
) -> dict[str, list[str]]:
    from pypinyin import Style, lazy_pinyin

    chosen = [chance.choice(names) for _ in range(count)]
    letters = [*"".join(chosen)]
    pinyin = ["".join(lazy_pinyin(one)) for one in (chance.choice(roads) for _ in range(count))]
    return {
        "characters": chosen,
        "beginning": [one[: max(2, len(one) // 2)] for one in chosen],
        "one_wrong": [misspelt(one, letters * 3, chance) or one for one in chosen],
        "pinyin": pinyin,
        "pinyin_slip": [one[:2] + one[3:] for one in pinyin],
        "initials": [
            "".join(lazy_pinyin(chance.choice(roads), style=Style.FIRST_LETTER))
            for _ in range(count)
        ],
    }
