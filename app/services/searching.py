"""Questions of the search box and the geocoder, and their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.domain.areas import Whereabouts
from app.domain.codes import one_slip
from app.domain.errors import Unavailable
from app.services.ports import City, Gazetteer, UnitOfWork
from app.services.views import CaseQuery, Geocoded, NearPlace, PlaceHit

_PART_CODE_FROM = 6
_NUMBER_FROM = 8
_NEAREST = 3
SURE_ENOUGH = 0.3  # as for a street's name alone: from here on a place is taken without asking


@dataclass(frozen=True)
class Search:
    """The search box: areas, grids, roads, places, part codes and cases; answered by `PlaceHit`s.

    `near` (degrees WGS 84), where the map stands, draws what is close a little forward.
    """

    text: str
    limit: int = 20
    near: tuple[float, float] | None = None


@dataclass(frozen=True)
class Geocode:
    """Where an address is; answered by a tuple of `Geocoded`, surest first."""

    text: str
    limit: int = 5


@dataclass(frozen=True)
class AddressAt:
    """What is at a point (degrees WGS 84); answered by `Here`."""

    lon: float
    lat: float


@dataclass(frozen=True)
class Here:
    """The areas that hold a point and the nearest addresses."""

    where: Whereabouts
    nearest: tuple[NearPlace, ...]


def gazetteer_of(city: City, uow: UnitOfWork) -> Gazetteer:
    """Return the city's gazetteer with all changes of the register."""
    gazetteer = city.gazetteer
    gazetteer.apply(uow.addresses.revision(), uow.addresses.entries)
    return gazetteer


def search_box(question: Search, city: City, uow: UnitOfWork, now_ms: int) -> tuple[PlaceHit, ...]:
    """Return places and cases together; half of the room at least is for places.

    While the index of places is not there yet, cases are found all the same.
    """
    text = question.text.strip()
    if not text:
        return ()
    cases = _cases(text, question.limit, uow, now_ms)
    try:
        places = list(gazetteer_of(city, uow).search(text, question.limit, question.near))
    except Unavailable:
        if not cases:
            raise
        places = []
    if text.isascii() and text.isdigit() and len(text) >= _PART_CODE_FROM:
        places += city.areas.parts(text, question.limit)
        places.sort(key=lambda hit: -hit.score)
    half = max(question.limit - len(cases), question.limit // 2)
    return (*places[:half], *cases)[: question.limit]


def _cases(text: str, limit: int, uow: UnitOfWork, now_ms: int) -> list[PlaceHit]:
    query = CaseQuery(tab="all", text=text, now_ms=now_ms, limit=limit)
    cases = [
        PlaceHit("case", row.title or row.matter_name, row.address, row.lon, row.lat, row.uid)
        for row in uow.cases.page(query).rows
    ]
    found = uow.cases.find(text) or (None if cases else _like_number(text, uow))
    first = uow.cases.row(found) if found else None
    if first is None:
        return cases
    title = first.number or first.receipt
    exact = PlaceHit("case", title, first.title, first.lon, first.lat, first.uid, 1.0)
    return [exact, *(hit for hit in cases if hit.uid != first.uid)]


def _like_number(text: str, uow: UnitOfWork) -> UUID | None:
    """Return the one case whose number is one slip of a digit away from `text`."""
    if sum(letter.isdigit() for letter in text) < _NUMBER_FROM or "-" not in text:
        return None
    found = {uid for one in one_slip(text) if (uid := uow.cases.find(one)) is not None}
    return found.pop() if len(found) == 1 else None


def geocode(question: Geocode, city: City, uow: UnitOfWork, _now: int) -> tuple[Geocoded, ...]:
    """Return where an address is."""
    return tuple(gazetteer_of(city, uow).geocode(question.text, question.limit))


def address_at(question: AddressAt, city: City, uow: UnitOfWork, _now: int) -> Here:
    """Return areas and nearest addresses of a point."""
    near: Sequence[NearPlace] = gazetteer_of(city, uow).nearest(
        question.lon, question.lat, _NEAREST
    )
    return Here(city.areas.at(question.lon, question.lat), tuple(near))
