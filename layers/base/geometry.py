"""Ground outside, land of the city, green and water, into a tile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.map_columns import AREA_TIERS
from layers.look import Look, everything, wanting

if TYPE_CHECKING:
    from app.engines.citystore import CityStore
    from app.engines.tiles_canvas import Canvas


def draw(canvas: Canvas, store: CityStore, look: Look, m_per_px: float) -> None:
    """Clear the tile and lay what is quietest."""
    canvas.clear(look.ground)
    areas = store.shapes["area"]
    if not len(areas):
        canvas.clear(look.land)
    tiers = [wanting(AREA_TIERS.index(tier)) for tier in ("city", "district", "street")]
    canvas.fill_first(areas, tiers, look.land)
    if m_per_px < 120:
        canvas.fill(store.shapes["green"], everything(), look.green)
    canvas.fill(store.shapes["water"], everything(), look.water)
