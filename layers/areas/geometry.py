"""Outlines of areas into a tile: the finer the scale, the lower the tier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.domain.map_columns import AREA_TIERS
from layers.look import Look, fading, wanting

if TYPE_CHECKING:
    from app.engines.citystore import CityStore
    from app.engines.tiles_canvas import Canvas


@dataclass(frozen=True)
class Outline:
    """How a tier is outlined: `pixels` wide, fully from `full` metres a pixel, none at `gone`.

    Solid, never dashed: neighbours share their edges, and dashes of two would fill each other's
    gaps here and not there.
    """

    pixels: float
    full: float
    gone: float
    alpha: float
    strong: bool = True


OUTLINES = {
    "grid": Outline(1.0, 1.6, 4.0, 0.6, strong=False),
    "street": Outline(1.2, 12.0, 32.0, 0.6),
    "district": Outline(1.6, 400.0, 900.0, 0.85),
}


def draw(canvas: Canvas, store: CityStore, look: Look, m_per_px: float) -> None:
    """Stroke the outlines shown at this scale, lower tiers first."""
    for tier, line in OUTLINES.items():
        alpha = fading(m_per_px, line.full, line.gone) * line.alpha
        if alpha > 0:
            width = np.full(256, line.pixels * look.unit, np.float32)
            ink = look.area_line if line.strong else look.grid_line
            want = wanting(AREA_TIERS.index(tier))
            canvas.stroke(store.shapes["area"], want, width, ink, alpha, closed=True)
