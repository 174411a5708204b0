"""Parts into a tile: counts as a ramp of one hue far away, dots in their family's hue nearer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.domain.camera import Bounds
from layers.look import Look, fading
from layers.shades import steps

if TYPE_CHECKING:
    from app.engines.citystore import CityStore
    from app.engines.tiles_canvas import Canvas, Ramp

DOTS_FROM = 2.6  # metres a pixel
ICONS_FROM = 0.3
_GONE = 3.4
# parts stand along streets: there a pixel of so many metres holds so much more than around
_SCALES, _STREETS = (5.0, 30.0, 60.0), (9.0, 3.2, 1.4)
_SOFT = 0.62  # the ramp's exponent: few are faint, many are not all the same
_CALM, _FULL = (0.58, 12.0), (0.88, 60.0)  # the ramp's top where streets show, and over a city
STATES_FROM = 1.6  # metres a pixel below which parts that are not whole stand out
_LOUDER = ((3, 1.0), (1, 1.35), (2, 1.35))  # states over the whole ones, and how much larger
CELL = 256.0  # metres along a cell of the store


def draw(canvas: Canvas, store: CityStore, look: Look, m_per_px: float) -> None:
    """Draw parts; both forms are mixed for a stretch of the zoom."""
    dots = fading(m_per_px, DOTS_FROM, _GONE)
    if dots < 1.0:
        canvas.density(look.want, ramp(look, m_per_px, 1.0 - dots), look.states)
    if dots > 0.0:
        _dots(canvas, look, m_per_px, dots)


def _dots(canvas: Canvas, look: Look, m_per_px: float, share: float) -> None:
    """Draw dots in their family's hue; near, those that are not whole in their state's colour."""
    radius, strength = dot_radius(m_per_px) * look.unit, dot_strength(m_per_px) * share
    rim = (0.8 if m_per_px < 0.5 else 0.0) * look.unit
    told = m_per_px < STATES_FROM
    whole = look.states & 1 if told else look.states
    if whole:
        canvas.dots(look.want, look.family_colours(), radius, rim, strength, whole)
    for state, larger in _LOUDER if told else ():
        if look.states >> state & 1:
            inks = np.full(256, look.states_ink[state], np.uint32)
            inks[255] = look.land
            canvas.dots(look.want, inks, radius * larger, rim, min(strength * 1.2, 1.0), 1 << state)


def dot_radius(m_per_px: float) -> float:
    """Return a dot's radius in logical pixels: from a speck to what a finger finds."""
    return float(np.clip(1.4 * m_per_px**-0.75, 0.6, 4.2))


def dot_strength(m_per_px: float) -> float:
    """Return a dot's opacity: where dots touch, they stand back behind roads and names."""
    return float(np.interp(m_per_px, [0.3, 1.0, 2.4], [0.95, 0.78, 0.5]))


def within(
    store: CityStore, box: Bounds, states: int = 0b1111
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.uint8], NDArray[np.uint8]]:
    """Return x, y, class and state of the parts in `box` (local metres, a small one).

    `states` has bit s set for each wanted state s.
    """
    b, last = store.relative(box), (1 << store.bits) - 1
    columns = range(max(int(b.x0 // CELL), 0), min(int(b.x1 // CELL), last) + 1)
    rows = range(max(int(b.y0 // CELL), 0), min(int(b.y1 // CELL), last) + 1)
    xs, ys = [np.empty(0)], [np.empty(0)]
    classes, found = [np.empty(0, np.uint8)], [np.empty(0, np.uint8)]
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
            found.append(parts.state[cell][inside])
    x, y = np.concatenate(xs), np.concatenate(ys)
    return x, y, np.concatenate(classes), np.concatenate(found)


def ramp(look: Look, m_per_px: float, share: float) -> Ramp:
    """Return the ramp whose top is what the densest spots hold in one pixel at this scale."""
    from app.engines.tiles_canvas import Ramp

    metres = m_per_px / look.unit  # a physical pixel
    streets = float(np.interp(np.log(metres), np.log(_SCALES), _STREETS))
    top = float(np.clip(look.density * metres**2 * streets, 8.0, 255.0))
    strength = np.clip(np.arange(256) / top, 0.0, 1.0)
    scales = np.log([_CALM[1], _FULL[1]])
    fullest = float(np.interp(np.log(metres), scales, [_CALM[0], _FULL[0]]))
    alphas = share * 255 * fullest * strength**_SOFT
    inks = steps((look.part_low, look.part_high), 256)[np.rint(strength * 255).astype(np.intp)]
    return Ramp(inks, alphas.astype(np.uint8))
