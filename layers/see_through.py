"""Tiles to see through: what lies below (a base map) shows wherever the city draws nothing. No Qt.

A tile is drawn twice without its own ground, on black and on white. What is opaque looks the same
on both, what is half there differs by half: so edges stay soft without a kernel knowing of alpha.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from app.engines.tiles import Image, TileKey
from layers.look import Look
from layers.tiles import draw_tile

if TYPE_CHECKING:
    from app.engines.citystore import CityStore


def draw_see_through(store: CityStore, look: Look, key: TileKey) -> Image:
    """Return the tile `key` without ground: premultiplied uint32 (SIDE, SIDE), 0xAARRGGBB."""
    layers = look.layers - {"base"}
    on_black = draw_tile(store, replace(look, layers=layers, ground=0), key)
    on_white = draw_tile(store, replace(look, layers=layers, ground=0xFFFFFF), key)
    image = matted(on_black, on_white)
    image.flags.writeable = False
    return image


def matted(on_black: Image, on_white: Image) -> Image:
    """Return one drawing as premultiplied 0xAARRGGBB, from itself on black and on white ground.

    Exact to a 255th.
    """
    green = [(one >> np.uint32(8)) & np.uint32(255) for one in (on_black, on_white)]
    alpha = np.uint32(255) - np.maximum(green[1], green[0]) + green[0]
    return np.asarray((on_black & np.uint32(0xFFFFFF)) | (alpha << np.uint32(24)), np.uint32)
