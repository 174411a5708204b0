"""Exactly one answer to: who, for this grid, matter and minute?"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.areas import Whereabouts
from app.domain.people import Accountable, Duty, Shift
from app.domain.rules import RuleBook
from app.services.ports import Directory

FALLBACK = "fallback"


def accountable(
    where: Whereabouts,
    matter: str,
    now_ms: int,
    rules: RuleBook,
    directory: Directory,
    without: Collection[UUID] = (),
) -> Accountable | None:
    """Return the person answering for `matter` at `where` at `now_ms` (Unix ms), with reasons.

    The narrowest area with a post of the matter's lead trade wins: grid, street, district.
    Where there is none, the street's fallback unit 兜底 does. Units in `without` are passed over.
    None only if the rolls have a gap.
    """
    lead = rules.matters[matter].lead
    local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(rules.calendar.zone))
    shift = next((s for s in directory.shifts() if s.holds(local.time())), None)
    areas = [a for a in (where.grid, where.street, where.district, where.city) if a is not None]
    if shift is None or not areas:
        return None
    names = {area.uid: area.name or area.code for area in areas}
    for kind in dict.fromkeys((lead, FALLBACK)):
        for duty in directory.duties([area.uid for area in areas], kind):
            if duty.unit in without:
                continue
            found = _filled(duty, shift, local, names, directory)
            if found is not None:
                return found
    return None


def _filled(
    duty: Duty, shift: Shift, at: datetime, names: dict[UUID, str], directory: Directory
) -> Accountable | None:
    person_uid = duty.person_by_shift.get(shift.code)
    person = directory.person(person_uid) if person_uid else None
    unit = directory.unit(duty.unit)
    if person is None or unit is None:
        return None
    reasons = (
        f"post:{duty.name}",
        f"area:{names.get(duty.area, '')}",
        f"shift:{shift.name}",
        *(("fallback:",) if duty.kind == FALLBACK else ()),
    )
    return Accountable(unit, duty, person, shift, at, reasons)
