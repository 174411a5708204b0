"""`part show | set | move | add | retire | history | undo`: parts 部件 by words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from app.cli.guard import guarded
from app.cli.opening import opened
from app.cli.options import As, City, Json, Why
from app.cli.printing import local_time, print_json, print_line
from app.cli.roles import keeper
from app.cli.wiring import Wiring
from app.domain.errors import InvalidInput
from app.domain.parts.record import STATES
from app.services.changes import Changes
from app.services.commands import AddPart, ChangePart, UndoPart
from app.services.parts_asking import FindPart, PartHistory
from app.services.parts_views import PartStory

if TYPE_CHECKING:
    from app.runtime.core import Core

Code = Annotated[str, typer.Argument(help="16-digit code, or uid.")]
Fields = Annotated[
    list[str] | None,
    typer.Argument(
        help="NAME=VALUE: state, class, source, accuracy, initial_date, code, attrs.NAME."
    ),
]


def build(wiring: Wiring) -> typer.Typer:
    """Return the group `part`."""
    group = typer.Typer(help="See and keep parts 部件.", no_args_is_help=True)
    for add in (_add_show, _add_history, _add_set, _add_move, _add_new, _add_retire, _add_undo):
        add(group, wiring)
    return group


def _add_show(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("show")
    @guarded
    def show(code: Code, city: City = "", as_json: Json = False) -> None:
        """Show a part's record, with what its upkeep asks for."""
        with opened(wiring, city) as core:
            story = _story(core, _find(core, code))
        _print_part(story, as_json=as_json)


def _add_history(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("history")
    @guarded
    def history(code: Code, city: City = "", as_json: Json = False) -> None:
        """Show who changed what of a part, when and why, oldest first."""
        with opened(wiring, city) as core:
            story = _story(core, _find(core, code))
        if as_json:
            print_json(story)
            return
        for step in story.state.steps if story.state else ():
            said = " ".join(f"{k}: {step.old.get(k, '')} → {v};" for k, v in step.new.items())
            print_line(
                f"{step.hash[:12]}\t{local_time(step.at_ms)}\t{step.type}\t"
                f"{story.names.get(step.actor, step.role)}\t{step.effect} {step.why}\t{said}\t"
                f"{story.reasons.get(step.hash, '')}"
            )
        _print_conflicts(story)


def _add_set(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("set")
    @guarded
    def set_fields(
        code: Code,
        fields: Fields = None,
        reason: Why = "",
        acting: As = "",
        city: City = "",
        as_json: Json = False,
    ) -> None:
        """Change what a part's record says."""
        with opened(wiring, city) as core:
            actor, part = keeper(core, acting), _find(core, code)
            _carry_out(core, ChangePart(actor, part, _read(fields), reason=reason), as_json)


def _add_move(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("move")
    @guarded
    def move(
        code: Code,
        lon: Annotated[float, typer.Argument(help="Longitude, WGS 84 degrees.")],
        lat: Annotated[float, typer.Argument(help="Latitude, WGS 84 degrees.")],
        accuracy: Annotated[str, typer.Option(help="A ±0.5 m, B ±1 m, C ±10 m.")] = "",
        recode: Annotated[bool, typer.Option(help="New code if it is another county.")] = False,
        reason: Why = "",
        acting: As = "",
        city: City = "",
        as_json: Json = False,
    ) -> None:
        """Move a part; it keeps its code, also in another grid."""
        fields = {"accuracy": accuracy} if accuracy else {}
        with opened(wiring, city) as core:
            actor, part = keeper(core, acting), _find(core, code)
            command = ChangePart(actor, part, fields, lon, lat, recode=recode, reason=reason)
            _carry_out(core, command, as_json)


def _add_new(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("add")
    @guarded
    def add(
        kind: Annotated[str, typer.Argument(help="Class: its code, such as 0101, or its name.")],
        lon: Annotated[float, typer.Argument(help="Longitude, WGS 84 degrees.")],
        lat: Annotated[float, typer.Argument(help="Latitude, WGS 84 degrees.")],
        fields: Fields = None,
        reason: Why = "",
        acting: As = "",
        city: City = "",
        as_json: Json = False,
    ) -> None:
        """Add a part; it gets the next free code of its class."""
        with opened(wiring, city) as core:
            given = {"class": kind, **_read(fields)}
            _carry_out(core, AddPart(keeper(core, acting), lon, lat, given, reason), as_json)


def _add_retire(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("retire")
    @guarded
    def retire(
        code: Code, reason: Why = "", acting: As = "", city: City = "", as_json: Json = False
    ) -> None:
        """Retire a part 废弃: it takes no more changes."""
        with opened(wiring, city) as core:
            actor, part = keeper(core, acting), _find(core, code)
            _carry_out(core, ChangePart(actor, part, retire=True, reason=reason), as_json)


def _add_undo(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("undo")
    @guarded
    def undo(
        code: Code, reason: Why = "", acting: As = "", city: City = "", as_json: Json = False
    ) -> None:
        """Take back a part's last change that counts."""
        with opened(wiring, city) as core:
            actor, part = keeper(core, acting), _find(core, code)
            _carry_out(core, UndoPart(actor, part, reason), as_json)


def _carry_out(core: Core, command: AddPart | ChangePart | UndoPart, as_json: bool) -> None:
    changes: Changes = core.submit(command).result()
    _print_part(_story(core, changes.parts[0].uid), as_json=as_json, notes=changes.notes)


def _find(core: Core, code: str) -> UUID:
    found: UUID = core.ask(FindPart(code)).result()
    return found


def _story(core: Core, part: UUID) -> PartStory:
    story: PartStory = core.ask(PartHistory(part)).result()
    return story


def _read(fields: list[str] | None) -> dict[str, str]:
    pairs = [field.partition("=") for field in fields or ()]
    for name, equals, _value in pairs:
        if not equals:
            raise InvalidInput(
                f"{name!r} is no NAME=VALUE.", advice="Such as state=broken.", field="fields"
            )
    return {name: value for name, _, value in pairs}


def _print_part(story: PartStory, *, as_json: bool, notes: tuple[str, ...] = ()) -> None:
    part = story.part
    told: dict[str, Any] = {
        "code": part.code, "uid": part.uid, "fid": story.fid, "class": part.cls,
        "state": STATES[part.state], "lon": part.lon, "lat": part.lat, "grid": story.grid_code,
        "source": part.source, "accuracy": part.accuracy, "initial_date": part.initial_date,
        "changed_date": part.changed_date, "attrs": dict(part.attrs), "retired": part.retired,
        "gone": part.gone, "sample": part.sample, "notes": notes,
        "conflicts": story.state.conflicts if story.state else (),
    }  # fmt: skip
    if as_json:
        print_json(told)
        return
    for name, value in told.items():
        if name not in ("notes", "conflicts", "attrs") and value not in ("", None):
            print_line(f"{name}: {value}")
    for name, value in part.attrs.items():
        print_line(f"attrs.{name}: {value}")
    for note in notes:
        print_line(f"note: {note}")
    _print_conflicts(story)


def _print_conflicts(story: PartStory) -> None:
    for one in story.state.conflicts if story.state else ():
        print_line(f"conflict: {one.field} is {one.value}; {one.other[:12]} says {one.other_value}")
