"""Who of the rolls takes which step: the simulated people behind every move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from app.domain.errors import NotFound
from app.domain.people import Person, Role, Unit
from app.services.changes import CaseRow
from app.services.commands import Actor


class Directory(Protocol):
    """The rolls as a whole."""

    def persons(self, role: str | None = None, unit: UUID | None = None) -> Sequence[Person]: ...

    def units(self, kind: str | None = None) -> Sequence[Unit]: ...


class Staff:
    """Finds the actor of a role for a place: in its street, else its district, else anywhere."""

    def __init__(self, directory: Directory) -> None:
        area_of = {unit.uid: unit.area for unit in directory.units()}
        self._by_role: dict[str, list[Person]] = {}
        self._by_area: dict[tuple[str, UUID], list[Person]] = {}
        for person in directory.persons():
            self._by_role.setdefault(person.role, []).append(person)
            area = area_of.get(person.unit)
            if area is not None:
                self._by_area.setdefault((person.role, area), []).append(person)

    def actor(self, role: Role, areas: Sequence[UUID | None], turn: int = 0) -> Actor:
        """Return who acts as `role` in the first of `areas` that has somebody.

        `turn` chooses among several. Raises `NotFound` if nobody has the role.
        """
        people = next(
            (self._by_area[role, area] for area in areas if area and (role, area) in self._by_area),
            self._by_role.get(role, []),
        )
        if not people:
            raise NotFound(f"Nobody on the rolls is a {role}.")
        return Actor(people[turn % len(people)].uid, role)

    def handler(self, row: CaseRow) -> Actor:
        """Return the person the case was sent to; raises `NotFound` while there is none."""
        if row.person is None:
            raise NotFound(f"The case {row.receipt} was sent to nobody.")
        return Actor(row.person, Role.HANDLER)

    def of(self, role: Role, row: CaseRow, turn: int = 0) -> Actor:
        """Return who acts as `role` for a case, by its street and district."""
        return self.actor(role, (row.street, row.district), turn)
