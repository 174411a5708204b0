"""Ground outside, land of the city, green and water, into a tile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.domain.map_columns import AREA_TIERS
from layers.look import Look, everything, fading, mixed, wanting

if TYPE_CHECKING:
    from app.engines.citystore import CityStore
    from app.engines.tiles_canvas import Canvas

_COAST = (
    (16.0, 0.06),
    (12.5, 0.07),
    (9.0, 0.08),
    (6.0, 0.11),
    (3.0, 0.17),
)  # pixels beyond the land, and how strong
_COAST_TO, _COAST_GONE = 14.0, 24.0  # metres a pixel below which the band is left out
_SHORE = 1.5  # pixels added to a far river, so that it does not break up
_SHORE_FROM, _SHORE_FULL = 10.0, 40.0


def draw(canvas: Canvas, store: CityStore, look: Look, m_per_px: float) -> None:
    """Clear the tile and lay what is quietest."""
    canvas.clear(look.ground)
    areas = store.shapes["area"]
    if not len(areas):
        canvas.clear(look.land)
    _coast(canvas, store, look, m_per_px)
    tiers = [wanting(AREA_TIERS.index(tier)) for tier in ("city", "district", "street")]
    canvas.fill_first(areas, tiers, look.land)
    if m_per_px < 120:
        canvas.fill(store.shapes["green"], everything(), look.green)
    _water(canvas, store, look, m_per_px)


def _coast(canvas: Canvas, store: CityStore, look: Look, m_per_px: float) -> None:
    """Lay the band along the city's edge that lifts its land off what lies around."""
    strength = 1.0 - fading(m_per_px, _COAST_TO, _COAST_GONE)
    if strength <= 0.0:
        return
    city = wanting(AREA_TIERS.index("city"))
    for reach, alpha in _COAST:
        width = np.full(256, 2.0 * reach * look.unit, np.float32)
        canvas.stroke(store.shapes["area"], city, width, look.coast, alpha * strength, closed=True)


def _water(canvas: Canvas, store: CityStore, look: Look, m_per_px: float) -> None:
    """Lay rivers and lakes; far away they are a little wider than they are."""
    water = store.shapes["water"]
    canvas.fill(water, everything(), look.water)
    wider = _SHORE * (1.0 - fading(m_per_px, _SHORE_FROM, _SHORE_FULL))
    if wider > 0.0:
        edge = mixed(look.water, look.land, 0.1)
        width = np.full(256, wider * look.unit, np.float32)
        canvas.stroke(water, everything(), width, edge, closed=True)
