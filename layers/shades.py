"""Colours in even steps to the eye: mixing in Oklab. No Qt.

Oklab: B. Ottosson, "A perceptual color space for image processing", 2020,
https://bottosson.github.io/posts/oklab/ (public domain), from where the matrices are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_TO_LMS = np.array([[0.4122214708, 0.5363325363, 0.0514459929],
                    [0.2119034982, 0.6806995451, 0.1073969566],
                    [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
_TO_LAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                    [1.9779984951, -2.4285922050, 0.4505937099],
                    [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip
_FROM_LMS, _FROM_LAB = np.linalg.inv(_TO_LMS), np.linalg.inv(_TO_LAB)


def steps(stops: Sequence[int], count: int) -> NDArray[np.uint32]:
    """Return `count` colours, 0xRRGGBB, from the first stop to the last, even in Oklab."""
    lab = np.array([oklab(stop) for stop in stops])
    at = np.linspace(0.0, len(stops) - 1.0, count)
    columns = [np.interp(at, np.arange(len(stops)), lab[:, axis]) for axis in range(3)]
    linear = (np.stack(columns, axis=1) @ _FROM_LAB.T) ** 3 @ _FROM_LMS.T
    rgb = np.rint(_encoded(np.clip(linear, 0.0, 1.0)) * 255).astype(np.uint32)
    return np.asarray((rgb[:, 0] << 16) | (rgb[:, 1] << 8) | rgb[:, 2], np.uint32)


def oklab(colour: int) -> Floats:
    """Return lightness 0 to 1 and the two axes of hue of 0xRRGGBB, float64 (3,)."""
    lab: Floats = np.cbrt(linear_of(colour) @ _TO_LMS.T) @ _TO_LAB.T
    return lab


def linear_of(colour: int) -> Floats:
    """Return the light in 0xRRGGBB (sRGB, IEC 61966-2-1): red, green, blue from 0 to 1."""
    value = np.array([(colour >> 16) & 255, (colour >> 8) & 255, colour & 255]) / 255.0
    light: Floats = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return light


def _encoded(light: Floats) -> Floats:
    coded: Floats = np.where(
        light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055
    )
    return coded
