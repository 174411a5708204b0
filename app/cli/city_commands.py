"""`city new | complete | show`, `import` and `export`: what makes, fills and shows a city."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.city_views import show_city
from app.cli.guard import choice, guarded
from app.cli.options import City, Json, Lang, city_of
from app.cli.printing import print_summary, progress
from app.cli.wiring import Export, Import, NewCity, PackIn, PackOut, Wiring
from app.domain.errors import InvalidInput

ACTIONS = "actions"
SCALES = ("sample", "district", "full", "empty")


def build_city(wiring: Wiring) -> typer.Typer:
    """Return the group `city`."""
    group = typer.Typer(help="Make a city, and show what it is.", no_args_is_help=True)

    @group.command("new")
    @guarded
    def new(
        out: Annotated[
            str, typer.Argument(help="Folder to make, or the address of an empty database.")
        ],
        scale: Annotated[
            str, typer.Option(help="sample, district, full, or empty: to import into.")
        ] = "sample",
        seed: Annotated[int, typer.Option(help="The same seed makes the same city.")] = 1,
        code: Annotated[str, typer.Option(help="Code of a Chinese city.")] = "3101",
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """Build a sample city 示意. Ctrl-C leaves nothing behind."""
        choice(scale, SCALES, "scale")
        place = out if "://" in out else Path(out)
        with progress(quiet=as_json) as show:
            summary = wiring.create_city(NewCity(place, scale, seed, code), show)
        print_summary(summary, as_json=as_json)

    @group.command("complete")
    @guarded
    def complete(
        city: Annotated[str, typer.Argument(help="A city with imported streets.")],
        seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 1,
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """Make what real data lack 示意: grids in streets without, units, posts, people."""
        with progress(quiet=as_json) as show:
            summary = wiring.complete_city(city, seed, show)
        print_summary(summary, as_json=as_json)

    @group.command("show")
    @guarded
    def show(
        city: City = "",
        area: Annotated[str, typer.Option(help="Code of an area; the city's by default.")] = "",
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """Show the city's facts, its totals, and an area's counts of people and firms."""
        show_city(wiring.show_city(city_of(city), area), as_json=as_json, lang=lang)

    return group


def add(app: typer.Typer, wiring: Wiring) -> None:
    """Add `import` and `export`."""
    _add_import(app, wiring)
    _add_export(app, wiring)


def _add_import(app: typer.Typer, wiring: Wiring) -> None:
    @app.command("import")
    @guarded
    def import_data(
        kind: Annotated[str, typer.Argument(help="areas, parts, places, cases, actions, …")],
        source: Annotated[Path, typer.Argument(help="The file.")],
        into: Annotated[str, typer.Option("--into", help="City folder or address.")] = "",
        crs: Annotated[str, typer.Option(help="EPSG:…, GCJ-02 or BD-09.")] = "",
        layout: Annotated[str, typer.Option(help="Of part codes: 6+2+2+6 or 6+2+3+5.")] = "",
        mapping: Annotated[Path | None, typer.Option(help="A column mapping.")] = None,
        encoding: Annotated[str, typer.Option(help="If it is not found by itself.")] = "",
        resume: Annotated[
            bool, typer.Option("--resume", help="Only go on with what was left unfinished.")
        ] = False,
        cancel: Annotated[
            bool, typer.Option("--cancel", help="Drop what an unfinished import has read.")
        ] = False,
        trust: Annotated[
            list[str] | None, typer.Option(help="Of actions: a device not met before.")
        ] = None,
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """Take a real source in; bad rows go to a side file with their reasons.

        A large file goes on where it was left: after Ctrl-C, a kill or a power cut.
        """
        if kind == ACTIONS:
            pack = PackIn(source, city_of(into), tuple(trust or ()))
            with progress(quiet=as_json) as show:
                summary = wiring.import_pack(pack, show)
            print_summary(summary, as_json=as_json)
            return
        if resume and cancel:
            raise InvalidInput("Either --resume or --cancel.", field="cancel")
        then = "cancel" if cancel else "resume" if resume else ""
        wanted = Import(kind, source, city_of(into), crs, layout, mapping, encoding, then)
        with progress(quiet=as_json) as show:
            summary = wiring.import_data(wanted, show)
        print_summary(summary, as_json=as_json)


def _add_export(app: typer.Typer, wiring: Wiring) -> None:
    @app.command("export")
    @guarded
    def export_data(
        kind: Annotated[str, typer.Argument(help="cases, areas, parts, places, actions, …")],
        out: Annotated[Path, typer.Argument(help="The file to write.")],
        city: Annotated[str, typer.Option("--from", help="City folder or address.")] = "",
        case: Annotated[
            list[str] | None, typer.Option(help="Of actions: only this case; repeatable.")
        ] = None,
        words: Annotated[bool, typer.Option(help="Of actions: the personal words too.")] = False,
        photos: Annotated[bool, typer.Option(help="Of actions: the photos too.")] = False,
        area: Annotated[str, typer.Option(help="Only in the area of this code.")] = "",
        classes: Annotated[
            list[str] | None,
            typer.Option("--class", help="Only parts of this class, by code or name; repeatable."),
        ] = None,
        ids: Annotated[
            Path | None, typer.Option(help="Only the uids in this file, one a line.")
        ] = None,
        with_personal: Annotated[
            bool, typer.Option("--with-personal", help="Of cases: citizens' words and addresses.")
        ] = False,
        acting: Annotated[str, typer.Option("--as", help="Who asks for personal data.")] = "",
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """Write data out; the ending of the file chooses its form.

        Personal data stay in the city unless asked for by who may see them.
        """
        if kind == ACTIONS:
            pack = PackOut(out, city_of(city), tuple(case or ()), words, photos)
            with progress(quiet=as_json) as show:
                summary = wiring.export_pack(pack, show)
            print_summary(summary, as_json=as_json)
            return
        wanted = Export(
            kind, out, city_of(city), area, tuple(classes or ()), ids, with_personal, acting
        )
        with progress(quiet=as_json) as show:
            summary = wiring.export_data(wanted, show)
        print_summary(summary, as_json=as_json)
