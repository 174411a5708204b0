"""Draws one tile of the map from all layers that go into tiles, bottom to top. No Qt.

The kernels are imported when the first tile is drawn, on the thread that draws it: a window that
opens does not wait for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from app.engines.tiles import SIDE, Image, TileKey
from layers.areas import geometry as areas
from layers.base import geometry as base
from layers.buildings import geometry as buildings
from layers.heat import geometry as heat
from layers.look import Look
from layers.parts import geometry as parts
from layers.pipes import geometry as pipes
from layers.roads import geometry as roads
from layers.values import geometry as values

if TYPE_CHECKING:
    from app.engines.citystore import CityStore
    from app.engines.tiles_canvas import Canvas

Draw = Callable[["Canvas", "CityStore", Look, float], None]

DRAWN: dict[str, Draw] = {
    "base": base.draw,
    "buildings": buildings.draw,
    "roads": roads.draw,
    "pipes": pipes.draw,
    "values": values.draw,
    "areas": areas.draw,
    "parts": parts.draw,
    "heat": heat.draw,
}


def draw_tile(store: CityStore, look: Look, key: TileKey) -> Image:
    """Return the tile `key` in `look`: uint32 (SIDE, SIDE), 0xFFRRGGBB."""
    from app.engines.tiles_canvas import Canvas

    box = key.bounds
    canvas = Canvas(store, box.x0, box.y1, key.m_per_px, SIDE, SIDE)
    canvas.clear(look.ground)
    for name, draw in DRAWN.items():
        if look.shows(name, key.m_per_px * look.dpr):
            _draw_at(look.opacity.get(name, 1.0), draw, canvas, store, look, key)
    canvas.image.flags.writeable = False
    return canvas.image


def _draw_at(
    opacity: float, draw: Draw, canvas: Canvas, store: CityStore, look: Look, key: TileKey
) -> None:
    """Draw a layer, mixed with what lies below if it is to be seen through."""
    if opacity <= 0.0:
        return
    below = canvas.image.copy() if opacity < 1.0 else None
    draw(canvas, store, look, key.m_per_px * look.unit)
    if below is not None:
        a, b = below.view(np.uint8), canvas.image.view(np.uint8)
        share = np.uint16(round(opacity * 256))
        b[:] = (a * (np.uint16(256) - share) + b * share) >> np.uint16(8)


def draw_overview(store: CityStore, look: Look) -> Image:
    """Return the stored overview in the look's colours, drawn by NumPy alone: uint32 (h, w)."""
    planes = store.overview.astype(np.float32) / 255
    colours = (look.green, look.water, look.road_minor, look.road_major, look.area_line, look.part)
    out = np.empty((*planes.shape[1:], 3), np.float32)
    out[:] = _rgb(look.land)
    for plane, colour, alpha in zip(planes, colours, (1, 1, 0.7, 0.9, 0.9, 0.8), strict=True):
        share = (plane * alpha)[:, :, None]
        out += (_rgb(colour) - out) * share
    r, g, b = (out[:, :, c].astype(np.uint32) for c in range(3))
    return np.asarray(np.uint32(0xFF000000) | (r << 16) | (g << 8) | b, dtype=np.uint32)


def parts_at_most(store: CityStore) -> float:
    """Return parts a square metre where they lie densest (99th percentile of occupied cells)."""
    counts = store.parts.index.num
    counts = counts[counts > 0]
    return float(np.percentile(counts, 99)) / 256.0**2 if len(counts) else 0.01


def _rgb(colour: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array([(colour >> 16) & 255, (colour >> 8) & 255, colour & 255], np.float32)
