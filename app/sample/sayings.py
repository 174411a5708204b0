"""What invented citizens say about a matter at a place."""

from __future__ import annotations

import random
from collections.abc import Sequence

from app.domain.matters import Matter, MatterTree

_WHERE = ("{at}门口", "{at}附近", "{at}对面", "{at}路口", "{at}东侧", "{at}旁")
_TAILS = (
    "，已经好几天了，请尽快处理。",
    "，影响居民通行，希望派人看看。",
    "，晚上看不清，怕有人受伤。",
    "，反映过一次没有结果，请核实。",
    "，请相关部门现场处理。",
    "，早高峰时特别严重。",
    "，居民意见很大。",
)
_BROKEN = ("破损", "坏了", "松动", "缺失", "有破损，存在安全隐患")
_SAYS_HOW = (
    "坏",
    "破",
    "缺",
    "倒",
    "脱落",
    "松",
    "不亮",
    "不清",
    "满",
    "脏",
    "枯",
    "溢",
    "损",
    "错",
)
_VAGUE = (
    "{at}这边环境不太好，希望有人来看一下。",
    "{at}这里有点问题，老人小孩走路不方便。",
    "{at}附近一直有情况，麻烦尽快处理。",
)
_CROWDED = ("另外", "还有", "旁边还有")
# Share of reports by lead trade, after the mix of a Chinese district's real cases.
_WEIGHTS = {
    "sanitation": 26, "urban_enforcement": 22, "road": 12, "greening": 8, "traffic": 7,
    "housing": 6, "water": 5, "lighting": 3, "telecom": 2, "construction": 2, "environment": 2,
    "market": 2, "power": 1, "gas": 1, "police": 2, "health": 1, "civil": 1, "fire": 1,
    "fallback": 1,
}  # fmt: skip


def leaf_weights(matters: MatterTree) -> tuple[list[Matter], list[float]]:
    """Return the matters that can be reported and how often each is."""
    leaves = [matter for matter in matters.leaves if matter.keywords]
    per_lead = {lead: sum(one.lead == lead for one in leaves) for lead in _WEIGHTS}
    return leaves, [_WEIGHTS.get(one.lead, 1) / max(per_lead.get(one.lead, 1), 1) for one in leaves]


def say(matter: Matter, at: str, chance: random.Random) -> str:
    """Return words about `matter` at the address `at`, with one of its keywords."""
    where = chance.choice(_WHERE).format(at=at)
    return f"{where}{_complaint(matter, chance)}{chance.choice(_TAILS)}"


def say_unclear(matters: Sequence[Matter], at: str, chance: random.Random) -> str:
    """Return words that leave the rule in doubt: two matters at once, or none."""
    if chance.random() < 0.5 or len(matters) < 2:
        return chance.choice(_VAGUE).format(at=at)
    first, second = chance.sample(list(matters), 2)
    where = chance.choice(_WHERE).format(at=at)
    also = chance.choice(_CROWDED)
    return f"{where}{_complaint(first, chance)}，{also}{_complaint(second, chance)}。"


def _complaint(matter: Matter, chance: random.Random) -> str:
    """Return one of the matter's keywords, with what is wrong if it names only a thing."""
    clear = [word for word in matter.keywords if len(word) > 2] or list(matter.keywords)
    word = chance.choice(clear)
    named_only = matter.kind == "part" and not any(how in word for how in _SAYS_HOW)
    return word + chance.choice(_BROKEN) if named_only else word
