"""Questions that change nothing, and their answers, asked on the database thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.domain.areas import Area, Tier, Whereabouts
from app.domain.parts.grids import GRID_ACTIONS
from app.domain.people import Person
from app.services import address_asking, parts_asking, rolls_asking, searching, sheet
from app.services.address_asking import AddressHistory, AddressMatches, AddressRequests
from app.services.changes import CaseRow, Changes
from app.services.commands import Actor
from app.services.parts_asking import PartQuestion
from app.services.ports import City, UnitOfWork
from app.services.quarantine import quarantine
from app.services.rolls_asking import RollQuestion
from app.services.searching import (
    AddressAt,
    Geocode,
    Search,
)
from app.services.views import Apart, CasePage, CaseQuery, CaseSheet, PartRecord

MAP_ACTIONS = ("import", *GRID_ACTIONS)
_OPEN_AT_MOST = 100_000


@dataclass(frozen=True)
class ListCases:
    """One page of a list; answered by `CasePage`."""

    query: CaseQuery


@dataclass(frozen=True)
class CountCases:
    """How many rows each tab holds; answered by a mapping of tab to number."""

    query: CaseQuery


@dataclass(frozen=True)
class OpenCases:
    """All open cases, for map and inbox; answered by a tuple of `CaseRow`."""


@dataclass(frozen=True)
class OpenSheet:
    """Everything about one case as `actor` may see it; answered by `CaseSheet`."""

    case: UUID
    actor: Actor


@dataclass(frozen=True)
class FindCase:
    """The case of a uid, number or receipt number; answered by its uid or None."""

    text: str


@dataclass(frozen=True)
class Locate:
    """Which areas hold a point (degrees WGS 84); answered by `Whereabouts`."""

    lon: float
    lat: float


@dataclass(frozen=True)
class OpenPart:
    """The record of the part in row `fid` of the map; answered by `PartRecord` or None."""

    fid: int


@dataclass(frozen=True)
class Children:
    """The areas of `tier` inside `area` (the city if None); answered by a tuple of `Area`."""

    area: UUID | None
    tier: Tier


@dataclass(frozen=True)
class Persons:
    """People on the rolls, of one role or all; answered by a tuple of `Person`."""

    role: str | None = None


@dataclass(frozen=True)
class Quarantine:
    """What is kept apart from the state; answered by a tuple of `Apart`, newest first."""


@dataclass(frozen=True)
class Since:
    """What actions after `revision` changed; answered by `Changes`."""

    revision: int


Question = (
    ListCases
    | CountCases
    | OpenCases
    | OpenSheet
    | FindCase
    | Search
    | Geocode
    | AddressAt
    | AddressRequests
    | AddressHistory
    | AddressMatches
    | Locate
    | OpenPart
    | Children
    | Persons
    | Quarantine
    | PartQuestion
    | RollQuestion
    | Since
)


def answer(question: Question, city: City, now_ms: int) -> Any:
    """Answer one question from a read-only snapshot; raises `NotFound` as its kind says."""
    if isinstance(question, Locate):
        return _locate(question, city)
    if isinstance(question, Children):
        return _children(question, city)
    if isinstance(question, OpenPart):
        return _part(question, city)
    with city.begin(write=False) as uow:
        return _ANSWERS[type(question)](question, city, uow, now_ms)


def _locate(question: Locate, city: City) -> Whereabouts:
    return city.areas.at(question.lon, question.lat)


def _children(question: Children, city: City) -> tuple[Area, ...]:
    parent = question.area or city.areas.root().uid
    return tuple(city.areas.children(parent, question.tier))


def _part(question: OpenPart, city: City) -> PartRecord | None:
    return city.areas.part(question.fid)


def _list(question: ListCases, _city: City, uow: UnitOfWork, _now: int) -> CasePage:
    return uow.cases.page(question.query)


def _count(question: CountCases, _city: City, uow: UnitOfWork, _now: int) -> Mapping[str, int]:
    return uow.cases.counts(question.query)


def _open(_question: OpenCases, _city: City, uow: UnitOfWork, now_ms: int) -> tuple[CaseRow, ...]:
    query = CaseQuery(tab="open", now_ms=now_ms, limit=_OPEN_AT_MOST)
    return uow.cases.page(query).rows


def _sheet(question: OpenSheet, city: City, uow: UnitOfWork, now_ms: int) -> CaseSheet:
    return sheet.open_sheet(question.case, question.actor, city, uow, now_ms)


def _find(question: FindCase, _city: City, uow: UnitOfWork, _now: int) -> UUID | None:
    return uow.cases.find(question.text)


def _persons(question: Persons, _city: City, uow: UnitOfWork, _now: int) -> tuple[Person, ...]:
    return tuple(uow.directory.persons(question.role))


def _quarantine(
    _question: Quarantine, _city: City, uow: UnitOfWork, _now: int
) -> tuple[Apart, ...]:
    return quarantine(uow)


def _since(question: Since, _city: City, uow: UnitOfWork, _now: int) -> Changes:
    batch = uow.actions.since(question.revision, 10_000)
    subjects = list(dict.fromkeys(signed.action.subject for _, signed in batch))
    revision = batch[-1][0] if batch else question.revision
    imported = any(signed.action.type in MAP_ACTIONS for _, signed in batch)
    rows, parts = tuple(uow.cases.rows(subjects)), tuple(uow.parts.rows(subjects))
    return Changes(revision=revision, cases=rows, map_changed=imported, parts=parts)


_ANSWERS: dict[type, Callable[[Any, City, UnitOfWork, int], Any]] = {
    ListCases: _list,
    CountCases: _count,
    OpenCases: _open,
    OpenSheet: _sheet,
    FindCase: _find,
    Search: searching.search_box,
    Geocode: searching.geocode,
    AddressAt: searching.address_at,
    AddressRequests: address_asking.address_requests,
    AddressHistory: address_asking.address_history,
    AddressMatches: address_asking.address_matches,
    Persons: _persons,
    Quarantine: _quarantine,
    Since: _since,
    parts_asking.FindPart: parts_asking.find_part,
    parts_asking.PartHistory: parts_asking.part_history,
    parts_asking.FindGrid: parts_asking.find_grid,
    parts_asking.GridHistory: parts_asking.grid_history,
    parts_asking.PlanSplit: parts_asking.split_plan,
    parts_asking.PlanMerge: parts_asking.merge_plan,
    parts_asking.WhoAnswered: parts_asking.who_answered,
    rolls_asking.RollsOf: rolls_asking.rolls_of,
    rolls_asking.RollGaps: rolls_asking.roll_gaps,
    rolls_asking.RollHistory: rolls_asking.roll_history,
}
