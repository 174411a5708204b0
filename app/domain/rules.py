"""A rule set: matters, workflow and calendar under one hash, pinned by every action."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

from app.domain.actions import canonical_bytes
from app.domain.clocks import Calendar, Limit, LimitUnit
from app.domain.errors import InvalidInput
from app.domain.matters import Matter, MatterTree
from app.domain.workflow import Workflow, parse_workflow

FORMAT = 1
_LONGEST_LIMIT = 1000  # working hours or days: well within the years that a calendar is read
_DEFAULT_LIMITS = {
    "filing": Limit(1, LimitUnit.WORK_HOUR),
    "dispatching": Limit(1, LimitUnit.WORK_HOUR),
    "handling": Limit(2, LimitUnit.WORK_DAY),
    "checking": Limit(1, LimitUnit.WORK_DAY),
}


@dataclass(frozen=True)
class RuleBook:
    """What a case is judged by. `hash` is SHA-256 over the canonical form."""

    hash: str
    matters: MatterTree
    workflow: Workflow
    calendar: Calendar
    raw: Mapping[str, Any]

    def limit(self, matter: str, clock: str) -> Limit:
        """Return how long `clock` may run for `matter` (its own, an ancestor's or the default).

        A case without a matter yet, or with one that this rule set lacks, takes the default.
        """
        if matter in self.matters:
            for one in reversed(self.matters.path(matter)):
                if clock in one.limits:
                    return one.limits[clock]
        return _DEFAULT_LIMITS.get(clock, _DEFAULT_LIMITS["handling"])


RulesByHash = Callable[[str], RuleBook]


def parse_rules(raw: Mapping[str, Any]) -> RuleBook:
    """Read and check a rule set in its plain form (see `plain_rules`); raises `InvalidInput`."""
    if raw.get("format") != FORMAT:
        raise InvalidInput("The rule set has an unknown format.", field="format")
    digest = hashlib.sha256(canonical_bytes(raw, limit=4 * 1024 * 1024)).hexdigest()
    try:
        matters = MatterTree(_matter(one) for one in raw["matters"])
        calendar = _calendar(raw["calendar"])
        workflow = parse_workflow(raw["workflow"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"The rule set cannot be read: {error}.", field="rules") from error
    return RuleBook(digest, matters, workflow, calendar, raw)


def _matter(raw: Mapping[str, Any]) -> Matter:
    return Matter(
        code=raw["code"],
        parent=raw["parent"],
        name_zh=raw["name_zh"],
        name_en=raw["name_en"],
        domain=raw["domain"],
        kind=raw["kind"],
        keywords=tuple(raw["keywords"]),
        lead=raw["lead"],
        limits={
            clock: Limit(_amount(amount), LimitUnit(unit))
            for clock, (amount, unit) in raw["limits"].items()
        },
        urgent=raw["urgent"],
    )


def _amount(raw: Any) -> int:
    amount = int(raw)
    if not 0 < amount <= _LONGEST_LIMIT:
        raise ValueError(f"a limit of {amount}")
    return amount


def _calendar(raw: Mapping[str, Any]) -> Calendar:
    hours = tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in raw["hours"])
    turns = [at for span in hours for at in span]
    if not hours or sorted(set(turns)) != turns:
        raise ValueError("working hours must be disjoint and in order")
    ZoneInfo(raw["zone"])
    return Calendar(
        zone=raw["zone"],
        hours=hours,
        off=frozenset(date.fromisoformat(day) for day in raw["off"]),
        made_up=frozenset(date.fromisoformat(day) for day in raw["made_up"]),
        known_until=date.fromisoformat(raw["known_until"]),
    )
