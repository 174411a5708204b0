"""Footprints of buildings into a tile, with an edge at street level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from layers.look import Look, everything, fading

if TYPE_CHECKING:
    from app.engines.citystore import CityStore
    from app.engines.tiles_canvas import Canvas


def draw(canvas: Canvas, store: CityStore, look: Look, m_per_px: float) -> None:
    """Fill footprints, fading in from 6 to 3 metres a pixel."""
    alpha = fading(m_per_px, 3.0, 6.0)
    if alpha <= 0:
        return
    canvas.fill(store.shapes["building"], everything(), look.building, alpha)
    edge = fading(m_per_px, 0.8, 1.8)
    if edge > 0:
        width = np.full(256, look.unit, np.float32)
        canvas.stroke(
            store.shapes["building"], everything(), width, look.building_edge, edge, closed=True
        )
