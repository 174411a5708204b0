"""The rolls of the sample city 示意: units, posts, persons, shifts.

For every street, trade and minute the rolls name exactly one person. Trades work by district;
enforcement and the fallback team 兜底 stand in each street that has a platform, in the district
for those that have none. A street is checked by its own supervisors, never by a trade.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import time
from uuid import UUID

from app.domain.areas import Area, Tier
from app.domain.people import Duty, Person, Role, Shift, Unit
from app.sample.chance import rng_of, uid_of
from app.sample.names import LEADS, ROLE_NAMES, UNIT_NAMES, person_name

SHIFTS = (
    Shift("morning", "早班", time(8), time(16)),
    Shift("middle", "中班", time(16), time(0)),
    Shift("night", "夜班", time(0), time(8)),
)
BY_STREET = ("urban_enforcement", "fallback")
_CITY_INTAKE = 6


@dataclass
class Rolls:
    """Everybody: rows for the directory."""

    units: list[Unit] = field(default_factory=list)
    persons: list[Person] = field(default_factory=list)
    duties: list[Duty] = field(default_factory=list)
    shifts: tuple[Shift, ...] = SHIFTS


def make_rolls(areas: Iterable[Area], seed: int) -> Rolls:
    """Return the rolls for the city, districts and streets among `areas`."""
    by_tier: dict[Tier, list[Area]] = {}
    for area in areas:
        by_tier.setdefault(area.tier, []).append(area)
    maker = _Maker(seed)
    for city in by_tier.get(Tier.CITY, []):
        maker.city(city)
    for district in by_tier.get(Tier.DISTRICT, []):
        maker.district(district)
    for street in by_tier.get(Tier.STREET, []):
        if street.platform:
            maker.street(street)
    return maker.rolls


class _Maker:
    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.rolls = Rolls()

    def city(self, area: Area) -> None:
        centre = self._unit(area, "centre")
        for number in range(_CITY_INTAKE):
            self._person(centre, Role.INTAKE, str(number))
        for shift in SHIFTS:
            self._person(centre, Role.DISPATCHER, shift.code)
            self._person(centre, Role.SHIFT_LEAD, shift.code)
        self._person(centre, Role.DUTY_LEADER, "")

    def district(self, area: Area) -> None:
        centre = self._unit(area, "centre")
        for role in (Role.DISPATCHER, Role.SHIFT_LEAD, Role.INTAKE, Role.SUPERVISOR):
            self._staffed(area, centre, role, centre.kind + role)
        self._person(centre, Role.DUTY_LEADER, "")
        for kind in LEADS:
            self._post(area, self._unit(area, kind))

    def street(self, area: Area) -> None:
        centre = self._unit(area, "centre")
        self._staffed(area, centre, Role.SUPERVISOR, "supervision")
        for kind in BY_STREET:
            self._post(area, self._unit(area, kind))

    def _unit(self, area: Area, kind: str) -> Unit:
        unit = Unit(
            uid_of(self._seed, "unit", area.code, kind),
            f"{area.name}{UNIT_NAMES[kind]}",
            kind,
            area.uid,
        )
        self.rolls.units.append(unit)
        return unit

    def _post(self, area: Area, unit: Unit) -> None:
        people = {s.code: self._person(unit, Role.HANDLER, s.code).uid for s in SHIFTS}
        self._duty(area, unit, unit.kind, f"{unit.name}值守岗", people)
        self._person(unit, Role.UNIT_LEADER, "")

    def _staffed(self, area: Area, unit: Unit, role: Role, kind: str) -> None:
        people = {s.code: self._person(unit, role, s.code).uid for s in SHIFTS}
        self._duty(area, unit, kind, f"{unit.name}{ROLE_NAMES[role]}", people)

    def _duty(self, area: Area, unit: Unit, kind: str, name: str, people: dict[str, UUID]) -> None:
        uid = uid_of(self._seed, "duty", area.code, kind)
        self.rolls.duties.append(Duty(uid, name, unit.uid, area.uid, kind, people))

    def _person(self, unit: Unit, role: Role, which: str) -> Person:
        words = ("person", str(unit.uid), role.value, which)
        person = Person(
            uid_of(self._seed, *words), person_name(rng_of(self._seed, *words)), unit.uid, role
        )
        self.rolls.persons.append(person)
        return person


def shift_of(at: time, shifts: Sequence[Shift] = SHIFTS) -> Shift:
    """Return the shift that holds local time `at`."""
    return next(shift for shift in shifts if shift.holds(at))
