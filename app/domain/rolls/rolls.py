"""Who stands where in a minute, and why: one immutable value of rows and changes.

Order of what counts on a post: extra duty, else the roster's person of the shift's day, then a
swap, then leave with its stand-in, and the stand-in's own. Who has left the rolls stands nowhere.
The narrowest area with somebody on a post of the matter's lead trade answers; else the fallback
unit 兜底 does; else the duty leader 带班领导 of the street, the district or the city.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from app.domain.people import Accountable, Duty, Person, Role, Shift, Unit
from app.domain.rolls.changes import (
    ADDS,
    EXTRA,
    LEAVE,
    RETIRES,
    ROSTER,
    SHIFT,
    SHIFTS,
    SWAP,
    Change,
)

FALLBACK, LEADER = "fallback", "duty_leader"
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Slot:
    """One shift on one day: Unix ms [from_ms, to_ms); `day` is the local day on which it begins."""

    shift: Shift
    day: date
    from_ms: int
    to_ms: int


@dataclass(frozen=True)
class Rolls:
    """The rolls at any minute. `shifts` are those of the rows; changes replace them by code."""

    units: Mapping[UUID, Unit]
    persons: Mapping[UUID, Person]
    posts: tuple[Duty, ...]
    shifts: tuple[Shift, ...]
    changes: tuple[Change, ...] = ()
    zone: str = "Asia/Shanghai"
    area_names: Mapping[UUID, str] = field(default_factory=dict)

    @cached_property
    def about(self) -> Mapping[UUID, Sequence[Change]]:
        """Changes by what they are about, in the one order."""
        found: dict[UUID, list[Change]] = {}
        for one in sorted(self.changes, key=lambda one: one.number):
            for subject in one.subjects:
                found.setdefault(subject, []).append(one)
        return found

    @cached_property
    def posts_on(self) -> Mapping[tuple[UUID, str], Sequence[Duty]]:
        """Posts by area and kind, by uid."""
        found: dict[tuple[UUID, str], list[Duty]] = {}
        for post in sorted(self.posts, key=lambda one: one.uid):
            found.setdefault((post.area, post.kind), []).append(post)
        return found

    @cached_property
    def leaders(self) -> Mapping[UUID, Sequence[Person]]:
        """Duty leaders by the area of their unit, by uid."""
        found: dict[UUID, list[Person]] = {}
        for person in sorted(self.persons.values(), key=lambda one: one.uid):
            unit = self.units.get(person.unit)
            if person.role is Role.DUTY_LEADER and unit is not None:
                found.setdefault(unit.area, []).append(person)
        return found

    def is_valid(self, subject: UUID, at_ms: int) -> bool:
        """Tell whether a unit, post or person is on the rolls at an instant."""
        about = self.about.get(subject, ())
        added = [one for one in about if one.kind in ADDS]
        if added and not any(one.holds(at_ms) for one in added):
            return False
        return not any(one.kind in RETIRES and one.holds(at_ms) for one in about)

    def slot(self, at_ms: int) -> Slot | None:
        """Return the shift that holds an instant; the first by code where several do."""
        day = self.local(at_ms).date()
        for shift in self.hours(at_ms):
            for begun in (day, day - _DAY):
                slot = self._slot(shift, begun)
                if slot.from_ms <= at_ms < slot.to_ms:
                    return slot
        return None

    def hours(self, at_ms: int) -> Sequence[Shift]:
        """Return the shifts in force at an instant, by code."""
        return self._versions[bisect_right(self._version_starts, at_ms)]

    def shift_edges(self, from_ms: int, to_ms: int) -> Iterator[int]:
        """Yield the instants at which some shift begins or ends, or hours change; in no order."""
        yield from self._version_starts
        day, last = self.local(from_ms).date() - _DAY, self.local(to_ms).date()
        shifts = {shift for hours in self._versions for shift in hours}
        while day <= last:
            for shift in shifts:
                slot = self._slot(shift, day)
                yield slot.from_ms
                yield slot.to_ms
            day += _DAY

    def local(self, at_ms: int) -> datetime:
        """Return an instant in the city's own time."""
        return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self._zone)

    def on_post(self, post: Duty, at_ms: int, slot: Slot | None) -> tuple[Person, list[str]] | None:
        """Return who stands on a post, and by which exceptions; None if nobody does."""
        if not (self.is_valid(post.uid, at_ms) and self.is_valid(post.unit, at_ms)):
            return None
        if post.unit not in self.units:
            return None
        why: list[str] = []
        extra = self._last(post.uid, EXTRA, at_ms)
        if extra is not None:
            who = extra.other
            why.append("extra:")
        else:
            who = self._rostered(post, at_ms, slot)
            swap = self._last(who, SWAP, at_ms) if who else None
            if swap is not None:
                why.append(f"swap:{self._name(who)}")
                who = swap.other if who == swap.about else swap.about
        return self.standing(who, at_ms, why)

    def standing(
        self, who: UUID | None, at_ms: int, why: list[str]
    ) -> tuple[Person, list[str]] | None:
        """Follow leave to its stand-ins; None if it ends at nobody or in a circle."""
        seen: set[UUID] = set()
        while who is not None and who not in seen:
            seen.add(who)
            leave = self._last(who, LEAVE, at_ms)
            if leave is None:
                person = self.persons.get(who)
                valid = person is not None and self.is_valid(who, at_ms)
                return (person, why) if person is not None and valid else None
            why = [*why, f"stand_in:{self._name(who)}"]
            who = leave.other
        return None

    def _rostered(self, post: Duty, at_ms: int, slot: Slot | None) -> UUID | None:
        if slot is None:
            return None
        roster = self._last(post.uid, ROSTER, at_ms)
        if roster is None:
            return post.person_by_shift.get(slot.shift.code)
        pattern = roster.body["pattern"]
        days = (slot.day - date.fromisoformat(roster.body["anchor"])).days
        named = pattern[days % len(pattern)].get(slot.shift.code)
        return UUID(named) if named else None

    def _last(self, subject: UUID | None, kind: str, at_ms: int) -> Change | None:
        if subject is None:
            return None
        held = (one for one in self.about.get(subject, ()) if one.kind == kind)
        return next((one for one in reversed(list(held)) if one.holds(at_ms)), None)

    def _name(self, person: UUID | None) -> str:
        found = self.persons.get(person) if person else None
        return found.name if found else ""

    def _slot(self, shift: Shift, day: date) -> Slot:
        over = shift.end <= shift.start
        start = datetime.combine(day, shift.start, self._zone)
        end = datetime.combine(day + _DAY if over else day, shift.end, self._zone)
        return Slot(shift, day, _ms(start), _ms(end))

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def _version_starts(self) -> list[int]:
        found = [one for one in self.about.get(SHIFTS, ()) if one.kind == SHIFT]
        ends = [one.to_ms for one in found if one.to_ms is not None]
        return sorted({*(one.from_ms for one in found), *ends})

    @cached_property
    def _versions(self) -> list[Sequence[Shift]]:
        """Shifts before the first change of hours, and from each one on."""
        return [self._hours_at(None), *(self._hours_at(start) for start in self._version_starts)]

    def _hours_at(self, at_ms: int | None) -> Sequence[Shift]:
        by_code = {one.code: one for one in self.shifts}
        for one in self.about.get(SHIFTS, ()):
            if at_ms is not None and one.kind == SHIFT and one.holds(at_ms):
                body = one.body
                start, end = time.fromisoformat(body["start"]), time.fromisoformat(body["end"])
                by_code[body["code"]] = Shift(body["code"], body["name"], start, end)
        return [by_code[code] for code in sorted(by_code)]


def accountable_at(
    rolls: Rolls, path: Sequence[UUID], lead: str, at_ms: int, without: Collection[UUID] = ()
) -> Accountable | None:
    """Return the one person answering for `lead` on a path of areas, narrowest first (Unix ms).

    Units in `without` are passed over. None only if the path has no duty leader either.
    """
    return posted_at(rolls, path, lead, at_ms, without) or leader_at(rolls, path, at_ms)


def posted_at(
    rolls: Rolls, path: Sequence[UUID], lead: str, at_ms: int, without: Collection[UUID] = ()
) -> Accountable | None:
    """Return who stands on a post for it, of the lead trade or of the fallback unit."""
    slot = rolls.slot(at_ms)
    for kind in dict.fromkeys((lead, FALLBACK)):
        for post in _posts(rolls, path, kind):
            found = None if post.unit in without else rolls.on_post(post, at_ms, slot)
            if found is not None:
                return _told(rolls, post, found, slot, at_ms)
    return None


def leader_at(rolls: Rolls, path: Sequence[UUID], at_ms: int) -> Accountable | None:
    """Return the duty leader at the end of the chain: of the street, district or city."""
    slot = rolls.slot(at_ms)
    for area in path:
        for leader in rolls.leaders.get(area, ()):
            unit = rolls.units[leader.unit]
            found = rolls.standing(leader.uid, at_ms, [])
            if found is not None and rolls.is_valid(unit.uid, at_ms):
                post = Duty(uuid5(unit.uid, LEADER), unit.name, unit.uid, area, LEADER)
                return _told(rolls, post, found, slot, at_ms)
    return None


def _posts(rolls: Rolls, path: Sequence[UUID], kind: str) -> Iterable[Duty]:
    return (post for area in path for post in rolls.posts_on.get((area, kind), ()))


def _told(
    rolls: Rolls,
    post: Duty,
    found: tuple[Person, list[str]],
    slot: Slot | None,
    at_ms: int,
) -> Accountable:
    person, why = found
    shift = slot.shift if slot else Shift("", "", time(0), time(0))
    reasons = (
        f"post:{post.name}",
        f"area:{rolls.area_names.get(post.area, '')}",
        *((f"shift:{shift.name}",) if slot else ()),
        *why,
        *((f"{post.kind}:",) if post.kind in (FALLBACK, LEADER) else ()),
    )
    return Accountable(rolls.units[post.unit], post, person, shift, rolls.local(at_ms), reasons)


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
