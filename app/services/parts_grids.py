"""Handlers of grids: split, merge, take back. Topology, validity dates and posts are kept.

The pieces of a split and what is merged cover the same ground to the last bit; the old cells end
and the new ones begin at one minute, so whoever asks for a past one finds what was so then. Posts
on an old cell are given to the new ones too, and stay on the old one for its own time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from app.domain.areas import iso_ms
from app.domain.errors import InvalidInput, NotAllowed, NotFound
from app.domain.fold import heads
from app.domain.identity import new_uid
from app.domain.parts.grids import (
    GRID,
    MERGED,
    SPLIT,
    UNDONE,
    Cell,
    GridState,
    GridStep,
    cell_body,
    fold_grids,
    grid_register,
)
from app.domain.people import Duty
from app.services.casework import check_actor
from app.services.changes import Changes
from app.services.commands import Actor, MergeGrids, SplitGrid, UndoGrids
from app.services.parts import check_right, sealed, step_taken
from app.services.parts_fields import next_grid_codes
from app.services.parts_views import MergePlan
from app.services.ports import City, UnitOfWork
from app.services.signing import append_signed, held_actions

_MOST_PIECES = 8
_MOST_MERGED = 16
_MOST_VERTICES = 500


def split(command: SplitGrid, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Split a grid along a line; raises `InvalidInput` if it does not cut it through."""
    check_actor(uow, command.actor)
    check_right(command.actor, "grids")
    cell = valid_cell(command.grid, city, uow)
    pieces = plan_split(cell, command.line, city)
    codes = next_grid_codes(cell.code, len(pieces), city, uow)
    new = [
        replace(cell, uid=new_uid(), code=code, wkb=wkb, since=iso_ms(now_ms))
        for code, wkb in zip(codes, pieces, strict=True)
    ]
    return _append(SPLIT, command.actor, [cell], new, command.reason, city, uow, now_ms)


def merge(command: MergeGrids, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Merge neighbours under the same parent; across duty grids one of them takes all of it.

    The edges of those duty grids move with it, at the same minute. Posts are those of the cells
    that the taking duty grid had; open cases keep grid and person.
    """
    check_actor(uow, command.actor)
    check_right(command.actor, "grids")
    cells = [valid_cell(uid, city, uow) for uid in dict.fromkeys(command.grids)]
    plan = plan_merge(cells, city, command.duty)
    since = iso_ms(now_ms)
    if plan.taker is not None:
        taker = plan.taker.uid
        cells.sort(key=lambda one: _duty_of(one, city) != taker)
    (code,) = next_grid_codes(cells[0].code, 1, city, uow)
    made = [replace(cells[0], uid=new_uid(), code=code, wkb=plan.wkb, since=since)]
    old = [*cells]
    if plan.taker is not None:
        old += [plan.taker, *plan.givers]
        made += [replace(one, uid=new_uid(), since=since) for one in _moved(plan, cells, city)]
    return _append(MERGED, command.actor, old, made, command.reason, city, uow, now_ms)


def _moved(plan: MergePlan, cells: Sequence[Cell], city: City) -> Iterator[Cell]:
    """Yield the duty grids of a merge with their new edges; one that gave all is no more."""
    assert plan.taker is not None
    shapes = [cell.wkb for cell in cells]
    yield replace(plan.taker, wkb=city.edits.joined(plan.taker.wkb, shapes))
    for giver in plan.givers:
        left = city.edits.without(giver.wkb, shapes)
        if left is not None:
            yield replace(giver, wkb=left)


def undo(command: UndoGrids, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Take back a split or merge: cells as before begin now; what was in between stays so."""
    check_actor(uow, command.actor)
    check_right(command.actor, "grids")
    state = grid_state(city, uow)
    step = _step_to_undo(command.step, state)
    old = [_still_valid(uow.parts.cell(cell.uid) or cell) for cell in step.new]
    new = [replace(cell, uid=new_uid(), since=iso_ms(now_ms), to_ms=None) for cell in step.old]
    return _append(
        UNDONE, command.actor, old, new, command.reason, city, uow, now_ms, {"undoes": step.hash}
    )


def refresh_grids(subject: UUID, city: City, uow: UnitOfWork) -> bool:
    """Fold a city's grids anew, as after actions came in from elsewhere; False if it is another."""
    if subject != grid_register(city.facts.uid):
        return False
    state = grid_state(city, uow)
    if state is None:
        return False
    for step in state.steps:
        if step.effect in ("applied", "undone"):
            _give_posts(step, state, uow)
    uow.parts.put_grids(state, uow.actions.revision())
    return True


def grid_state(city: City, uow: UnitOfWork) -> GridState | None:
    """Return what became of the city's grids, None if none was ever changed."""
    held = uow.actions.of_subject(grid_register(city.facts.uid))
    return fold_grids(one.action for one in held)


def valid_cell(uid: UUID, city: City, uow: UnitOfWork) -> Cell:
    """Return a grid that is valid now; raises `NotFound` or `NotAllowed`."""
    cell = uow.parts.cell(uid) or city.edits.cell(uid)
    if cell is None or cell.tier != GRID:
        raise NotFound(f"There is no grid {uid}.", advice="Give its code.", field="grid")
    return _still_valid(cell)


def _still_valid(cell: Cell) -> Cell:
    if cell.to_ms is not None or cell.is_void:
        raise NotAllowed(
            f"The grid {cell.code} has ended already.",
            advice="`grid history` shows what became of it.",
            field="grid",
            code="grid_ended",
        )
    return cell


def plan_split(cell: Cell, line: Sequence[tuple[float, float]], city: City) -> Sequence[bytes]:
    """Return the pieces (WKB, largest first) that a cut would make of a grid."""
    proper = all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in line)
    if not 2 <= len(line) <= _MOST_VERTICES or not proper:
        raise InvalidInput(
            f"A cut is a line of 2 to {_MOST_VERTICES} places in degrees.", field="line"
        )
    pieces = city.edits.split(cell.wkb, line)
    if len(pieces) < 2:
        raise InvalidInput(
            f"The line does not cut the grid {cell.code} through.",
            advice="Begin and end it outside the grid.",
            field="line",
            code="no_cut",
        )
    if len(pieces) > _MOST_PIECES:
        raise InvalidInput(
            f"The line cuts the grid {cell.code} into {len(pieces)} pieces.",
            advice=f"Draw a simpler one; {_MOST_PIECES} pieces are allowed.",
            field="line",
        )
    return pieces


def plan_merge(cells: Sequence[Cell], city: City, duty: UUID | None = None) -> MergePlan:
    """Return what merging grids would make; raises `InvalidInput` if they cannot be merged.

    `duty` is the duty grid that takes it, or one of the grids for the one that it lies in; it has
    to be named where they lie in several.
    """
    if not 2 <= len(cells) <= _MOST_MERGED:
        raise InvalidInput(f"Name 2 to {_MOST_MERGED} different grids to merge.", field="grids")
    if len({cell.parent for cell in cells}) > 1 or len({cell.code[:12] for cell in cells}) > 1:
        raise InvalidInput(
            "The grids do not lie in the same community and street.",
            advice="Merge neighbours inside one.",
            field="grids",
            code="other_parent",
        )
    wkb = city.edits.merged([cell.wkb for cell in cells])
    if wkb is None:
        raise InvalidInput(
            "The grids are no neighbours: they share no edge.", field="grids", code="no_neighbours"
        )
    by_cell = {cell.uid: _duty_of(cell, city) for cell in cells}
    uids = dict.fromkeys(by_cell.values())
    duty = by_cell.get(duty, duty) if duty is not None else None
    if len(uids) < 2:
        return MergePlan(wkb)
    duties = [city.edits.cell(uid) for uid in uids if uid is not None]
    known = [one for one in duties if one is not None]
    if duty not in uids or duty is None:
        raise InvalidInput(
            f"The grids lie in several duty grids: {', '.join(one.code for one in known)}.",
            advice="Name the one that takes the merged grid (--duty CODE).",
            field="duty",
            code="other_duty",
        )
    taker = next(one for one in known if one.uid == duty)
    return MergePlan(wkb, taker, tuple(one for one in known if one.uid != duty))


def _duty_of(cell: Cell, city: City) -> UUID | None:
    """Return the duty grid that a grid lies in."""
    area = city.areas.get(cell.uid)
    return None if area is None else city.edits.duty_grid(area)


def _step_to_undo(named: str, state: GridState | None) -> GridStep:
    step = None if state is None else state.step(named) if named else state.last()
    if step is None:
        raise NotFound(
            "There is no such split or merge.", advice="`grid history` lists them.", field="step"
        )
    if step.effect != "applied" or step.type == UNDONE:
        raise NotAllowed("That step cannot be taken back.", field="step", code="nothing_to_undo")
    return step


def _append(
    kind: str,
    actor: Actor,
    old: Sequence[Cell],
    new: Sequence[Cell],
    reason: str,
    city: City,
    uow: UnitOfWork,
    now_ms: int,
    more: Mapping[str, Any] | None = None,
) -> Changes:
    if any(cell.since > iso_ms(now_ms) for cell in old):
        raise InvalidInput("A grid cannot end before it began.", field="grid")
    body = {
        "old": [cell_body(cell) for cell in old], "new": [cell_body(cell) for cell in new],
        "at_ms": now_ms, **(more or {}),
    }  # fmt: skip
    subject = grid_register(city.facts.uid)
    secrets = sealed(subject, reason)
    held = held_actions(subject, city, uow, now_ms)
    action = append_signed(
        kind, subject, actor, body, heads(held), city, uow, now_ms, secrets=secrets
    ).action
    state = fold_grids([*held, action])
    assert state is not None  # the action is there
    step = step_taken(state.steps, action.hash, "grid")
    _give_posts(step, state, uow)
    uow.parts.put_grids(state, uow.actions.revision())
    codes = " ".join([*(one.code for one in old), ">", *(one.code for one in new)])
    return Changes(uow.actions.revision(), map_changed=True, notes=(f"{kind} {codes}",))


def _give_posts(step: GridStep, state: GridState, uow: UnitOfWork) -> None:
    """Give the posts on ended cells to those that follow them; of one trade, the first cell's.

    What is taken back gets the posts of the cells it restores.
    """
    follow = [
        replace(duty, uid=uuid5(duty.uid, str(cell.uid)), area=cell.uid)
        for cell, before in _before(step, state)
        for duty in _posts_on(before, uow)
    ]
    if follow:
        uow.directory.put_duties(follow)


def _before(step: GridStep, state: GridState) -> Iterator[tuple[Cell, list[Cell]]]:
    """Yield each new cell with the ended ones whose posts it gets."""
    undone = next((one for one in state.steps if one.hash == step.undoes), None)
    for cell in step.new:
        if undone is not None:
            yield cell, [c for c in undone.old if (c.tier, c.code) == (cell.tier, cell.code)]
        elif cell.tier == GRID:
            yield cell, [one for one in step.old if one.tier == GRID]
        else:
            yield cell, [c for c in step.old if (c.tier, c.code) == (cell.tier, cell.code)]


def _posts_on(cells: Sequence[Cell], uow: UnitOfWork) -> list[Duty]:
    """Return the posts on some cells; of one trade, the first cell's."""
    by_kind: dict[str, Duty] = {}
    for duty in (duty for cell in cells for duty in uow.directory.duties_on(cell.uid)):
        by_kind.setdefault(duty.kind, duty)
    return list(by_kind.values())
