"""`address find | at | request | withdraw | approve | refuse | history | matches`: the register."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from app.cli.guard import guarded
from app.cli.opening import opened
from app.cli.options import As, City, Json, Why, city_of
from app.cli.printing import print_json, print_line
from app.cli.roles import decider, reporter
from app.cli.wiring import Wiring
from app.domain.addresses.register import Change
from app.domain.errors import InvalidInput, NotFound
from app.services.address_asking import (
    AddressHistory,
    AddressMatches,
    AddressRequests,
    AddressStory,
    RequestView,
)
from app.services.commands import DecideAddress, JudgeMatch, ProposeAddress, WithdrawAddress
from app.services.searching import AddressAt, Geocode, Here
from app.services.views import Geocoded, PlaceMatch

if TYPE_CHECKING:
    from app.runtime.core import Core

Asked = Annotated[str, typer.Argument(help="Hash of the request, or its beginning.")]


def build(wiring: Wiring) -> typer.Typer:
    """Return the group `address`."""
    group = typer.Typer(help="Find addresses; keep their register 地名地址.", no_args_is_help=True)
    _add_find(group, wiring)
    _add_at(group, wiring)
    _add_request(group, wiring)
    _add_decide(group, wiring)
    _add_withdraw(group, wiring)
    _add_requests(group, wiring)
    _add_history(group, wiring)
    _add_matches(group, wiring)
    _add_judge(group, wiring)
    return group


def _add_find(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("find")
    @guarded
    def find(
        text: Annotated[str, typer.Argument(help="An address, crossing, name or area.")],
        limit: Annotated[int, typer.Option(min=1, max=50)] = 5,
        city: City = "",
        as_json: Json = False,
    ) -> None:
        """Say where an address is, how sure that is, and why."""
        with opened(wiring, city) as core:
            found: tuple[Geocoded, ...] = core.ask(Geocode(text, limit)).result()
        if as_json:
            print_json(found)
            return
        if not found:
            raise NotFound(
                f"No place {text!r} was found.", advice="Write it shorter.", field="text"
            )
        for one in found:
            print_line(
                f"{one.confidence:.0%}\t{one.precision}\t{one.lon:.6f} {one.lat:.6f}\t{one.title}"
                f"\t{one.address if one.address != one.title else ''}\t{' '.join(one.reasons)}"
                f"\t{one.uid or ''}"
            )


def _add_at(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("at")
    @guarded
    def at(
        lon: Annotated[float, typer.Argument(help="Longitude, WGS 84 degrees.")],
        lat: Annotated[float, typer.Argument(help="Latitude, WGS 84 degrees.")],
        city: City = "",
        as_json: Json = False,
    ) -> None:
        """Say which areas hold a point and which addresses are nearest."""
        with opened(wiring, city) as core:
            here: Here = core.ask(AddressAt(lon, lat)).result()
        if as_json:
            print_json(here)
            return
        where = here.where
        chain = (where.city, where.district, where.street, where.community, where.grid)
        print_line(" › ".join(area.name or area.code for area in chain if area))
        for one in here.nearest:
            print_line(f"{one.metres:.0f} m\t{one.title}\t{one.address}\t{one.uid or ''}")


def _add_request(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("request")
    @guarded
    def request(
        change: Annotated[str, typer.Argument(help="One of: " + ", ".join(Change) + ".")],
        address: Annotated[str, typer.Option(help="Uid of the address to change.")] = "",
        name: Annotated[str, typer.Option(help="Its (new) name.")] = "",
        text: Annotated[str, typer.Option(help="Its (new) address text.")] = "",
        alias: Annotated[str, typer.Option(help="Another name in use.")] = "",
        lon: Annotated[float | None, typer.Option(help="Longitude, WGS 84 degrees.")] = None,
        lat: Annotated[float | None, typer.Option(help="Latitude, WGS 84 degrees.")] = None,
        into: Annotated[str, typer.Option(help="Merge: uid of the address that stays.")] = "",
        undoes: Annotated[str, typer.Option(help="Undo: hash of the approved request.")] = "",
        photo: Annotated[list[Path] | None, typer.Option(help="A photo; repeatable.")] = None,
        reason: Why = "",
        acting: As = "",
        city: City = "",
        as_json: Json = False,
    ) -> None:
        """Ask for a change; it counts once another person has approved it."""
        with opened(wiring, city) as core:
            command = ProposeAddress(
                reporter(core, acting),
                change,
                _uid(address) if address else None,
                {"name": name, "address": text},
                alias,
                lon,
                lat,
                reason,
                _uid(into) if into else None,
                undoes,
                tuple(wiring.store_photo(city_of(city), file) for file in photo or ()),
            )
            (uid,) = core.submit(command).result().addresses
            _show_last(core, uid, as_json=as_json)


def _add_decide(group: typer.Typer, wiring: Wiring) -> None:
    def decided(
        word: str, city: str, acting: str, reason: str, *, yes: bool, as_json: bool
    ) -> None:
        with opened(wiring, city) as core:
            command = DecideAddress(decider(core, acting), word, yes, reason)
            (uid,) = core.submit(command).result().addresses
            _show_last(core, uid, as_json=as_json, of=word)

    @group.command("approve")
    @guarded
    def approve(
        request: Asked,
        reason: Why = "",
        acting: As = "",
        city: City = "",
        as_json: Json = False,
    ) -> None:
        """Approve somebody else's request."""
        decided(request, city, acting, reason, yes=True, as_json=as_json)

    @group.command("refuse")
    @guarded
    def refuse(
        request: Asked,
        reason: Why = "",
        acting: As = "",
        city: City = "",
        as_json: Json = False,
    ) -> None:
        """Refuse somebody else's request."""
        decided(request, city, acting, reason, yes=False, as_json=as_json)


def _add_withdraw(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("withdraw")
    @guarded
    def withdraw(
        request: Asked,
        reason: Why = "",
        acting: As = "",
        city: City = "",
        as_json: Json = False,
    ) -> None:
        """Take one's own open request back."""
        with opened(wiring, city) as core:
            command = WithdrawAddress(reporter(core, acting), request, reason)
            (uid,) = core.submit(command).result().addresses
            _show_last(core, uid, as_json=as_json, of=request)


def _add_requests(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("requests")
    @guarded
    def requests(
        standing: Annotated[
            str, typer.Option(help="open, approved, refused, withdrawn or undone.")
        ] = "open",
        limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
        city: City = "",
        as_json: Json = False,
    ) -> None:
        """List change requests, newest first."""
        with opened(wiring, city) as core:
            found: tuple[RequestView, ...] = core.ask(AddressRequests(standing, limit)).result()
        _show_requests(found, as_json=as_json)


def _add_history(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("history")
    @guarded
    def history(
        address: Annotated[str, typer.Argument(help="Uid of the address.")],
        city: City = "",
        as_json: Json = False,
    ) -> None:
        """Show an address as it is now and every request about it."""
        with opened(wiring, city) as core:
            story: AddressStory = core.ask(AddressHistory(_uid(address))).result()
        if story.entry is None and not story.requests:
            raise NotFound(f"The register has no address {address}.", field="address")
        if as_json:
            print_json(story)
            return
        if story.entry is not None:
            names = [story.entry.title, *story.entry.aliases, *story.entry.old]
            print_line(f"{story.entry.status}\t{' = '.join(names)}")
        _show_requests(story.requests, as_json=False)


def _add_matches(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("matches")
    @guarded
    def matches(
        below: Annotated[float, typer.Option(min=0, max=1.01, help="Less sure than this.")] = 0.8,
        standing: Annotated[str, typer.Option(help="open, confirmed or refused.")] = "open",
        limit: Annotated[int, typer.Option(min=1, max=1_000_000)] = 200,
        city: City = "",
        as_json: Json = False,
    ) -> None:
        """List imported rows by how sure their match with the register is, doubtful ones first."""
        with opened(wiring, city) as core:
            question = AddressMatches(below, standing, limit)
            found: tuple[PlaceMatch, ...] = core.ask(question).result()
        if as_json:
            print_json(found)
            return
        for one in found:
            print_line(
                f"{one.uid}\t{one.confidence:.0%}\t{one.kind}\t{one.metres} m\t{one.reason}"
                f"\t{one.name}\t{one.title}\t{one.matched}"
            )


def _add_judge(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("match")
    @guarded
    def match(
        row: Annotated[str, typer.Argument(help="Uid of the imported row.")],
        same: Annotated[bool, typer.Option("--same/--other", help="Whether it is that place.")],
        acting: As = "",
        city: City = "",
    ) -> None:
        """Say whether an imported row is the place that it was matched with."""
        with opened(wiring, city) as core:
            core.submit(JudgeMatch(reporter(core, acting), _uid(row), same)).result()
        print_line("confirmed" if same else "refused")


def _show_last(core: Core, uid: UUID, *, as_json: bool, of: str = "") -> None:
    story: AddressStory = core.ask(AddressHistory(uid)).result()
    told = [one for one in story.requests if of and one.hash.startswith(of)]
    _show_requests((told or story.requests)[-1:], as_json=as_json, alone=True)


def _show_requests(
    requests: tuple[RequestView, ...] | list[RequestView], *, as_json: bool, alone: bool = False
) -> None:
    if as_json:
        print_json(requests[0] if alone else requests)
        return
    for one in requests:
        rivals = f"\tbeside {' '.join(one.rivals)}" if one.rivals else ""
        print_line(
            f"{one.hash[:12]}\t{one.standing}\t{one.change}\t{one.said}\t{one.address}{rivals}"
        )


def _uid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidInput(f"{text!r} is no uid.", field="address") from error
