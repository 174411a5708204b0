"""`city check`: reads a whole city and says what is damaged, case by case.

Exit codes: 0 whole · 5 something stored differs from what was signed · 8 bytes or signatures of
actions themselves do not hold, or actions are gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from app.cli.guard import guarded
from app.cli.options import City, Json, Lang, city_of
from app.cli.printing import print_json, print_line, progress
from app.cli.wiring import Wiring
from app.cli.words import word
from app.runtime.error_words import error_said

_NUMBERS = (
    "actions", "cases", "waiting", "apart", "words", "photos", "checkpoints", "imported",
)  # fmt: skip


def add(group: typer.Typer, wiring: Wiring) -> None:
    """Add `check` to the group `city`."""

    @group.command("check")
    @guarded
    def check(
        city: City = "",
        mend: Annotated[
            bool, typer.Option("--mend", help="Write the map's parts and grids anew from the log.")
        ] = False,
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """Verify every action, parent, checkpoint, word, photo and row."""
        with progress(quiet=as_json) as show:
            found = wiring.check_city(city_of(city), show, mend)
        if as_json:
            print_json(found)
        else:
            _print(found, lang)
        if found["exit_code"]:
            raise typer.Exit(int(found["exit_code"]))


def _print(found: Mapping[str, Any], lang: str) -> None:
    for name in _NUMBERS:
        print_line(f"{word('check_' + name, lang)}: {found[name]}")
    for one in found["damage"]:
        about = one["case"] or word("check_city", lang)
        print_line(f"{word('check_damage', lang)}: {about}: {error_said(one['what'], lang)}")
    for layer, (count, *some) in found["beyond"].items():
        rows = " ".join(map(str, some))
        print_line(f"{word('check_beyond', lang)}: {layer} {count} (fid {rows})")
    if not found["damage"]:
        print_line(word("check_whole", lang))
