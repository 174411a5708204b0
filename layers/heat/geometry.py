"""Heat of cases into a tile: one hue, stronger where more weight lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from layers.look import Look

if TYPE_CHECKING:
    from app.engines.citystore import CityStore
    from app.engines.tiles_canvas import Canvas

RADIUS_PX = 26.0  # logical
FULL = 3.0  # cases on one spot at which the ramp ends
_LIGHT, _DARK = 0xD9480F, 0xFFA94D  # ember: not the red of what needs a hand


def draw(canvas: Canvas, store: CityStore, look: Look, m_per_px: float) -> None:
    """Lay the heat of what is warm."""
    from app.engines.tiles_canvas import Ramp

    heat = look.heat
    if heat is None or not len(heat.xy):
        return
    radius = RADIUS_PX * look.unit
    step = np.linspace(0.0, 1.0, 256)
    alphas = (np.clip(step * 1.6, 0.0, 1.0) ** 0.7 * 185).astype(np.uint8)
    alphas[0] = 0
    colours = np.full(256, _DARK if look.dark else _LIGHT, np.uint32)
    peak = 3.0 / (np.pi * radius * radius)  # of one case, see `tiles_fields.heat`
    canvas.heat(heat.xy, heat.weight, radius, Ramp(colours, alphas), FULL * peak)
