"""The halo around a text, made of its own pixels. No Qt."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def haloed(text: Pixels, colour: int, reach: float) -> Pixels:
    """Return `text` on a solid halo that stands out by `reach` pixels.

    Pixels are uint8, shape (h, w, 4): blue, green, red, alpha, premultiplied; `text` has at least
    `reach` + 1 clear pixels on each side. `colour` is 0xRRGGBB.
    """
    ink = text[:, :, 3]
    h, w = ink.shape
    far = math.ceil(reach)
    wide = np.zeros((h + 2 * far, w + 2 * far), np.uint8)
    wide[far : far + h, far : far + w] = ink
    halo = ink.copy()
    for dy, dx, share in _disc(reach):
        there = wide[far + dy : far + dy + h, far + dx : far + dx + w]
        np.maximum(halo, there if share == 256 else (there.astype(np.uint16) * share) >> 8,
                   out=halo, casting="unsafe")  # fmt: skip
    left = halo.astype(np.float32) * (1.0 - ink.astype(np.float32) / 255.0)
    b, g, r = colour & 255, (colour >> 8) & 255, (colour >> 16) & 255
    under = left[:, :, None] * np.array([b / 255, g / 255, r / 255, 1.0], np.float32)
    out: Pixels = np.minimum(text + np.rint(under), 255).astype(np.uint8)
    return out


@cache
def _disc(reach: float) -> tuple[tuple[int, int, int], ...]:
    """Return steps within `reach` pixels, and how much of 256 each carries: less at the edge.

    What lies well inside is reached by way of its neighbours' ink, so only the outer ring counts.
    """
    far = math.ceil(reach)
    steps = []
    for dy in range(-far, far + 1):
        for dx in range(-far, far + 1):
            distance = math.hypot(dx, dy)
            share = min(max(reach + 0.5 - distance, 0.0), 1.0)
            if share > 0 and (distance > reach - 2.0 or (dx + dy) % 2 == 0):
                steps.append((dy, dx, round(share * 256)))
    return tuple(steps)
