"""Outlines of areas into a tile: the finer the scale, the lower the tier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.domain.map_columns import AREA_TIERS
from layers.look import Look, fading, mixed, wanting

if TYPE_CHECKING:
    from app.engines.citystore import CityStore
    from app.engines.tiles_canvas import Canvas


@dataclass(frozen=True)
class Outline:
    """How a tier is outlined: `pixels` wide, fully from `full` metres a pixel, none at `gone`."""

    pixels: float
    full: float
    gone: float
    strong: bool = False
    dash: tuple[float, float] = (0.0, 0.0)


OUTLINES = {
    "grid": Outline(1.2, 2.4, 5.0, dash=(6.0, 4.0)),
    "street": Outline(1.3, 18.0, 45.0, strong=True, dash=(3.5, 3.5)),
    "district": Outline(1.5, 400.0, 900.0, strong=True),
}


def draw(canvas: Canvas, store: CityStore, look: Look, m_per_px: float) -> None:
    """Stroke the outlines shown at this scale, lower tiers first."""
    faint = mixed(look.area_line, look.accent, 0.3)
    for tier, line in OUTLINES.items():
        alpha = fading(m_per_px, line.full, line.gone)
        if alpha <= 0:
            continue
        width = np.full(256, line.pixels * look.dpr, np.float32)
        canvas.stroke(
            store.shapes["area"], wanting(AREA_TIERS.index(tier)), width,
            look.area_line if line.strong else faint,
            alpha * (0.9 if line.strong else 0.6), closed=True,
            dash=(line.dash[0] * look.dpr, line.dash[1] * look.dpr),
        )  # fmt: skip
