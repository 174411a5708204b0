"""A map's surface with wishes: which layers, classes and values a person wants to see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from widgets.map_surface import MapSurface
from widgets.map_wishes import Wishes


class MapWished(MapSurface):
    """Holds the wishes; the map that draws them does so in `_dress`.

    `wished` is emitted, without anything, after each change of them.
    """

    wished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wishes = Wishes()

    @property
    def wishes(self) -> Wishes:
        """Which layers, classes and values are shown, and how."""
        return self._wishes

    def wish(self, wishes: Wishes) -> None:
        """Show other layers, classes or values."""
        self._wishes = wishes
        self._dress()
        self.wished.emit()

    def set_layer_visible(self, key: str, visible: bool) -> None:
        """Show or hide a layer of `app.domain.layers`."""
        self.wish(self._wishes.with_layer(key, visible))

    def set_part_families(self, family: NDArray[np.uint8], icons: tuple[str, ...] = ()) -> None:
        """Give each class of parts one of six hues, uint8 (256,), and an icon by its name."""
        self.wish(replace(self._wishes, family=family, icons=icons))

    def set_part_classes(self, want: NDArray[np.uint8]) -> None:
        """Show and count only classes whose entry is not 0: uint8 (256,)."""
        self.wish(replace(self._wishes, want=want))

    def _dress(self) -> None:
        """Draw under other wishes."""
