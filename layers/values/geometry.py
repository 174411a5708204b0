"""Areas filled by their value: districts from far, streets nearer, grids near."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.domain.map_columns import AREA_TIERS
from layers.look import Look

if TYPE_CHECKING:
    from app.engines.citystore import CityStore
    from app.engines.tiles_canvas import Canvas

GRIDS_TO, STREETS_TO = 6.0, 30.0  # metres a pixel
ALPHA = 150  # of 255


def tier_for(m_per_px: float) -> str:
    """Return the tier whose areas are filled at a scale, logical metres a pixel."""
    if m_per_px > STREETS_TO:
        return "district"
    return "street" if m_per_px > GRIDS_TO else "grid"


def draw(canvas: Canvas, store: CityStore, look: Look, m_per_px: float) -> None:
    """Fill the areas of one tier."""
    values = look.values
    shapes = store.shapes["area"]
    if values is None or len(values.by_row) > len(shapes):
        return
    edited = np.full(len(shapes) - len(values.by_row), np.nan, np.float32)  # not valued yet
    of_rows = np.concatenate([values.by_row, edited])
    tier = AREA_TIERS.index(tier_for(m_per_px))
    by_row = np.where(shapes.kind == tier, of_rows, np.float32(np.nan)).astype(np.float32)
    colours = np.array([one or 0 for one in values.colours], np.uint32)
    alphas = np.array([0 if one is None else ALPHA for one in values.colours], np.uint8)
    canvas.fill_values(shapes, by_row, np.array(values.limits, np.float32), colours, alphas)
