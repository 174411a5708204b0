"""Carries what pool threads have made to the window's thread."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.engines.tiles import Image, TileKey


class Arrivals(QObject):
    """What a map's jobs tell it.

    Without a Qt parent: jobs that still run when the map goes hold it, by its methods.

    Signals:
        tile_arrived: a `TileKey`. overview_arrived: (number of its look, image).
        count_arrived: (serial, parts, `Tallied`).
        base_arrived: nothing; more of the base map is there.
    """

    tile_arrived = Signal(object)
    overview_arrived = Signal(object)
    count_arrived = Signal(object)
    base_arrived = Signal()

    def tell_tile(self, key: TileKey) -> None:
        """Say that a tile is there (any thread)."""
        self.tile_arrived.emit(key)

    def tell_overview(self, number: int, image: Image) -> None:
        """Hand over an overview in look `number` (any thread)."""
        self.overview_arrived.emit((number, image))

    def tell_base(self) -> None:
        """Say that more of the base map is there, or that its state is another (any thread)."""
        self.base_arrived.emit()

    def tell_count(self, serial: int, parts: int, seen: object = None) -> None:
        """Hand over a count, and what else is in sight (any thread)."""
        self.count_arrived.emit((serial, parts, seen))
