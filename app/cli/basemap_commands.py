"""`basemap add | list | show | test | remove | fetch`: what lies under the city's own layers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from app.cli.guard import guarded
from app.cli.options import City, Json, Lang
from app.cli.printing import print_summary, progress
from app.cli.wiring import BaseMapWish, Wiring
from app.domain.basemaps import KINDS
from app.domain.errors import InvalidInput

PASSWORD_VARIABLE = "WANGGE_BASEMAP_PASSWORD"
Name = Annotated[str, typer.Argument(help="The base map's name.")]


def build(wiring: Wiring) -> typer.Typer:
    """Return the group `basemap`."""
    group = typer.Typer(help="Base maps under the city's layers.", no_args_is_help=True)
    _add_add(group, wiring)
    _add_list(group, wiring)
    _add_verbs(group, wiring)
    _add_fetch(group, wiring)
    return group


def _add_add(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("add")
    @guarded
    def add(
        name: Name,
        kind: Annotated[str, typer.Argument(help=", ".join(KINDS))],
        address: Annotated[str, typer.Argument(help="URL, postgresql://host/db, or a path.")],
        layer: Annotated[str, typer.Option(help="Of WMS, WMTS; schema.table of PostGIS.")] = "",
        style: Annotated[str, typer.Option(help="Of WMS, WMTS; a style's URL.")] = "",
        crs: Annotated[str, typer.Option(help="In which WMS and WMTS are asked.")] = "EPSG:3857",
        form: Annotated[str, typer.Option("--format", help="Of pictures.")] = "image/png",
        matrix_set: Annotated[str, typer.Option(help="Of WMTS.")] = "",
        min_zoom: Annotated[int, typer.Option(help="Of tiles.")] = 0,
        max_zoom: Annotated[int, typer.Option(help="Of tiles.")] = 18,
        opacity: Annotated[float, typer.Option(help="0.05 to 1.")] = 1.0,
        attribution: Annotated[str, typer.Option(help="Shown at the map's corner.")] = "",
        user: Annotated[str, typer.Option(help=f"Its password: {PASSWORD_VARIABLE}.")] = "",
        timeout: Annotated[float, typer.Option(help="Seconds, 1 to 60.")] = 10.0,
        imagery: Annotated[bool, typer.Option(help="Photographs, not a drawn map.")] = False,
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """Add a base map, or replace the one of that name."""
        values = {
            "name": name, "kind": kind, "address": address, "layer": layer, "style": style,
            "crs": crs, "format": form, "matrix_set": matrix_set, "min_zoom": min_zoom,
            "max_zoom": max_zoom, "opacity": opacity, "attribution": attribution, "user": user,
            "timeout_s": timeout, "imagery": imagery,
            "password": os.environ.get(PASSWORD_VARIABLE, ""),
        }  # fmt: skip
        wish = BaseMapWish("add", name=name, values=values)
        print_summary(wiring.basemaps(wish, _quiet), as_json=as_json)


def _add_list(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("list")
    @guarded
    def list_all(as_json: Json = False, lang: Lang = "zh") -> None:
        """List the base maps; the one shown has a star."""
        told: Mapping[str, Any] = wiring.basemaps(BaseMapWish("list"), _quiet)
        if as_json:
            print_summary(told, as_json=True)
            return
        for one in told["maps"]:
            star = "*" if one["name"] == told["shown"] else " "
            print(f"{star} {one['name']}  {one['kind']}  {one['address']}  {one['layer']}".rstrip())


def _add_verbs(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("show")
    @guarded
    def show(
        name: Annotated[str, typer.Argument(help="Empty for none.")] = "",
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """Lay a base map under the map from the next window on."""
        print_summary(wiring.basemaps(BaseMapWish("show", name=name), _quiet), as_json=as_json)

    @group.command("remove")
    @guarded
    def remove(name: Name, as_json: Json = False, lang: Lang = "zh") -> None:
        """Remove a base map; its tiles on disk go with time."""
        print_summary(wiring.basemaps(BaseMapWish("remove", name=name), _quiet), as_json=as_json)

    @group.command("test")
    @guarded
    def test(name: Name, city: City = "", as_json: Json = False, lang: Lang = "zh") -> None:
        """Open and draw it; say what is missing, odd, or why it cannot be had."""
        with progress(quiet=as_json) as tell:
            told = wiring.basemaps(BaseMapWish("test", name=name, city=city), tell)
        print_summary(told, as_json=as_json)


def _add_fetch(group: typer.Typer, wiring: Wiring) -> None:
    @group.command("fetch")
    @guarded
    def fetch(
        name: Name,
        city: City = "",
        area: Annotated[str, typer.Option(help="Code of an area of the city.")] = "",
        at: Annotated[str, typer.Option(help="Or a place: LON,LAT.")] = "",
        metres: Annotated[float, typer.Option(help="Side of the square around it.")] = 2_000.0,
        levels: Annotated[str, typer.Option(help="Octaves of metres a pixel.")] = "3,2,1,0",
        only_plan: Annotated[bool, typer.Option("--plan", help="Only say how much.")] = False,
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """Keep a piece of a base map for use offline; Ctrl-C keeps what came so far."""
        wish = BaseMapWish(
            "fetch", name=name, city=city, area=area, at=_place(at), metres=metres,
            levels=_levels(levels), only_plan=only_plan,
        )  # fmt: skip
        with progress(quiet=as_json) as tell:
            told = wiring.basemaps(wish, tell)
        print_summary(told, as_json=as_json)


def _place(text: str) -> tuple[float, float] | None:
    if not text:
        return None
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidInput(f"{text!r} is not LON,LAT.", field="at") from error
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise InvalidInput(f"{text!r} is no place on earth.", field="at")
    return lon, lat


def _levels(text: str) -> tuple[int, ...]:
    try:
        return tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError as error:
        raise InvalidInput(
            f"{text!r} is no list of whole numbers.", advice="Such as 3,2,1,0.", field="levels"
        ) from error


def _quiet(_stage: str, _share: float) -> None:
    """Say nothing."""
