"""`rolls show | gaps | leave | swap | history | undo`: who stands where, and what changes it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from app.cli.guard import guarded
from app.cli.opening import opened
from app.cli.options import As, City, Json, Why
from app.cli.printing import local_time, print_json, print_line
from app.cli.roles import grid_keeper, person_named
from app.cli.wiring import Wiring
from app.domain.errors import InvalidInput
from app.domain.rolls.changes import LEAVE, SWAP, RollState
from app.services.commands import ChangeRolls, UndoRolls
from app.services.rolls_asking import RollGaps, RollHistory, RollsOf

if TYPE_CHECKING:
    from app.runtime.core import Core

_ZONE = ZoneInfo("Asia/Shanghai")
From = Annotated[str, typer.Option("--from", help="Local day or minute; now if left out.")]
To = Annotated[str, typer.Option("--to", help="Local day or minute, not included.")]


def build(wiring: Wiring) -> typer.Typer:
    """Return the group `rolls`."""
    group = typer.Typer(help="Posts, shifts and stand-ins 值守.", no_args_is_help=True)
    for add in (_add_show, _add_gaps, _add_leave, _add_swap, _add_history, _add_undo):
        add(group, wiring)
    return group


def _add_show(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("show")
    @guarded
    def show(
        area: Annotated[str, typer.Argument(help="Code, name or uid of the area.")],
        at: Annotated[str, typer.Option(help="Local minute; now if left out.")] = "",
        city: City = "",
        as_json: Json = False,
    ) -> None:
        """Show who stands on an area's posts at a minute."""
        with opened(wiring, city) as core:
            rows = core.ask(RollsOf(area, _ms(at, "at"))).result()
        if as_json:
            print_json([vars(row) for row in rows])
            return
        for row in rows:
            print_line(f"{row.kind}\t{row.post}\t{row.unit}\t{row.person or '—'}\t{_said(row.why)}")


def _add_gaps(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("gaps")
    @guarded
    def gaps(
        days: Annotated[int, typer.Option(min=1, max=366, help="How far ahead.")] = 14,
        city: City = "",
        as_json: Json = False,
    ) -> None:
        """Tell where nobody, or more than one, will stand on a post."""
        with opened(wiring, city) as core:
            found = core.ask(RollGaps(days)).result()
        told: list[dict[str, Any]] = [
            {
                "what": one.what, "area": one.area_name, "kind": one.kind,
                "from": local_time(one.from_ms), "to": local_time(one.to_ms),
                "posts": one.posts,
                "meanwhile": one.meanwhile.person.name if one.meanwhile else None,
            }
            for one in found
        ]  # fmt: skip
        if as_json:
            print_json(told)
            return
        for row in told:
            print_line(
                f"{row['what']}\t{row['area']}\t{row['kind']}\t{row['from']} – {row['to']}\t"
                f"{row['meanwhile'] or '—'}"
            )


def _add_leave(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("leave")
    @guarded
    def leave(
        person: Annotated[str, typer.Argument(help="Name or uid.")],
        begins: From = "",
        ends: To = "",
        stand_in: Annotated[str, typer.Option(help="Who stands in 替班.")] = "",
        reason: Why = "",
        acting: As = "",
        city: City = "",
    ) -> None:
        """Give a person leave 请假, with a stand-in."""
        with opened(wiring, city) as core:
            _change(core, LEAVE, person, stand_in, (begins, ends), reason, acting)


def _add_swap(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("swap")
    @guarded
    def swap(
        person: Annotated[str, typer.Argument(help="Name or uid.")],
        other: Annotated[str, typer.Argument(help="With whom.")],
        begins: From = "",
        ends: To = "",
        reason: Why = "",
        acting: As = "",
        city: City = "",
    ) -> None:
        """Let two persons swap their shifts 换班."""
        with opened(wiring, city) as core:
            _change(core, SWAP, person, other, (begins, ends), reason, acting)


def _add_history(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("history")
    @guarded
    def history(city: City = "", as_json: Json = False) -> None:
        """Show all changes of the rolls, oldest first."""
        with opened(wiring, city) as core:
            state: RollState | None = core.ask(RollHistory()).result()
        steps = state.steps if state else ()
        if as_json:
            print_json([vars(one) | {"change": one.kind} for one in steps])
            return
        for one in steps:
            print_line(
                f"{one.hash[:12]}\t{local_time(one.at_ms)}\t{one.type} {one.kind}\t{one.role}\t"
                f"{one.effect} {one.why}"
            )


def _add_undo(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("undo")
    @guarded
    def undo(
        step: Annotated[str, typer.Argument(help="Beginning of its hash; the last one.")] = "",
        reason: Why = "",
        acting: As = "",
        city: City = "",
    ) -> None:
        """Take back a change from now on."""
        with opened(wiring, city) as core:
            done = core.submit(UndoRolls(grid_keeper(core, acting), step, reason)).result()
        _print_notes(done.notes)


def _change(
    core: Core,
    kind: str,
    person: str,
    other: str,
    window: tuple[str, str],
    reason: str,
    acting: str,
) -> None:
    fields = {"about": str(person_named(core, person).uid)}
    if other:
        fields["other"] = str(person_named(core, other).uid)
    begins, ends = _ms(window[0], "from"), _ms(window[1], "to")
    actor = grid_keeper(core, acting)
    done = core.submit(ChangeRolls(actor, kind, fields, begins, ends, reason)).result()
    _print_notes(done.notes)


def _print_notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        print_line(note)


def _ms(text: str, field: str) -> int | None:
    """Return a local day or minute as Unix ms, None if left out."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(
            f"{text[:40]!r} is no time.",
            advice="Write it as 2026-11-24 or 2026-11-24T08:00, local time.",
            field=field,
        ) from error
    at = at if at.tzinfo else at.replace(tzinfo=_ZONE)
    return round(at.timestamp() * 1000)


def _said(why: tuple[str, ...]) -> str:
    return " ".join(why)
