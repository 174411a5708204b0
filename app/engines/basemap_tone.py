"""The tone of a base map: in the dark theme it steps back, so that the city's data stay in front.

A drawn map is turned (dark ground, light lines) and loses most of its colour; photographs keep
their lights and shades and are only dimmed.
"""

from __future__ import annotations

import numpy as np

from app.engines.basemap_cache import Pixels

_COLOUR = 0.35  # share of the colour that stays
_DARKEST, _RANGE = 22.0, 0.52  # of a drawn map in the dark theme
_DIMMED = 0.45  # photographs


def toned(pixels: Pixels, *, dark: bool, imagery: bool) -> Pixels:
    """Return premultiplied 0xAARRGGBB pixels, uint32 (h, w), in the tone of a theme; read only."""
    if not dark:
        pixels = pixels.view()
        pixels.flags.writeable = False
        return pixels
    alpha = (pixels >> np.uint32(24)).astype(np.float32)
    red, green, blue = (
        ((pixels >> np.uint32(shift)) & np.uint32(255)).astype(np.float32) for shift in (16, 8, 0)
    )
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    base = light * _DIMMED if imagery else alpha / 255 * _DARKEST + (alpha - light) * _RANGE
    share = _COLOUR * (_DIMMED if imagery else _RANGE)
    out = pixels & np.uint32(0xFF000000)
    for channel, shift in ((red, 16), (green, 8), (blue, 0)):
        value = np.clip(base + (channel - light) * share, 0, alpha)
        out = out | (value.astype(np.uint32) << np.uint32(shift))
    out.flags.writeable = False
    return out
