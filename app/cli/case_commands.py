"""`case report | list | show | act`: the main job without a window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from app.cli import case_views
from app.cli.guard import guarded
from app.cli.opening import opened
from app.cli.options import As, City, Json, Lang, Why, city_of
from app.cli.printing import print_json
from app.cli.roles import actor_for, reporter
from app.cli.wiring import Wiring
from app.domain.addresses.placed import Placed
from app.domain.errors import InvalidInput, NotFound
from app.services.commands import (
    AcceptSuggestion,
    ActOnCase,
    Command,
    EraseSubject,
    ReportCase,
    UndoLast,
)
from app.services.questions import FindCase, ListCases, OpenSheet, Quarantine
from app.services.searching import SURE_ENOUGH, Geocode
from app.services.views import Apart, CasePage, CaseQuery, CaseSheet, Geocoded

if TYPE_CHECKING:
    from app.runtime.core import Core

TABS = ("to_dispatch", "mine", "due_soon", "returned", "open", "closed", "all")


def build(wiring: Wiring) -> typer.Typer:
    """Return the group `case`."""
    group = typer.Typer(help="Report, list, show and act on cases 案件.", no_args_is_help=True)
    _add_report(group, wiring)
    _add_list(group, wiring)
    _add_show(group, wiring)
    _add_act(group, wiring)
    _add_erase(group, wiring)
    _add_quarantine(group, wiring)
    return group


def _add_report(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("report")
    @guarded
    def report(
        words: Annotated[str, typer.Option(help="What the citizen said.")],
        lon: Annotated[float | None, typer.Option(help="Longitude, WGS 84 degrees.")] = None,
        lat: Annotated[float | None, typer.Option(help="Latitude, WGS 84 degrees.")] = None,
        address: Annotated[str, typer.Option(help="Address; found if no degrees.")] = "",
        source: Annotated[str, typer.Option(help="Where it came from.")] = "hotline",
        matter: Annotated[str, typer.Option(help="Code of the matter, if known.")] = "",
        name: Annotated[str, typer.Option(help="Who reports.")] = "",
        phone: Annotated[str, typer.Option(help="How to reach them.")] = "",
        photo: Annotated[list[Path] | None, typer.Option(help="A photo; repeatable.")] = None,
        uid: Annotated[str, typer.Option(help="Uid to repeat a request safely.")] = "",
        by_hand: Annotated[bool, typer.Option(help="Do not let the rule send it.")] = False,
        acting: As = "",
        city: City = "",
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """Take in a citizen's words and a place; the stated rule sends it if it is sure."""
        with opened(wiring, city) as core:
            lon, lat, placed = _place(core, lon, lat, address)
            command = ReportCase(
                actor=reporter(core, acting),
                words=words,
                lon=lon,
                lat=lat,
                address=address,
                source=source,
                matter=matter,
                reporter_name=name,
                reporter_phone=phone,
                photos=_photos(wiring, city_of(city), photo),
                case=_uid(uid, "uid") if uid else None,
                auto_dispatch=not by_hand,
                placed=placed,
            )
            _show_changed(core, command, as_json=as_json, lang=lang)


def _add_list(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("list")
    @guarded
    def list_cases(
        tab: Annotated[str, typer.Option(help="One of: " + ", ".join(TABS) + ".")] = "open",
        text: Annotated[str, typer.Option(help="Search in words, addresses, numbers.")] = "",
        limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
        after: Annotated[str, typer.Option(help="Cursor of the page before.")] = "",
        quarantined: Annotated[
            bool, typer.Option("--quarantined", help="What is kept apart, as `case quarantine`.")
        ] = False,
        city: City = "",
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """List cases, soonest deadline first."""
        if quarantined:
            _show_quarantine(wiring, city, as_json=as_json, lang=lang)
            return
        if tab not in TABS:
            raise InvalidInput(
                f"There is no list {tab!r}.", advice=f"One of: {', '.join(TABS)}.", field="tab"
            )
        with opened(wiring, city) as core:
            query = CaseQuery(tab=tab, text=text, now_ms=core.now_ms, limit=limit, after=after)
            page: CasePage = core.ask(ListCases(query)).result()
        case_views.show_page(page, as_json=as_json, lang=lang)


def _add_show(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("show")
    @guarded
    def show(
        case: Annotated[str, typer.Argument(help="Uid, number or receipt number.")],
        acting: As = "",
        city: City = "",
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """Show everything about one case."""
        with opened(wiring, city) as core:
            sheet: CaseSheet = core.ask(
                OpenSheet(_find(core, case), reporter(core, acting))
            ).result()
        case_views.show_sheet(sheet, as_json=as_json, lang=lang)


def _add_act(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("act")
    @guarded
    def act(
        case: Annotated[str, typer.Argument(help="Uid, number or receipt number.")],
        move: Annotated[str, typer.Argument(help="A move, or accept, or undo.")],
        note: Annotated[str, typer.Option(help="What was done.")] = "",
        reason: Why = "",
        matter: Annotated[str, typer.Option(help="Code of the matter, to file.")] = "",
        person: Annotated[str, typer.Option(help="Uid or name, to dispatch by hand.")] = "",
        photo: Annotated[list[Path] | None, typer.Option(help="A photo; repeatable.")] = None,
        acting: As = "",
        city: City = "",
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """Take one step: file, accept, dispatch, sign, handle, pass, close, return, undo, …"""
        with opened(wiring, city) as core:
            uid = _find(core, case)
            actor = actor_for(core, uid, move, acting)
            command: Command
            if move == "accept":
                command = AcceptSuggestion(actor, uid)
            elif move == "undo":
                command = UndoLast(actor, uid)
            else:
                fields = {"note": note, "reason": reason, "matter": matter}
                if person:
                    fields["person"] = str(_person(core, person))
                given = {name: value for name, value in fields.items() if value}
                command = ActOnCase(actor, uid, move, given, _photos(wiring, city_of(city), photo))
            _show_changed(core, command, as_json=as_json, lang=lang)


def _add_erase(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("erase")
    @guarded
    def erase(
        case: Annotated[str, typer.Argument(help="Uid, number or receipt number.")],
        why: Annotated[str, typer.Option(help="request, law, retention or mistake.")] = "request",
        acting: As = "",
        city: City = "",
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """Erase the personal words and photos of a case for good, here and wherever it travels."""
        with opened(wiring, city) as core:
            uid = _find(core, case)
            actor = actor_for(core, uid, "erase", acting or "shift_lead")
            _show_changed(core, EraseSubject(actor, uid, why), as_json=as_json, lang=lang)


def _add_quarantine(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("quarantine")
    @guarded
    def quarantine(city: City = "", as_json: Json = False, lang: Lang = "zh") -> None:
        """List the actions kept apart from the state: why, and when they count."""
        _show_quarantine(wiring, city, as_json=as_json, lang=lang)


def _show_quarantine(wiring: Wiring, city: str, *, as_json: bool, lang: str) -> None:
    with opened(wiring, city) as core:
        apart: tuple[Apart, ...] = core.ask(Quarantine()).result()
    case_views.show_quarantine(apart, as_json=as_json, lang=lang)


def _show_changed(core: Core, command: Command, *, as_json: bool, lang: str) -> None:
    changes = core.submit(command).result()
    row = changes.cases[0]
    if as_json:
        print_json(row)
        return
    sheet: CaseSheet = core.ask(OpenSheet(row.uid, command.actor)).result()
    case_views.show_sheet(sheet, as_json=False, lang=lang)


def _place(
    core: Core, lon: float | None, lat: float | None, address: str
) -> tuple[float, float, Placed]:
    if lon is not None and lat is not None:
        return lon, lat, Placed("given")
    if lon is not None or lat is not None or not address.strip():
        raise InvalidInput(
            "A report needs a place.",
            advice="Give --lon and --lat (WGS 84 degrees), or --address.",
            field="lon" if lon is None else "lat",
        )
    found: tuple[Geocoded, ...] = core.ask(Geocode(address)).result()
    if found and found[0].confidence >= SURE_ENOUGH:
        return found[0].lon, found[0].lat, found[0].placed
    if found:
        raise NotFound(
            f"The place {address!r} is not sure: perhaps {found[0].title} "
            f"({found[0].confidence:.0%}).",
            advice="Write it with road and number, or give --lon and --lat.",
            field="address",
        )
    raise NotFound(
        f"No place {address!r} was found.",
        advice="Write it shorter, or give --lon and --lat.",
        field="address",
    )


def _find(core: Core, text: str) -> UUID:
    found: UUID | None = core.ask(FindCase(text)).result()
    if found is None:
        raise NotFound(
            f"There is no case {text!r} here.",
            advice="`case list` shows their numbers.",
            field="case",
        )
    return found


def _person(core: Core, text: str) -> UUID:
    from app.cli.roles import person_named

    return person_named(core, text).uid


def _photos(wiring: Wiring, city: str, files: list[Path] | None) -> tuple[str, ...]:
    return tuple(wiring.store_photo(city, file) for file in files or ())


def _uid(text: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidInput(f"{text!r} is no uid.", field=field) from error
