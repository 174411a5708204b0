"""Roads into a tile: minor under major; nearer they get a face and an edge of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.domain.map_columns import ROAD_KINDS
from layers.look import Look, fading, mixed, wanting

if TYPE_CHECKING:
    from app.engines.citystore import CityStore
    from app.engines.tiles_canvas import Canvas


@dataclass(frozen=True)
class Road:
    """How a kind of road is drawn.

    `pixels` wide at 20 metres a pixel, growing slowly as one comes nearer; `metres` wide in truth,
    which takes over at street level; drawn from `until` metres a pixel downwards.
    """

    pixels: float
    metres: float
    until: float
    major: bool = False


ROADS = {
    "alley": Road(0.5, 4.0, 3.0),
    "local": Road(0.7, 8.0, 14.0),
    "collector": Road(1.1, 16.0, 40.0),
    "arterial": Road(2.1, 26.0, 260.0, major=True),
    "expressway": Road(4.0, 30.0, 800.0, major=True),
}
METRO = Road(1.4, 6.0, 30.0)
NEAR = 3.2  # metres a pixel below which roads have a face
_GROWTH = 0.42
_CASING = 1.8  # pixels of land around an expressway


def width_px(road: Road, m_per_px: float, metres: float = 0.0) -> float:
    """Return how many logical pixels wide a road is drawn; `metres` its own width if known."""
    grown = float(road.pixels * (20.0 / m_per_px) ** _GROWTH)
    return max(min(grown, 9.0), (metres or road.metres) / m_per_px)


def draw(canvas: Canvas, store: CityStore, look: Look, m_per_px: float) -> None:
    """Stroke all kinds shown at this scale."""
    shown = [(k, r) for k, r in ROADS.items() if m_per_px <= r.until]
    face = fading(m_per_px, NEAR * 0.6, NEAR)
    if face > 0:
        _edges(canvas, store, look, m_per_px, shown)
    for kind, road in shown:
        fade = fading(m_per_px, road.until * 0.6, road.until * 1.05)
        width = width_px(road, m_per_px)
        if kind == "expressway" and m_per_px > NEAR:  # parts it from what it passes over
            _stroke(canvas, store, look, kind, width + _CASING, look.land, fade)
        _stroke(canvas, store, look, kind, width, _colour(look, kind, face), fade)
    if m_per_px <= METRO.until:
        _metro(canvas, store, look, m_per_px)


def _colour(look: Look, kind: str, face: float) -> int:
    """Return the colour of a kind, which takes on its `face` (0 to 1) as one comes nearer."""
    if kind == "expressway":
        return mixed(look.expressway, mixed(look.expressway, look.road_face, 0.35), face)
    if ROADS[kind].major:
        return mixed(look.road_major, mixed(look.road_face, look.road_major, 0.22), face)
    return mixed(look.road_minor, look.road_face, face)


def _metro(canvas: Canvas, store: CityStore, look: Look, m_per_px: float) -> None:
    """Draw the metro as one thin line: it lies below, so it stands back at street level."""
    below = 1.0 - fading(m_per_px, 0.5, 2.0)
    _stroke(canvas, store, look, "metro", METRO.pixels, look.metro,
            fading(m_per_px, 12.0, METRO.until) * (0.35 + 0.45 * below))  # fmt: skip


def _edges(
    canvas: Canvas, store: CityStore, look: Look, m_per_px: float, shown: list[tuple[str, Road]]
) -> None:
    """Lay the edges of all roads before any face, so that junctions stay open."""
    for kind, road in shown:
        _stroke(canvas, store, look, kind, width_px(road, m_per_px) + 2.0, look.road_edge,
                fading(m_per_px, NEAR * 0.6, NEAR))  # fmt: skip


def _stroke(
    canvas: Canvas, store: CityStore, look: Look, kind: str, pixels: float, colour: int,
    alpha: float,
) -> None:  # fmt: skip
    widths: NDArray[np.float32] = np.full(256, pixels * look.unit, np.float32)
    canvas.stroke(store.shapes["road"], wanting(ROAD_KINDS.index(kind)), widths, colour, alpha)
