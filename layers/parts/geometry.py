"""Parts into a tile: counts as a ramp of one hue far away, dots in their family's hue nearer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.domain.camera import Bounds
from layers.look import Look, fading

if TYPE_CHECKING:
    from app.engines.citystore import CityStore
    from app.engines.tiles_canvas import Canvas, Ramp

DOTS_FROM = 2.6  # metres a pixel
ICONS_FROM = 0.3
_GONE = 3.4
_STREETS = 6.0  # parts stand along streets: there a pixel holds so much more than around
CELL = 256.0  # metres along a cell of the store


def draw(canvas: Canvas, store: CityStore, look: Look, m_per_px: float) -> None:
    """Draw parts; both forms are mixed for a stretch of the zoom."""
    dots = fading(m_per_px, DOTS_FROM, _GONE)
    if dots < 1.0:
        canvas.density(look.want, ramp(look, m_per_px, 1.0 - dots), look.states)
    if dots > 0.0:
        radius = dot_radius(m_per_px)
        canvas.dots(
            look.want, look.family_colours(), radius * look.unit,
            (0.8 if m_per_px < 0.5 else 0.0) * look.unit, dot_strength(m_per_px) * dots,
            look.states,
        )  # fmt: skip


def dot_radius(m_per_px: float) -> float:
    """Return a dot's radius in logical pixels: from a speck to what a finger finds."""
    return float(np.clip(1.25 * m_per_px**-0.75, 0.6, 4.2))


def dot_strength(m_per_px: float) -> float:
    """Return a dot's opacity: where dots touch, they stand back behind roads and names."""
    return float(np.interp(m_per_px, [0.3, 1.0, 2.4], [0.92, 0.62, 0.5]))


def within(
    store: CityStore, box: Bounds, states: int = 0b1111
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.uint8]]:
    """Return x, y (local metres) and class of the parts in `box` (local metres, a small one).

    `states` has bit s set for each wanted state s.
    """
    b, last = store.relative(box), (1 << store.bits) - 1
    columns = range(max(int(b.x0 // CELL), 0), min(int(b.x1 // CELL), last) + 1)
    rows = range(max(int(b.y0 // CELL), 0), min(int(b.y1 // CELL), last) + 1)
    xs, ys, classes = [np.empty(0)], [np.empty(0)], [np.empty(0, np.uint8)]
    for parts in store.live.now.pieces:
        for i, j in ((i, j) for j in rows for i in columns):
            cell = parts.rows_of(i, j)
            x = (i + parts.x[cell] / 65536.0) * CELL
            y = (j + parts.y[cell] / 65536.0) * CELL
            inside = (x >= b.x0) & (x <= b.x1) & (y >= b.y0) & (y <= b.y1)
            inside &= (np.uint8(states) >> (parts.state[cell] & 3)) & 1 != 0
            xs.append(x[inside] + store.origin[0])
            ys.append(y[inside] + store.origin[1])
            classes.append(parts.cls[cell][inside])
    return np.concatenate(xs), np.concatenate(ys), np.concatenate(classes)


def ramp(look: Look, m_per_px: float, share: float) -> Ramp:
    """Return the ramp whose top is what the densest spots hold in one pixel at this scale."""
    from app.engines.tiles_canvas import Ramp

    pixel = (m_per_px / look.unit) ** 2
    top = max(look.density * pixel * _STREETS, 12.0)
    step = np.arange(256, dtype=np.float64)
    strength = np.clip(np.log1p(step) / np.log1p(top), 0.0, 1.0)
    low, high = (0.16, 0.66) if look.dark else (0.10, 0.60)
    alphas = np.where(step > 0, (low + (high - low) * strength) * share * 255, 0)
    return Ramp(np.full(256, look.part, np.uint32), alphas.astype(np.uint8))
