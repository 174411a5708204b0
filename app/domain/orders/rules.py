"""What a city says of supervision 督办: grades with limits, bases, whom to tell when unread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.domain.clocks import Limit, LimitUnit, parse_limit
from app.domain.people import Role

KINDS = ("instruct", "supervise", "joint")  # 指令, 督办, 联勤联动
BASES = (
    "near_due", "overdue", "returned_twice", "repeated_complaint", "leader_note", "by_hand",
)  # fmt: skip
WATCHED = ("near_due", "overdue", "returned_twice", "repeated_complaint")  # the machine sees them
DEEDS = ("propose", "issue")
_GRADES = {"plain": ("一般", "Plain"), "key": ("重点", "Key"), "listed": ("挂牌", "Listed")}
_MOST_MINUTES = 100_000


@dataclass(frozen=True)
class Grade:
    """A grade of orders: its names, and how long the receiver has."""

    code: str
    zh: str
    en: str
    limit: Limit


@dataclass(frozen=True)
class BasisRule:
    """What follows when a basis holds: `propose` or `issue`, in which grade.

    `count` and `days` say how many complaints within how many days are repeated ones, `count` also
    how often a case must have come back.
    """

    basis: str
    deed: str
    grade: str
    count: int = 2
    days: int = 30


@dataclass(frozen=True)
class Rung:
    """Who is told when an order is still unread `minutes` after it was issued."""

    role: str
    minutes: int


def _usual_grades() -> Mapping[str, Grade]:
    limits = {"plain": 3, "key": 2, "listed": 5}
    return {
        code: Grade(code, zh, en, Limit(limits[code], LimitUnit.WORK_DAY))
        for code, (zh, en) in _GRADES.items()
    }


@dataclass(frozen=True)
class Supervision:
    """The table of a city; without one people issue by hand and the machine does nothing."""

    grades: Mapping[str, Grade] = field(default_factory=_usual_grades)
    bases: Mapping[str, BasisRule] = field(default_factory=dict)
    chain: tuple[Rung, ...] = ()


def parse_supervision(raw: Mapping[str, Any]) -> Supervision:
    """Read the table (see `resources/supervision.toml`); raises `ValueError` saying what is odd."""
    if not raw:
        return Supervision()
    grades = {
        code: Grade(code, str(one["zh"]), str(one["en"]), parse_limit(one["limit"]))
        for code, one in raw["grades"].items()
    }
    bases = {name: _basis(name, one, grades) for name, one in raw.get("bases", {}).items()}
    return Supervision(grades, bases, _chain(raw.get("chain", ())))


def _basis(name: str, raw: Mapping[str, Any], grades: Mapping[str, Grade]) -> BasisRule:
    rule = BasisRule(
        name, str(raw["deed"]), str(raw["grade"]), int(raw.get("count", 2)),
        int(raw.get("days", 30)),
    )  # fmt: skip
    if name not in WATCHED:
        raise ValueError(f"the basis {name} is none that a machine can see")
    if rule.deed not in DEEDS or rule.grade not in grades:
        raise ValueError(f"the basis {name} has an unknown deed or grade")
    if rule.count < 1 or not 0 < rule.days <= 1000:
        raise ValueError(f"the basis {name} counts nothing")
    return rule


def _chain(raw: Any) -> tuple[Rung, ...]:
    rungs = tuple(Rung(str(one["role"]), int(one["minutes"])) for one in raw)
    before = 0
    for one in rungs:
        if one.role not in tuple(Role) or not before < one.minutes <= _MOST_MINUTES:
            raise ValueError("the chain needs known roles and minutes that grow")
        before = one.minutes
    return rungs
