"""Pictures of a city's map for the command line, drawn offscreen."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.assembly.live import open_core
from app.assembly.stores import open_store
from app.cli.wiring import Picture, Progress


def take_picture(wanted: Picture, progress: Progress) -> Mapping[str, Any]:
    """Draw a map as a picture into a file; the city is only read.

    A sample city is shown at the moment its own story has reached, so that the same city gives
    the same picture on any day.
    """
    from app.data.city_folder import is_address
    from app.sample.present import present_of

    _prepare(wanted.size)
    from app.shell.map_picture import MapWish, save_picture
    from app.shell.map_picture import take_picture as draw

    began = time.perf_counter()
    core = open_core(wanted.city)
    try:
        place = wanted.city if is_address(wanted.city) else Path(wanted.city)
        store = open_store(place, core.facts, progress)
        now = present_of(core) if core.facts.sample else core.now_ms
        layers = frozenset(wanted.layers) or None
        wish = MapWish(wanted.view, wanted.theme, wanted.size, wanted.lang, layers)
        image, parts = draw(core, store, wish, now)
        save_picture(image, wanted.out)
    finally:
        core.close()
    return {
        "picture": wanted.out,
        "width": image.width(),
        "height": image.height(),
        "parts_in_sight": parts,
        "seconds": round(time.perf_counter() - began, 1),
    }


def _prepare(size: tuple[int, int]) -> None:
    """Choose platform and pixel ratio before Qt starts: the same picture on every machine."""
    from app.shell.scale import factor_for

    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_SCALE_FACTOR"] = f"{factor_for('desk', *size):g}"
