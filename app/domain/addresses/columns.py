"""Columns from which the gazetteer is built; what fulfils the Protocol lies in `app.data`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.domain.map_columns import ShapeColumns


@dataclass(frozen=True)
class Coded:
    """A column of few different texts: `values[codes[i]]`; code -1 where there is none.

    `codes`: int32, shape (n,).
    """

    codes: NDArray[np.int32]
    values: tuple[str, ...]


@dataclass(frozen=True)
class PlaceColumns:
    """Places of the register.

    Attributes:
        uid: uint8, shape (n, 16).
        name, address: text of each, empty where there is none.
        other: further names (aliases, old names) as (row, name).
        road, lane, number, building, unit, room, kind: as kept, with or without their suffix.
        lon, lat: float64, shape (n,), degrees WGS 84.
        area: int32, shape (n,), row in the areas of the smallest one known to hold it, or -1.
    """

    uid: NDArray[np.uint8]
    name: Sequence[str]
    address: Sequence[str]
    other: Sequence[tuple[int, str]]
    road: Coded
    lane: Coded
    number: Coded
    building: Coded
    unit: Coded
    room: Coded
    kind: Coded
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    area: NDArray[np.int32]

    def __len__(self) -> int:
        """How many places."""
        return len(self.lon)


@dataclass(frozen=True)
class AreaColumns:
    """Areas in force: `uid` uint8 (n, 16); `parent` int32 row or -1; lon, lat of their middle.

    `size`: float64, half the diagonal of each one's box, metres.
    """

    uid: NDArray[np.uint8]
    tier: Sequence[str]
    code: Sequence[str]
    name: Sequence[str]
    parent: NDArray[np.int32]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    size: NDArray[np.float64]

    def __len__(self) -> int:
        """How many areas."""
        return len(self.lon)


def no_codes(count: int) -> Coded:
    """Return a column of `count` rows without a text."""
    return Coded(np.full(count, -1, np.int32), ())


class GazetteerSource(Protocol):
    """Where the gazetteer's index is built from."""

    @property
    def fingerprint(self) -> str:
        """A text that is the same exactly while areas, roads and places of the map are."""
        ...

    def places(self) -> PlaceColumns:
        """Return all places of the map."""
        ...

    def areas(self) -> AreaColumns:
        """Return all areas in force."""
        ...

    def roads(self) -> ShapeColumns:
        """Return all roads with their names."""
        ...
