"""`print`: a map on paper, of an area or as an atlas with a page for each area in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.guard import choice, guarded
from app.cli.options import City, Json, Lang, city_of
from app.cli.printing import print_summary, progress
from app.cli.wiring import Print, Wiring
from app.domain.page_setup import PageSetup

_TIERS = {"streets": "street", "grids": "grid", "districts": "district", "communities": "community"}


def add(app: typer.Typer, wiring: Wiring) -> None:
    """Add `print`."""

    @app.command("print")
    @guarded
    def print_map(
        out: Annotated[Path, typer.Option(help="The file: .pdf, or .png (one a page).")],
        city: City = "",
        area: Annotated[str, typer.Option(help="Code of an area; the city's by default.")] = "",
        atlas: Annotated[str, typer.Option(help=f"A page for each of: {', '.join(_TIERS)}.")] = "",
        template: Annotated[Path | None, typer.Option(help="A .qpt of your own.")] = None,
        base: Annotated[str, typer.Option(help="Name of a base map.")] = "",
        title: Annotated[str, typer.Option(help="Instead of the area's name.")] = "",
        paper: Annotated[str, typer.Option(help="A4 to A0; the template's own by default.")] = "",
        portrait: Annotated[bool, typer.Option(help="Upright instead of lying.")] = False,
        scale: Annotated[int, typer.Option(help="N of 1 : N; 0 fits the area.")] = 0,
        notes: Annotated[str, typer.Option(help="Words at the foot.")] = "",
        legend: Annotated[bool, typer.Option(help="Whether there is one.")] = True,
        dpi: Annotated[int, typer.Option(help="50 to 600.")] = 200,
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """Print a map of an area, or an atlas. Ctrl-C leaves nothing behind."""
        if atlas:
            choice(atlas, tuple(_TIERS), "atlas")
        tier = _TIERS.get(atlas, "")
        paper = paper.upper() or ("A4" if portrait else "")
        setup = PageSetup(paper, portrait, dpi, scale, title, notes, legend)
        wanted = Print(city_of(city), area, out, tier, template, base, lang, setup)
        with progress(quiet=as_json) as tell:
            summary = wiring.print_map(wanted, tell)
        print_summary(summary, as_json=as_json)
