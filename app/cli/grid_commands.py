"""`grid split | merge | history | undo`: grids 单元网格 by words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from app.cli.guard import guarded
from app.cli.opening import opened
from app.cli.options import As, City, Json, Why
from app.cli.printing import local_time, print_json, print_line
from app.cli.roles import grid_keeper
from app.cli.wiring import Wiring
from app.domain.errors import InvalidInput
from app.domain.parts.grids import Cell, GridStep
from app.services.commands import MergeGrids, SplitGrid, UndoGrids
from app.services.parts_asking import FindGrid, GridHistory, PlanMerge
from app.services.parts_views import GridStory, MergePlan

if TYPE_CHECKING:
    from app.runtime.core import Core


def build(wiring: Wiring) -> typer.Typer:
    """Return the group `grid`."""
    group = typer.Typer(help="Split and merge grids 单元网格.", no_args_is_help=True)
    for add in (_add_split, _add_merge, _add_history, _add_undo):
        add(group, wiring)
    return group


def _add_split(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("split")
    @guarded
    def split(
        code: Annotated[str, typer.Argument(help="The grid's code or uid.")],
        line: Annotated[str, typer.Option(help="The cut: LON,LAT LON,LAT …, beyond the grid.")],
        reason: Why = "",
        acting: As = "",
        city: City = "",
        as_json: Json = False,
    ) -> None:
        """Split a grid along a line."""
        cut = _line(line)
        with opened(wiring, city) as core:
            actor = grid_keeper(core, acting)
            core.submit(SplitGrid(actor, _find(core, code), cut, reason)).result()
            _print_last(core, as_json=as_json)


def _add_merge(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("merge")
    @guarded
    def merge(
        codes: Annotated[list[str], typer.Argument(help="Codes or uids of neighbours.")],
        duty: Annotated[
            str, typer.Option(help="The duty grid that takes it, or one of the grids for its own.")
        ] = "",
        reason: Why = "",
        acting: As = "",
        city: City = "",
        as_json: Json = False,
    ) -> None:
        """Merge neighbouring grids into one."""
        with opened(wiring, city) as core:
            grids = tuple(_find(core, code) for code in codes)
            taker = _duty(core, grids, duty)
            core.submit(MergeGrids(grid_keeper(core, acting), grids, reason, taker)).result()
            _print_last(core, as_json=as_json)


def _add_history(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("history")
    @guarded
    def history(
        code: Annotated[str, typer.Argument(help="Only what touched this grid.")] = "",
        city: City = "",
        as_json: Json = False,
    ) -> None:
        """Show all splits and merges, oldest first."""
        with opened(wiring, city) as core:
            story = _story(core)
        steps = story.state.steps if story.state else ()
        wanted = [
            one
            for one in steps
            if not code or any(code in (c.code, str(c.uid)) for c in (*one.old, *one.new))
        ]
        if as_json:
            print_json([_told(one, story) for one in wanted])
            return
        for one in wanted:
            _print_step(one, story)


def _add_undo(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("undo")
    @guarded
    def undo(
        step: Annotated[str, typer.Argument(help="Beginning of its hash; the last one.")] = "",
        reason: Why = "",
        acting: As = "",
        city: City = "",
        as_json: Json = False,
    ) -> None:
        """Take back a split or merge: grids as before begin now."""
        with opened(wiring, city) as core:
            core.submit(UndoGrids(grid_keeper(core, acting), step, reason)).result()
            _print_last(core, as_json=as_json)


def _line(text: str) -> tuple[tuple[float, float], ...]:
    try:
        pairs = [one.split(",") for one in text.split()]
        return tuple((float(lon), float(lat)) for lon, lat in pairs)
    except ValueError as error:
        raise InvalidInput(
            f"{text[:80]!r} is no line.",
            advice="Write places as LON,LAT with a space between.",
            field="line",
        ) from error


def _find(core: Core, code: str) -> UUID:
    cell: Cell = core.ask(FindGrid(code)).result()
    return cell.uid


def _duty(core: Core, grids: tuple[UUID, ...], named: str) -> UUID | None:
    """Return the duty grid of that code among those the grids lie in, or a grid's uid."""
    if not named:
        return None
    for one in grids:
        plan: MergePlan = core.ask(PlanMerge(grids, one)).result()
        duties = [] if plan.taker is None else [plan.taker, *plan.givers]
        for found in duties:
            if named in (found.code, str(found.uid)):
                return found.uid
    return _find(core, named)


def _story(core: Core) -> GridStory:
    story: GridStory = core.ask(GridHistory()).result()
    return story


def _print_last(core: Core, *, as_json: bool) -> None:
    story = _story(core)
    assert story.state is not None  # a step was just taken
    if as_json:
        print_json(_told(story.state.steps[-1], story))
    else:
        _print_step(story.state.steps[-1], story)


def _told(step: GridStep, story: GridStory) -> dict[str, Any]:
    return {
        "hash": step.hash, "type": step.type, "at": local_time(step.at_ms),
        "by": story.names.get(step.actor, ""), "role": step.role, "effect": step.effect,
        "why": step.why, "against": step.against, "reason": story.reasons.get(step.hash, ""),
        "old": [_cell(cell) for cell in step.old], "new": [_cell(cell) for cell in step.new],
    }  # fmt: skip


def _cell(cell: Cell) -> dict[str, Any]:
    return {"uid": cell.uid, "code": cell.code, "valid_from": cell.since, "wkb": cell.wkb.hex()}


def _print_step(step: GridStep, story: GridStory) -> None:
    old, new = (" ".join(cell.code for cell in side) for side in (step.old, step.new))
    print_line(
        f"{step.hash[:12]}\t{local_time(step.at_ms)}\t{step.type}\t"
        f"{story.names.get(step.actor, step.role)}\t{step.effect} {step.why}\t{old} → {new}\t"
        f"{story.reasons.get(step.hash, '')}"
    )
