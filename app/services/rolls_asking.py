"""Questions about the rolls: who stands where, the gaps and doubles ahead, what was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.domain.areas import Area, Tier
from app.domain.errors import NotFound
from app.domain.people import Accountable
from app.domain.rolls.changes import RollState
from app.domain.rolls.rolls import Rolls, leader_at, posted_at
from app.domain.rolls.spans import faults
from app.services.ports import City, UnitOfWork
from app.services.rolls import roll_state


@dataclass(frozen=True)
class RollsOf:
    """Who stands on the posts of an area (code or uid) at a minute; answered by `RollRow`s."""

    area: str
    at_ms: int | None = None


@dataclass(frozen=True)
class RollGaps:
    """The gaps and doubles of all posts in the next days; answered by a tuple of `RollGap`."""

    days: int = 14


@dataclass(frozen=True)
class RollHistory:
    """All changes of the rolls, oldest first; answered by `RollState` or None."""


@dataclass(frozen=True)
class RollRow:
    """One post and who stands on it, None if nobody does."""

    post: str
    uid: UUID
    kind: str
    unit: str
    person: str | None
    why: tuple[str, ...]


@dataclass(frozen=True)
class RollGap:
    """A gap or double with who answers meanwhile (None: nobody, not even a duty leader)."""

    what: str
    area: UUID
    area_name: str
    kind: str
    from_ms: int
    to_ms: int
    posts: tuple[str, ...]
    meanwhile: Accountable | None


RollQuestion = RollsOf | RollGaps | RollHistory
_DAY_MS = 86_400_000


def rolls_of(question: RollsOf, city: City, uow: UnitOfWork, now_ms: int) -> tuple[RollRow, ...]:
    """Return the posts of an area; raises `NotFound`."""
    area = _area(question.area, city)
    rolls = _rolls(uow)
    at_ms = now_ms if question.at_ms is None else question.at_ms
    slot = rolls.slot(at_ms)
    rows = []
    for post in sorted(rolls.posts, key=lambda one: (one.kind, one.uid)):
        if post.area != area.uid or not rolls.is_valid(post.uid, at_ms):
            continue
        found = rolls.on_post(post, at_ms, slot)
        unit = rolls.units.get(post.unit)
        name, why = (found[0].name, tuple(found[1])) if found else (None, ())
        rows.append(RollRow(post.name, post.uid, post.kind, unit.name if unit else "", name, why))
    return tuple(rows)


def roll_gaps(question: RollGaps, city: City, uow: UnitOfWork, now_ms: int) -> tuple[RollGap, ...]:
    """Return gaps and doubles from now on, the earliest first."""
    rolls = _rolls(uow)
    names = {post.uid: post.name for post in rolls.posts}
    found = []
    for one in faults(rolls, now_ms, now_ms + question.days * _DAY_MS):
        area = city.areas.get(one.area)
        path = _path(area, city)
        meanwhile = posted_at(rolls, path, one.kind, one.from_ms)
        meanwhile = meanwhile or leader_at(rolls, path, one.from_ms)
        title = (area.name or area.code) if area else str(one.area)
        posts = tuple(names[uid] for uid in one.posts)
        found.append(
            RollGap(one.what, one.area, title, one.kind, one.from_ms, one.to_ms, posts, meanwhile)
        )
    return tuple(sorted(found, key=lambda one: (one.from_ms, one.area_name, one.kind)))


def roll_history(
    _question: RollHistory, city: City, uow: UnitOfWork, _now: int
) -> RollState | None:
    """Return what became of the rolls."""
    return roll_state(city, uow)


def _rolls(uow: UnitOfWork) -> Rolls:
    return uow.directory.all_rolls(uow.rules.current().calendar.zone)


def _path(area: Area | None, city: City) -> Sequence[UUID]:
    """Return an area and those around it, narrowest first."""
    path: list[UUID] = []
    while area is not None and area.uid not in path:
        path.append(area.uid)
        area = city.areas.get(area.parent) if area.parent else None
    return path


def _area(text: str, city: City) -> Area:
    try:
        found = city.areas.get(UUID(text))
    except ValueError:
        root = city.areas.root()
        districts = city.areas.children(root.uid, Tier.DISTRICT)
        streets = [one for d in districts for one in city.areas.children(d.uid, Tier.STREET)]
        grids = city.edits.grid(text)
        known = [root, *districts, *streets, *(city.areas.get(uid) for uid in grids)]
        found = next((one for one in known if one and text in (one.code, one.name)), None)
    if found is None:
        raise NotFound(f"There is no area {text}.", advice="Give its code or uid.", field="area")
    return found
