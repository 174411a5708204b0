"""Draws one tile of the map from all layers that go into tiles, bottom to top. No Qt.

The kernels are imported when the first tile is drawn, on the thread that draws it: a window that
opens does not wait for them.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
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
    from app.engines.tiles_canvas import Canvas, Sketch

_SKETCHES = 12
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


class TilePainter:
    """Draws tiles of one store, on any thread.

    What a tile consists of depends on the look and the scale alone: it is noted once, and each tile
    is then one call that needs no GIL.
    """

    def __init__(self, store: CityStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._sketches: OrderedDict[tuple[int, float], tuple[Look, Sketch]] = OrderedDict()

    def draw(self, look: Look, key: TileKey) -> Image:
        """Return the tile `key` in `look`: uint32 (SIDE, SIDE), 0xFFRRGGBB."""
        box = key.bounds
        image = self._sketch(look, key.m_per_px).draw(box.x0, box.y1, key.m_per_px, SIDE, SIDE)
        image.flags.writeable = False
        return image

    def _sketch(self, look: Look, m_per_px: float) -> Sketch:
        """Return how tiles of a scale are drawn, of the parts there are now."""
        name = (id(look), m_per_px)
        with self._lock:
            kept = self._sketches.get(name)
            if kept is not None and kept[1].parts is self._store.live.now:
                self._sketches.move_to_end(name)
                return kept[1]
        made = sketch(self._store, look, m_per_px)
        with self._lock:
            self._sketches[name] = (look, made)  # the look is kept, so that its id stays its own
            while len(self._sketches) > _SKETCHES:
                self._sketches.popitem(last=False)
        return made


def draw_tile(store: CityStore, look: Look, key: TileKey) -> Image:
    """Return one tile alone, as `TilePainter` draws it."""
    return TilePainter(store).draw(look, key)


def sketch(store: CityStore, look: Look, m_per_px: float) -> Sketch:
    """Return the steps that draw tiles of a scale, metres a physical pixel."""
    from app.engines.tiles_canvas import Sketch

    canvas = Sketch(store, m_per_px)
    canvas.clear(look.ground)
    for name, draw in DRAWN.items():
        opacity = look.opacity.get(name, 1.0)
        if opacity <= 0.0 or not look.shows(name, m_per_px * look.dpr):
            continue
        if opacity < 1.0:
            canvas.keep()
        draw(canvas, store, look, m_per_px * look.unit)
        if opacity < 1.0:
            canvas.mix(opacity)
    return canvas


def draw_overview(store: CityStore, look: Look) -> Image:
    """Return the stored overview in the look's colours, drawn by NumPy alone: uint32 (h, w)."""
    planes = store.overview.astype(np.float32) / 255
    colours = (
        look.green,
        look.water,
        look.road_minor,
        look.road_major,
        look.area_line,
        look.part_low,
    )
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
