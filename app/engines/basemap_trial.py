"""Tries a base map where a person looks: what came, how fast; and finds base maps in a folder."""

from __future__ import annotations

import math
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from app.domain.basemaps import BaseMap
from app.domain.errors import InvalidInput
from app.engines.basemap import view_of
from app.engines.basemap_cache import SIDE, BaseKey, level_for
from app.engines.qgis_protocol import BaseReport, View

_ENDINGS = {
    ".qgz": "qgz", ".qgs": "qgz", ".tif": "geotiff", ".tiff": "geotiff",
    ".mbtiles": "vector_tiles",
}  # fmt: skip
_MOST_FOUND = 100


class Tries(Protocol):
    """What opens and draws: `app.engines.qgis_client.QgisProcess` fulfils it."""

    def check_base(self, base: BaseMap, view: View) -> Future[BaseReport]:
        """Open it anew."""

    def render_base(self, base: BaseMap, view: View, width: int, height: int) -> Future[Any]:
        """Draw it; a future of a `Frame`."""


@dataclass(frozen=True)
class Trial:
    """What came: seconds to open and to draw, bytes from servers, share of pixels drawn.

    `from_cache` says that a server was not asked again for what it had just sent.
    """

    report: BaseReport
    open_s: float
    seconds: float
    received: int
    filled: float
    from_cache: bool = False


@dataclass(frozen=True)
class Held:
    """What lies on disk: bytes in all, those kept for use offline, the limit, the folder."""

    bytes: int
    kept: int
    limit_mb: int
    folder: Path


def tried(
    base: BaseMap, draws: Tries, place: tuple[float, float], m_per_px: float,
    middle: tuple[float, float],
) -> Trial:  # fmt: skip
    """Open `base` and draw the tile at `place` (local metres of the frame at `middle`, degrees).

    Waits as long as drawing does, and raises what that raises.
    """
    level = level_for(m_per_px)
    span = SIDE * 2.0**level
    key = BaseKey(level, math.floor(place[0] / span), math.floor(place[1] / span))
    view = view_of(key, *middle)
    began = time.perf_counter()
    report = draws.check_base(base, view).result()
    opened = time.perf_counter()
    frame = draws.render_base(base, view, SIDE, SIDE).result()
    over = time.perf_counter()
    filled = float((frame.pixels[:, :, 3] > 0).mean())
    cached = base.is_network and base.kind != "postgis" and not frame.received and filled > 0
    return Trial(report, opened - began, over - opened, frame.received, filled, cached)


def maps_in(folder: Path, imagery: bool) -> list[BaseMap]:
    """Return a base map for each file of a folder that can be one, by name.

    Raises `InvalidInput` where there is none.
    """
    if not folder.is_absolute() or not folder.is_dir():
        raise InvalidInput(f"{str(folder)!r} is no folder.", field="address")
    files = sorted(one for one in folder.iterdir() if one.suffix.lower() in _ENDINGS)
    if not files:
        raise InvalidInput(
            f"{folder.name} holds no base map.",
            advice="Such files end in .qgz, .qgs, .tif, .tiff or .mbtiles.",
            field="address",
        )
    return [
        BaseMap(one.stem[:40], kind, str(one), imagery=imagery and kind != "vector_tiles")
        for one in files[:_MOST_FOUND]
        for kind in [_ENDINGS[one.suffix.lower()]]
    ]
