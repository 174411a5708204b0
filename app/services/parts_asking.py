"""Questions about parts and grids, and who answers for a matter at a past minute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app.domain.errors import InvalidInput, NotFound
from app.domain.parts.grids import Cell
from app.domain.people import Accountable
from app.services.accountability import answerable
from app.services.parts import no_part, part_now, part_state
from app.services.parts_grids import grid_state, plan_merge, plan_split, valid_cell
from app.services.parts_views import GridStory, MergePlan, PartStory
from app.services.ports import City, UnitOfWork


@dataclass(frozen=True)
class FindPart:
    """A part by its code or uid text, or by its row in the map; answered by its uid."""

    text: str = ""
    fid: int | None = None


@dataclass(frozen=True)
class PartHistory:
    """A part as it is now and all that was done to it; answered by `PartStory`."""

    part: UUID


@dataclass(frozen=True)
class FindGrid:
    """A valid grid by its code or uid text; answered by its `Cell`."""

    text: str


@dataclass(frozen=True)
class GridHistory:
    """All splits and merges; answered by `GridStory`."""


@dataclass(frozen=True)
class PlanSplit:
    """What a cut would make of a grid; answered by WKB of the pieces, largest first."""

    grid: UUID
    line: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class PlanMerge:
    """What merging grids would make, given to the duty grid `duty`; answered by `MergePlan`."""

    grids: tuple[UUID, ...]
    duty: UUID | None = None


@dataclass(frozen=True)
class WhoAnswered:
    """Who was accountable for a matter at a place and minute; answered by `Accountable` or None."""

    lon: float
    lat: float
    matter: str
    at_ms: int


PartQuestion = FindPart | PartHistory | FindGrid | GridHistory | PlanSplit | PlanMerge | WhoAnswered


def find_part(question: FindPart, city: City, uow: UnitOfWork, _now: int) -> UUID:
    """Return the one part that is meant."""
    if question.fid is not None:
        uid = city.edits.uid_of(question.fid)
        if uid is None:
            raise no_part(str(question.fid))
        return uid
    uid = _uid(question.text)
    if uid is not None:
        if part_now(uid, city, uow) is None:
            raise no_part(question.text)
        return uid
    mapped = [one for one in city.edits.of_code(question.text) if uow.parts.part(one) is None]
    found = dict.fromkeys([*uow.parts.of_code(question.text), *mapped])
    if not found:
        raise no_part(question.text)
    if len(found) > 1:
        raise InvalidInput(
            f"{len(found)} parts bear the code {question.text}.",
            advice="Give the uid: " + ", ".join(map(str, found)),
            field="part",
        )
    return next(iter(found))


def part_history(question: PartHistory, city: City, uow: UnitOfWork, _now: int) -> PartStory:
    """Return a part and its steps, oldest first."""
    part = part_now(question.part, city, uow)
    if part is None:
        raise no_part(str(question.part))
    state = part_state(question.part, uow)
    steps = state.steps if state else ()
    grid = city.areas.get(part.grid) if part.grid else None
    if grid is None or grid.valid_to is not None:
        grid = city.areas.at(part.lon, part.lat).grid
    names = uow.directory.names({one.actor for one in steps})
    reasons = _reasons(((one.hash, one.note) for one in steps), uow)
    fid = city.edits.fid_of(part.uid)
    return PartStory(part, fid, grid.code if grid else "", state, dict(names), reasons)


def find_grid(question: FindGrid, city: City, uow: UnitOfWork, _now: int) -> Cell:
    """Return the one valid grid that is meant."""
    uid = _uid(question.text)
    found = [uid] if uid is not None else list(city.edits.grid(question.text))
    if len(found) != 1:
        raise NotFound(
            f"{len(found)} valid grids bear the code {question.text}.",
            advice="Give the code of 15 or 14 digits, or the uid.",
            field="grid",
        )
    return valid_cell(found[0], city, uow)


def grid_history(_question: GridHistory, city: City, uow: UnitOfWork, _now: int) -> GridStory:
    """Return what became of the city's grids, oldest first."""
    state = grid_state(city, uow)
    steps = state.steps if state else ()
    names = uow.directory.names({one.actor for one in steps})
    return GridStory(state, dict(names), _reasons(((s.hash, s.note) for s in steps), uow))


def split_plan(question: PlanSplit, city: City, uow: UnitOfWork, _now: int) -> tuple[bytes, ...]:
    """Return the pieces that a cut would make."""
    return tuple(plan_split(valid_cell(question.grid, city, uow), question.line, city))


def merge_plan(question: PlanMerge, city: City, uow: UnitOfWork, _now: int) -> MergePlan:
    """Return what merging would make."""
    cells = [valid_cell(uid, city, uow) for uid in question.grids]
    return plan_merge(cells, city, question.duty)


def who_answered(
    question: WhoAnswered, city: City, uow: UnitOfWork, _now: int
) -> Accountable | None:
    """Return who was accountable then."""
    where = city.areas.at(question.lon, question.lat, question.at_ms)
    rules = uow.rules.current()
    return answerable(where, question.matter, question.at_ms, rules, uow.directory)


def _reasons(notes: Iterable[tuple[str, UUID | None]], uow: UnitOfWork) -> dict[str, str]:
    keys = {digest: key for digest, key in notes if key is not None}
    words = uow.vault.get(keys.values())
    return {digest: words[key] for digest, key in keys.items() if key in words}


def _uid(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) > _CODE else None
    except ValueError:
        return None


_CODE = 20
