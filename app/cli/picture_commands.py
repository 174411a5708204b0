"""`picture`: the map as a picture in a file, exact and sharp, without a window."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.guard import choice, guarded
from app.cli.live_commands import THEMES, read_size
from app.cli.options import Json, Lang
from app.cli.printing import print_summary, progress
from app.cli.wiring import Picture, Wiring
from app.domain.errors import InvalidInput, NotFound
from app.domain.layers import LAYERS

_KEYS = tuple(spec.key for spec in LAYERS)
_LEAST, _MOST = (320, 240), 16_384
_VIEW = "city, district:NAME, street:NAME, or a link wangge://view?…"


def add(app: typer.Typer, wiring: Wiring) -> None:
    """Add `picture`."""

    @app.command("picture")
    @guarded
    def picture(
        city: Annotated[str, typer.Argument(help="City folder or postgresql:// address.")],
        out: Annotated[Path, typer.Argument(help="The file: .png.")],
        view: Annotated[str, typer.Option(help=_VIEW)] = "city",
        theme: Annotated[str, typer.Option(help="light or dark.")] = "light",
        size: Annotated[str, typer.Option(help="WxH in pixels.")] = "1920x1080",
        layers: Annotated[str, typer.Option(help=f"Only these: {','.join(_KEYS)}.")] = "",
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """Leave a picture of the map: all tiles there, with legend, scale and its source."""
        wanted = Picture(
            city,
            _file(out),
            view,
            choice(theme, THEMES, "theme"),
            _size(size),
            lang,
            _layers(layers),
        )
        with progress(quiet=as_json) as tell:
            summary = wiring.take_picture(wanted, tell)
        print_summary(summary, as_json=as_json)


def _file(out: Path) -> Path:
    """Return where the picture goes; told before anything is opened."""
    if out.suffix.lower() != ".png":
        raise InvalidInput(f"{out.name} is no .png.", advice="Name a .png file.", field="out")
    if not out.parent.is_dir():
        raise NotFound(
            f"There is no folder {out.parent}.", advice="Make it, or name another.", field="out"
        )
    return out


def _size(text: str) -> tuple[int, int]:
    wide, high = read_size(text)
    if wide < _LEAST[0] or high < _LEAST[1] or max(wide, high) > _MOST:
        raise InvalidInput(
            f"A picture cannot be {wide} x {high} pixels.",
            advice=f"From {_LEAST[0]}x{_LEAST[1]} to {_MOST} a side.",
            field="size",
        )
    return wide, high


def _layers(text: str) -> tuple[str, ...]:
    return tuple(choice(one.strip(), _KEYS, "layers") for one in text.split(",") if one.strip())
