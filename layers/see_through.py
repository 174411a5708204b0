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
from layers.tiles import TilePainter

if TYPE_CHECKING:
    from app.engines.citystore import CityStore


class SeeThroughPainter:
    """Draws tiles of one store without ground, on any thread."""

    def __init__(self, store: CityStore) -> None:
        self._tiles = TilePainter(store)
        self._grounds: tuple[Look, Look, Look] | None = None

    def draw(self, look: Look, key: TileKey) -> Image:
        """Return the tile `key`: premultiplied uint32 (SIDE, SIDE), 0xAARRGGBB."""
        _look, black, white = self._looks(look)
        image = matted(self._tiles.draw(black, key), self._tiles.draw(white, key))
        image.flags.writeable = False
        return image

    def _looks(self, look: Look) -> tuple[Look, Look, Look]:
        """Return a look with itself on black and on white, the same ones each time."""
        kept = self._grounds
        if kept is None or kept[0] is not look:
            bare = replace(look, layers=look.layers - {"base"}, ground=0)
            kept = self._grounds = (look, bare, replace(bare, ground=0xFFFFFF))
        return kept


def matted(on_black: Image, on_white: Image) -> Image:
    """Return one drawing as premultiplied 0xAARRGGBB, from itself on black and on white ground.

    Exact to a 255th.
    """
    green = [(one >> np.uint32(8)) & np.uint32(255) for one in (on_black, on_white)]
    alpha = np.uint32(255) - np.maximum(green[1], green[0]) + green[0]
    return np.asarray((on_black & np.uint32(0xFFFFFF)) | (alpha << np.uint32(24)), np.uint32)
