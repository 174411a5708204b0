"""What a click on the map says in words: the class of a part, a live unit, an area."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from app.store import Store
from widgets.i18n import language, tr
from widgets.map_picks import AreaPicked, UnitPicked
from widgets.words import age, named

_TABLE = Path(__file__).resolve().parents[2] / "resources" / "part_classes.csv"


@cache
def _classes() -> dict[int, tuple[str, str, str]]:
    with _TABLE.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        int(row.get("class") or at): (
            row["name_zh"], row.get("name_en") or row["name_zh"], row["code"]
        )
        for at, row in enumerate(rows)
    }  # fmt: skip


def known_classes() -> frozenset[int]:
    """Return the classes of parts that have a name."""
    return frozenset(_classes())


def class_words(cls: int) -> tuple[str, ...]:
    """Return by what a class of parts may be looked for: names and code."""
    return _classes().get(cls, (str(cls),))


def class_name(cls: int) -> str:
    """Return the name of a class of parts in the language spoken now, its number if unknown."""
    zh, en, _code = _classes().get(cls, ("", "", ""))
    return (en if language() == "en" else zh) or str(cls)


def unit_words(picked: UnitPicked, store: Store, now_ms: int) -> str:
    """Return name of a live unit and how old its place is."""
    unit = store.units.get(picked.uid)
    return "" if unit is None else f"{named(unit.name)}  {age(unit.at_ms, now_ms)}"


def area_words(area: AreaPicked) -> str:
    """Return tier, name and code of an area."""
    return f"{tr(f'tier.{area.tier}')}  {named(area.name)}  {area.code}".strip()
