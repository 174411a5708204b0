"""A rule set: matters, workflow and calendar under one hash, pinned by every action."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.domain.actions import canonical_bytes
from app.domain.clocks import (
    Calendar,
    Limit,
    LimitUnit,
    Thresholds,
    Tier,
    parse_calendar,
    parse_thresholds,
    parse_tiers,
)
from app.domain.errors import InvalidInput
from app.domain.matters import Matter, MatterTree, parse_terms
from app.domain.workflow import CREATE, SOURCE_KINDS, Move, Step, Workflow, parse_workflow

FORMAT = 1
AREA_CLASSES = ("A", "B", "C")
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
    ways: Mapping[str, Workflow] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    area_classes: Mapping[str, str] = field(default_factory=dict)

    def way(self, matter: str, step: str = "") -> Workflow:
        """Return the workflow that a case of `matter` at `step` follows.

        It is the one its matter or an ancestor names; the ordinary one for a case without a
        matter, or at a step that the matter's own does not have.
        """
        path = self.matters.path(matter) if matter in self.matters else ()
        name = next((one.workflow for one in reversed(path) if one.workflow), "")
        own = self.ways.get(name, self.workflow)
        return own if not step or step in own.steps else self.workflow

    def step(self, matter: str, step: str) -> Step:
        """Return a state of a case; one that only another rule set knows waits for a hand."""
        own = self.way(matter, step)
        if step in own.steps:
            return own.steps[step]
        for other in self.ways.values():
            if step in other.steps:
                return other.steps[step]
        return own.step(step)

    def moves_named(self, name: str) -> tuple[Move, ...]:
        """Return the moves of that name in all workflows."""
        every = self.ways.values() or (self.workflow,)
        return tuple(way.moves[name] for way in every if name in way.moves)

    def may_approve(self, move: str, role: str) -> bool:
        """Tell whether `role` stands in a chain of `move` in any workflow."""
        every = self.ways.values() or (self.workflow,)
        return any(way.may_approve(move, role) for way in every)

    def source_kind(self, source: str) -> str:
        """Return of which kind (`SOURCE_KINDS`) a source is; an unknown one is a citizen."""
        return self.sources.get(source, "citizen")

    def area_class(self, *areas: UUID | None) -> str:
        """Return the class (A, B or C) of the first of `areas` that has one, else empty text."""
        return next((c for one in areas if (c := self.area_classes.get(str(one), ""))), "")

    def limit(self, matter: str, clock: str, tier: Tier = Tier.THRESHOLD, area: str = "") -> Limit:
        """Return how long `clock` may run for `matter` (its own, an ancestor's or the default).

        `tier` is 门槛 or 提高, `area` the class of the place (`area_class`). A case without a
        matter yet, or with one that this rule set lacks, takes the default.
        """
        if matter in self.matters:
            for one in reversed(self.matters.path(matter)):
                if clock in one.limits:
                    return one.limits[clock].pick(tier, area)
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
        ways = _ways(workflow, raw.get("ways", ()))
        sources = _sources(raw.get("sources", {}))
        thresholds = parse_thresholds(raw.get("thresholds", {}))
        classes = _area_classes(raw.get("area_classes", {}))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"The rule set cannot be read: {error}.", field="rules") from error
    for matter in matters:
        if matter.workflow and matter.workflow not in ways:
            raise InvalidInput(
                f"The matter {matter.code} follows the unknown workflow {matter.workflow!r}.",
                field="workflow",
            )
    return RuleBook(digest, matters, workflow, calendar, raw, thresholds, ways, sources, classes)


def _ways(ordinary: Workflow, raw: Any) -> Mapping[str, Workflow]:
    """Read the workflows beside the ordinary one; a report must lead to the same step in all."""
    ways = {ordinary.name: ordinary}
    for one in raw:
        way = parse_workflow(one)
        if way.name in ways or not way.name:
            raise InvalidInput(f"The workflow {way.name!r} stands twice.", field="ways")
        if way.moves[CREATE].target != ordinary.moves[CREATE].target:
            raise InvalidInput(
                f"The workflow {way.name!r} begins at another step than the ordinary one.",
                field="ways",
            )
        ways[way.name] = way
    return ways


def _sources(raw: Any) -> Mapping[str, str]:
    sources = {str(source): str(kind) for source, kind in dict(raw).items()}
    for source, kind in sources.items():
        if kind not in SOURCE_KINDS:
            raise InvalidInput(
                f"The source {source} has the unknown kind {kind!r}.",
                field="sources",
                advice="One of: " + ", ".join(SOURCE_KINDS),
            )
    return sources


def _area_classes(raw: Any) -> Mapping[str, str]:
    """Read the class of districts and streets by uid."""
    classes = {str(UUID(area)): str(one) for area, one in dict(raw).items()}
    for area, one in classes.items():
        if one not in AREA_CLASSES:
            raise InvalidInput(
                f"The area {area} has the unknown class {one!r}.",
                field="area_classes",
                advice="One of: " + ", ".join(AREA_CLASSES),
            )
    return classes


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
        limits={clock: parse_tiers(limit) for clock, limit in raw["limits"].items()},
        urgent=raw["urgent"],
        workflow=raw.get("workflow", ""),
        terms=parse_terms(raw, raw["code"]),
    )
