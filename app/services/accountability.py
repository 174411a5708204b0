"""Exactly one answer to: who, for this grid, matter and minute?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from app.domain.areas import Area, Whereabouts
from app.domain.people import Accountable
from app.domain.rolls.rolls import FALLBACK, accountable_at, posted_at
from app.domain.rules import RuleBook
from app.services.ports import Directory

__all__ = ["FALLBACK", "accountable", "answerable", "path_of"]


def accountable(
    where: Whereabouts,
    matter: str,
    now_ms: int,
    rules: RuleBook,
    directory: Directory,
    without: Collection[UUID] = (),
) -> Accountable | None:
    """Return whom `matter` at `where` is sent to at `now_ms` (Unix ms), with reasons.

    The narrowest area with somebody on a post of the matter's lead trade wins: grid, street,
    district. Where there is none, the street's fallback unit 兜底 does. Units in `without` are
    passed over. None only if the rolls have a gap: then `answerable` is the duty leader.
    """
    return _asked(where, matter, now_ms, rules, directory, without, to_leader=False)


def answerable(
    where: Whereabouts, matter: str, now_ms: int, rules: RuleBook, directory: Directory
) -> Accountable | None:
    """Return who answers for it: as `accountable`, in a gap the duty leader 带班领导."""
    return _asked(where, matter, now_ms, rules, directory, (), to_leader=True)


def path_of(where: Whereabouts) -> list[Area]:
    """Return the areas whose posts answer for a place, narrowest first."""
    found = (where.grid, where.street, where.district, where.city)
    return [area for area in found if area is not None]


def _asked(
    where: Whereabouts,
    matter: str,
    now_ms: int,
    rules: RuleBook,
    directory: Directory,
    without: Collection[UUID],
    *,
    to_leader: bool,
) -> Accountable | None:
    lead = rules.matters[matter].lead
    areas = path_of(where)
    path = [area.uid for area in areas]
    if not path:
        return None
    names = {area.uid: area.name or area.code for area in areas}
    rolls = replace(directory.rolls(path, lead, rules.calendar.zone), area_names=names)
    ask = accountable_at if to_leader else posted_at
    return ask(rolls, path, lead, now_ms, without)
