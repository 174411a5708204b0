"""Pipes into a tile: metres a pixel far away, thin lines by kind nearer, true width at the door."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.domain.map_columns import PIPE_KINDS
from layers.look import Look, everything, fading, mixed, wanting

if TYPE_CHECKING:
    from app.engines.citystore import CityStore
    from app.engines.tiles_canvas import Canvas, Ramp

LINES_FROM = 5.0  # metres a pixel from which kinds are told apart
WIDE_FROM = 2.0  # and from which widths are true
_DENSE = 0.1  # metres of pipe a square metre where they lie densest
_SIDE_BY_SIDE = 4.0  # pipes in a street

_DARK = {"water": 0x6CA8F0, "sewage": 0xB08968, "storm": 0x5CC0B0, "gas": 0xE0B050,
         "power": 0xE07070, "telecom": 0xB08CE0, "other": 0xA0A8B4}  # fmt: skip
_LIGHT = {"water": 0x2F6FC0, "sewage": 0x7A5637, "storm": 0x1F8474, "gas": 0xA87410,
          "power": 0xB03A3A, "telecom": 0x7048B0, "other": 0x64707C}  # fmt: skip


def draw(canvas: Canvas, store: CityStore, look: Look, m_per_px: float) -> None:
    """Draw pipes; density and lines are mixed for a stretch of the zoom."""
    metres = m_per_px / look.unit  # a physical pixel
    lines = fading(m_per_px, LINES_FROM * 0.7, LINES_FROM)
    if lines < 1.0:
        top = max(_DENSE * metres, _SIDE_BY_SIDE) * metres  # metres in the fullest pixel
        canvas.pipe_metres(everything(), _ramp(look, 1.0 - lines), 255.0 / top)
    if lines <= 0.0:
        return
    for kind, name in enumerate(PIPE_KINDS):
        colour = kind_colour(look, name)
        if m_per_px <= WIDE_FROM:
            canvas.pipes(wanting(kind), colour, 0.9, least=1.4 * look.unit)
        else:
            strength = np.linspace(0, 0.85 * 255 * lines, 256).astype(np.uint8)
            canvas.pipe_metres(wanting(kind), _plain(colour, strength), 255.0 / metres)


def kind_colour(look: Look, kind: str) -> int:
    """Return the colour of a kind of pipe, 0xRRGGBB."""
    return mixed((_DARK if look.dark else _LIGHT)[kind], look.land, 0.12)


def _ramp(look: Look, share: float) -> Ramp:
    """Return a ramp of one hue, stronger by the logarithm of the density."""
    step = np.arange(256, dtype=np.float64)
    strength = np.log1p(step) / np.log(256.0)
    alphas = np.where(step > 0, (0.10 + 0.62 * strength) * 255 * share, 0)
    hue = mixed(kind_colour(look, "water"), look.part_high, 0.3)
    return _plain(hue, alphas.astype(np.uint8))


def _plain(colour: int, alphas: NDArray[np.uint8]) -> Ramp:
    from app.engines.tiles_canvas import Ramp

    return Ramp(np.full(256, colour, np.uint32), alphas)
