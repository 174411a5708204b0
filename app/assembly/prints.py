"""A map on paper for the command line: an area, or an atlas of the areas in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.assembly.basemaps import qgis_process
from app.assembly.live import KEY_VARIABLE, RESOURCES
from app.cli.wiring import Print, Progress

if TYPE_CHECKING:
    from app.data.print_areas import PrintArea
    from app.domain.basemaps import BaseMap
    from app.engines.qgis_protocol import Atlas
    from app.services.views import CityFacts

TEMPLATE = RESOURCES / "print" / "atlas.qpt"
_MOST_PAGES = 500


def print_map(wanted: Print, progress: Progress) -> Mapping[str, Any]:
    """Print what is wanted; returns files, pages, seconds. Raises what printing raises."""
    from app.data.city_folder import is_address, open_city
    from app.domain.errors import Unavailable

    if is_address(wanted.city):
        raise Unavailable("Only a city in a folder is printed.", field="city")
    with closing(open_city(wanted.city, os.environ.get(KEY_VARIABLE))) as city:
        facts = city.facts
    with qgis_process() as qgis:
        printed = qgis.print_atlas(
            plan_atlas(wanted, facts), wanted.out,
            lambda done, total: progress("pages", done / total),
        ).result()  # fmt: skip
    return {
        "files": [str(file) for file in printed.files], "pages": printed.pages,
        "seconds": round(printed.seconds, 2),
    } | ({"base_map": printed.trouble} if printed.trouble else {})  # fmt: skip


def plan_atlas(wanted: Print, facts: CityFacts) -> Atlas:
    """Return what is to be printed; raises `NotFound`, `InvalidInput`."""
    from app.domain.errors import InvalidInput

    whole, areas = _areas(wanted, facts)
    if len(areas) > _MOST_PAGES:
        raise InvalidInput(
            f"That would be {len(areas):,} pages; at most {_MOST_PAGES} are printed in one go.",
            advice="Take a smaller area.",
            field="atlas",
        )
    return _atlas(wanted, facts, whole, areas)


def templates() -> dict[str, Path]:
    """Return the templates by name: ours (`atlas`, `map`), then this user's own files."""
    from app.data.settings import settings_folder

    ours = {path.stem: path for path in sorted((RESOURCES / "print").glob("*.qpt"))}
    own = sorted((settings_folder() / "print").glob("*.qpt"))
    return ours | {path.name: path for path in own}


def _areas(wanted: Print, facts: CityFacts) -> tuple[PrintArea, list[PrintArea]]:
    from app.data.print_areas import PrintArea, area_named, area_of_city, areas_below
    from app.domain.areas import Tier
    from app.domain.camera import Bounds
    from app.domain.geodesy import CityFrame

    folder, frame = Path(wanted.city), CityFrame(facts.lon0, facts.lat0)
    whole = area_named(folder, frame, wanted.area) if wanted.area else area_of_city(folder, frame)
    if wanted.extent is not None:
        return PrintArea(0, whole.code, whole.name, whole.tier, Bounds(*wanted.extent)), []
    if not wanted.tier:
        return whole, [whole]
    return whole, areas_below(folder, frame, whole.code, Tier(wanted.tier))


def _atlas(wanted: Print, facts: CityFacts, whole: PrintArea, areas: list[PrintArea]) -> Atlas:
    from app.engines.print_look import city_layers
    from app.engines.qgis_protocol import Atlas, AtlasWords, MapSource, View

    box, english, base = whole.box, wanted.lang == "en", _base(wanted.base)
    words = AtlasWords(
        "Legend", "Made", "Page {page} of {pages}", "SAMPLE", "Sample data, not the real city"
    )
    title = wanted.setup.title
    notes = [facts.name, base.attribution if base else ""]
    return Atlas(
        template=wanted.template or TEMPLATE,
        source=MapSource(
            Path(wanted.city) / "map.gpkg", city_layers(wanted.lang, over_base=base is not None)
        ),
        view=View((box.x0, box.y0, box.x1, box.y1), facts.lon0, facts.lat0, wanted.heading),
        title=title or whole.name or whole.code,
        subtitle=(title if wanted.tier else "") or f"{facts.name} · {whole.name}",
        date=f"{datetime.now().astimezone():%Y-%m-%d %H:%M}",
        rows=[area.fid for area in areas],
        base=base,
        sample=facts.sample,
        credit="  ·  ".join(note for note in notes if note),
        shape=wanted.shape,
        setup=wanted.setup,
        words=words if english else AtlasWords(),
    )


def _base(name: str) -> BaseMap | None:
    from app.data.basemap_book import load_basemaps
    from app.data.settings import settings_folder

    return load_basemaps(settings_folder()).named(name) if name else None
