"""What invented citizens say about a matter at a place 示意."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from app.domain.errors import StorageFailure
from app.domain.matters import Matter, MatterTree

TABLE: Final = Path(__file__).resolve().parents[2] / "resources" / "sayings.toml"
_WHERE = ("{at}门口", "{at}附近", "{at}对面", "{at}旁边", "{at}门前")
_ROAD = re.compile(r"^(.+?(?:路|大道|街|公路|环路|支路))\d")
_DOOR = re.compile(r"^(.+?\d+[弄号])")
# Share of reports by lead trade, after the mix of a Chinese district's real cases.
_WEIGHTS = {
    "sanitation": 26, "urban_enforcement": 22, "road": 12, "greening": 8, "traffic": 7,
    "housing": 6, "water": 5, "lighting": 3, "telecom": 2, "construction": 2, "environment": 2,
    "market": 2, "power": 1, "gas": 1, "police": 2, "health": 1, "civil": 1, "fire": 1,
    "fallback": 1,
}  # fmt: skip
# How much rarer than the others of their trade some matters are; the first two are never heard
# where there is no district heating and no frost.
_RARE: Final = {
    "0404": 0.0, "0407": 0.0, "P0133": 0.1, "P0503": 0.1, "0409": 0.1, "F0101": 0.2, "F0102": 0.2,
    "F0103": 0.2, "F0104": 0.2, "F0105": 0.2, "0401": 0.2, "0403": 0.3, "P0406": 0.1,
    "P0308": 0.1, "P0215": 0.3, "P0207": 0.3, "P0208": 0.3, "H0102": 0.3,
}  # fmt: skip

_ASKS: Final = ("问", "想", "建议", "提个", "政策", "住在")
_HELP: Final = "A02"  # calls for help, now


@dataclass(frozen=True)
class _Words:
    says: Mapping[str, Sequence[str]]
    joins: Sequence[str]
    vague: Sequence[str]
    usual: Sequence[str]
    urgent: Sequence[str]


@cache
def _words() -> _Words:
    """Return the table; raises StorageFailure if it is missing or broken."""
    try:
        with TABLE.open("rb") as file:
            data: dict[str, Any] = tomllib.load(file)
        return _Words(data["says"], **data["also"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise StorageFailure(
            f"The table {TABLE.name} cannot be read: {error}.",
            advice=f"Put resources/{TABLE.name} back as it was installed.",
        ) from error


def leaf_weights(matters: MatterTree) -> tuple[list[Matter], list[float]]:
    """Return the matters that can be reported and how often each is."""
    leaves = [matter for matter in matters.leaves if matter.keywords and _rarity(matter) > 0]
    per_lead: dict[str, float] = {}
    for one in leaves:
        per_lead[one.lead] = per_lead.get(one.lead, 0.0) + _rarity(one)
    return leaves, [_WEIGHTS.get(one.lead, 1) * _rarity(one) / per_lead[one.lead] for one in leaves]


def _rarity(matter: Matter) -> float:
    return _RARE.get(matter.code, 1.0)


def say(matter: Matter, at: str, chance: random.Random) -> str:
    """Return words about `matter` at the address `at`, with one of its keywords."""
    words = _words()
    said = _complaint(matter, at, chance)
    if said.startswith(_ASKS) or "请" in said:
        return f"{said}。"
    now = matter.urgent or matter.code.startswith(_HELP)
    return said + chance.choice(words.urgent if now else words.usual)


def say_unclear(matters: Sequence[Matter], at: str, chance: random.Random) -> str:
    """Return words that leave the rule in doubt: two matters at once, or none."""
    if chance.random() < 0.5 or len(matters) < 2:
        return _placed(chance.choice(_words().vague), at, chance)
    first, second = chance.sample([one for one in matters if not one.urgent], 2)
    also = chance.choice(_words().joins)
    return f"{_complaint(first, at, chance)}{also}{_complaint(second, at, chance)}。"


def _complaint(matter: Matter, at: str, chance: random.Random) -> str:
    """Return a sentence of the table, or the matter's longest keyword where it has none."""
    says = _words().says.get(matter.code)
    if says is None:
        return _placed("{s}有情况：", at, chance) + max(matter.keywords, key=len)
    return _placed(chance.choice(says), at, chance)


def _placed(sentence: str, at: str, chance: random.Random) -> str:
    """Put the address `at` into a sentence: at the street, the road alone, or the home."""
    door, road = _DOOR.match(at), _ROAD.match(at)
    street = chance.choice(_WHERE).format(at=door[1] if door else at)
    return sentence.format(s=street, r=road[1] if road else at, h=at)
