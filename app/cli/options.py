"""Options that several commands share, and the city that is meant when none is named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from app.domain.errors import InvalidInput

DEFAULT_CITY = Path("build") / "city"

City = Annotated[
    str, typer.Option("--city", help="City folder or postgresql:// address [WANGGE_CITY].")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Lang = Annotated[str, typer.Option("--lang", help="zh or en.")]
As = Annotated[str, typer.Option("--as", help="Role, or a person's name or uid.")]
Why = Annotated[str, typer.Option("--reason", help="Why; kept in the vault.")]


def city_of(named: str) -> str:
    """Return the city to open: the one named, `WANGGE_CITY`, or build/city if it is there.

    Raises `InvalidInput` when there is none.
    """
    city = named or os.environ.get("WANGGE_CITY", "")
    if city:
        return city
    if DEFAULT_CITY.is_dir():
        return str(DEFAULT_CITY)
    raise InvalidInput(
        "No city is named.",
        advice="Give --city FOLDER, or build one: python -m app city new build/city",
        field="city",
    )
