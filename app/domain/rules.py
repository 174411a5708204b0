"""A rule set: matters, workflow and calendar under one hash, pinned by every action."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.domain.actions import canonical_bytes
from app.domain.clocks import (
    Calendar,
    Limit,
    LimitUnit,
    Thresholds,
    parse_calendar,
    parse_limit,
    parse_thresholds,
)
from app.domain.errors import InvalidInput
from app.domain.matters import Matter, MatterTree
from app.domain.workflow import Workflow, parse_workflow

FORMAT = 1
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
    thresholds: Thresholds = field(default_factory=Thresholds)

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
        calendar = parse_calendar(raw["calendar"])
        workflow = parse_workflow(raw["workflow"])
        thresholds = parse_thresholds(raw.get("thresholds", {}))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"The rule set cannot be read: {error}.", field="rules") from error
    return RuleBook(digest, matters, workflow, calendar, raw, thresholds)


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
        limits={clock: parse_limit(limit) for clock, limit in raw["limits"].items()},
        urgent=raw["urgent"],
    )
