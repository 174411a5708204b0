"""Units, posts, persons and shifts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import time
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Table, bindparam, select

from app.data.errors import readable
from app.data.roll_rows import changes_about, replace_changes
from app.data.tables import duty, person, shift, unit
from app.data.upsert import upsert
from app.domain.people import Duty, Person, Role, Shift, Unit
from app.domain.rolls.changes import SHIFTS, Change
from app.domain.rolls.rolls import FALLBACK, Rolls
from app.domain.rolls.spans import named_by, named_in

_BATCH = 500
_UNIT = select(unit).where(unit.c.uid == bindparam("uid"))
_PERSON = select(person).where(person.c.uid == bindparam("uid"))
_DUTY = select(duty).where(duty.c.uid == bindparam("uid"))
_DUTIES_ON = select(duty).where(duty.c.area == bindparam("area"))
_DUTIES = select(duty).where(
    duty.c.area.in_(bindparam("areas", expanding=True)), duty.c.kind == bindparam("kind")
)
_DUTY_OF = (
    select(duty).where(duty.c.persons.like(bindparam("person"))).order_by(duty.c.uid).limit(1)
)
_LEADERS = (
    select(person)
    .join(unit, unit.c.uid == person.c.unit)
    .where(
        person.c.role == Role.DUTY_LEADER.value,
        unit.c.area.in_(bindparam("areas", expanding=True)),
    )
)
_SHIFTS = select(shift).order_by(shift.c.code)


class SqlDirectory:
    """Fulfils `ports.Directory` inside one transaction, and takes the rolls in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def unit(self, uid: UUID) -> Unit | None:
        """Return a unit."""
        row = self._connection.execute(_UNIT, {"uid": uid}).first()
        return _unit(row) if row else None

    def person(self, uid: UUID) -> Person | None:
        """Return a person."""
        row = self._connection.execute(_PERSON, {"uid": uid}).first()
        return _person(row) if row else None

    def duty(self, uid: UUID) -> Duty | None:
        """Return a post."""
        row = self._connection.execute(_DUTY, {"uid": uid}).first()
        return _duty(row) if row else None

    def duties(self, areas: Sequence[UUID], kind: str) -> Sequence[Duty]:
        """Return posts of `kind` on any of `areas`, in the order of `areas`, then by uid."""
        rows = self._connection.execute(_DUTIES, {"areas": list(areas), "kind": kind})
        place = {area: i for i, area in enumerate(areas)}
        return sorted((_duty(row) for row in rows), key=lambda one: (place[one.area], one.uid))

    def duties_on(self, area: UUID) -> Sequence[Duty]:
        """Return all posts on an area, by uid."""
        rows = self._connection.execute(_DUTIES_ON, {"area": area})
        return sorted((_duty(row) for row in rows), key=lambda one: one.uid)

    def duty_of(self, person: UUID) -> Duty | None:
        """Return the post on which a person stands in some shift, if any; the oldest of several."""
        row = self._connection.execute(_DUTY_OF, {"person": f'%"{person}"%'}).first()
        return _duty(row) if row else None

    def shifts(self) -> Sequence[Shift]:
        """Return all shifts by code."""
        return [_shift(row) for row in self._connection.execute(_SHIFTS)]

    def units(self, kind: str | None = None) -> Sequence[Unit]:
        """Return all units, or those of a kind, by uid."""
        wanted = select(unit).order_by(unit.c.uid)
        if kind is not None:
            wanted = wanted.where(unit.c.kind == kind)
        rows = self._connection.execute(wanted)
        return [_unit(row) for row in rows]

    def persons(self, role: str | None = None, unit: UUID | None = None) -> Sequence[Person]:
        """Return persons, of a role or a unit if given, by uid."""
        wanted = select(person).order_by(person.c.uid)
        if role is not None:
            wanted = wanted.where(person.c.role == role)
        if unit is not None:
            wanted = wanted.where(person.c.unit == unit)
        return [_person(row) for row in self._connection.execute(wanted)]

    def rolls(self, areas: Sequence[UUID], lead: str, zone: str) -> Rolls:
        """Return what of the rolls bears on who answers for a trade on some areas."""
        posts = [d for kind in dict.fromkeys((lead, FALLBACK)) for d in self.duties(areas, kind)]
        rows = self._connection.execute(_LEADERS, {"areas": list(areas)})
        leaders = [_person(row) for row in rows]
        return self._rolls(posts, leaders, zone)

    def all_rolls(self, zone: str) -> Rolls:
        """Return the whole rolls."""
        posts = [_duty(row) for row in self._connection.execute(select(duty))]
        return self._rolls(posts, list(self.persons()), zone)

    def changes_about(self, uids: Iterable[UUID]) -> Sequence[Change]:
        """Return the changes about some posts, persons or units, in their one order."""
        return changes_about(self._connection, uids)

    def put_changes(self, changes: Iterable[Change]) -> None:
        """Keep these changes of the rolls and no others."""
        replace_changes(self._connection, changes)

    def _rolls(self, posts: Sequence[Duty], others: Sequence[Person], zone: str) -> Rolls:
        """Return the rolls of posts and some persons, with all that bears on them."""
        known: dict[str, Change] = {}
        seen = {SHIFTS, *(uid for post in posts for uid in named_by(post))}
        seen |= {uid for one in others for uid in (one.uid, one.unit)}
        new = set(seen)
        while new:
            found = self.changes_about(new)
            known |= {one.hash: one for one in found}
            new = {uid for one in found for uid in named_in(one)} - seen
            seen |= new
        persons = {one.uid: one for one in (*others, *map(_person, self._among(person, seen)))}
        missing = {one.unit for one in persons.values()} - seen
        units = {row.uid: _unit(row) for row in self._among(unit, seen | missing)}
        return Rolls(
            units, persons, tuple(posts), tuple(self.shifts()), tuple(known.values()), zone
        )

    def _among(self, table: Table, uids: Iterable[UUID]) -> Iterable[Row[Any]]:
        wanted = list(uids)
        for start in range(0, len(wanted), _BATCH):
            some = table.c.uid.in_(wanted[start : start + _BATCH])
            yield from self._connection.execute(select(table).where(some))

    def names(self, uids: Iterable[UUID]) -> Mapping[UUID, str]:
        """Return names of persons, units and posts."""
        wanted = list(dict.fromkeys(uids))
        found: dict[UUID, str] = {}
        for table in (person, unit, duty):
            found.update(self._names_in(table, wanted))
        return found

    def put_units(self, units: Iterable[Unit]) -> None:
        """Add units or bring them up to date."""
        self._put(
            unit,
            "uid",
            [
                {"uid": u.uid, "name": u.name, "kind": u.kind, "area": u.area, "phone": u.phone}
                for u in units
            ],
        )

    def put_persons(self, persons: Iterable[Person]) -> None:
        """Add persons or bring them up to date."""
        self._put(
            person,
            "uid",
            [{"uid": p.uid, "name": p.name, "unit": p.unit, "role": str(p.role)} for p in persons],
        )

    def put_duties(self, duties: Iterable[Duty]) -> None:
        """Add posts or bring them up to date."""
        self._put(
            duty,
            "uid",
            [
                {
                    "uid": d.uid,
                    "name": d.name,
                    "unit": d.unit,
                    "area": d.area,
                    "kind": d.kind,
                    "persons": _shifts_text(d.person_by_shift),
                }
                for d in duties
            ],
        )

    def put_shifts(self, shifts: Iterable[Shift]) -> None:
        """Add shifts or bring them up to date."""
        self._put(
            shift,
            "code",
            [
                {
                    "code": s.code,
                    "name": s.name,
                    "start": s.start.isoformat(),
                    "end": s.end.isoformat(),
                }
                for s in shifts
            ],
        )

    def _put(self, table: Table, key: str, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._connection.execute(upsert(self._connection, table, key), rows)

    def _names_in(self, table: Table, wanted: list[UUID]) -> Iterable[tuple[UUID, str]]:
        for start in range(0, len(wanted), _BATCH):
            rows = self._connection.execute(
                select(table.c.uid, table.c.name).where(
                    table.c.uid.in_(wanted[start : start + _BATCH])
                )
            )
            yield from ((row[0], row[1]) for row in rows)


def _unit(row: Row[Any]) -> Unit:
    return Unit(row.uid, row.name, row.kind, row.area, row.phone)


def _person(row: Row[Any]) -> Person:
    with readable("person on the rolls"):
        return Person(row.uid, row.name, row.unit, Role(row.role))


def _shift(row: Row[Any]) -> Shift:
    with readable("shift"):
        start, end = time.fromisoformat(row.start), time.fromisoformat(row.end)
    return Shift(row.code, row.name, start, end)


def _duty(row: Row[Any]) -> Duty:
    with readable("post"):
        persons = {code: UUID(uid) for code, uid in json.loads(row.persons).items()}
    return Duty(row.uid, row.name, row.unit, row.area, row.kind, persons)


def _shifts_text(persons: Mapping[str, UUID]) -> str:
    return json.dumps({code: str(uid) for code, uid in persons.items()}, sort_keys=True)
