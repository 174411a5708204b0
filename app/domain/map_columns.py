"""Columns of a map on their way from where it is kept to where it is drawn.

All coordinates are degrees WGS 84, float64. Shapes are ragged: `coords[ring_off[r]:ring_off[r+1]]`
are the vertices of ring r (or line r), `ring_off[feature_off[f]:...]` the rings of feature f.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.domain.geodesy import CityFrame

Texts = NDArray[np.object_]

ROAD_KINDS = ("alley", "local", "collector", "metro", "arterial", "expressway")
AREA_TIERS = ("city", "district", "street", "community", "grid", "duty_grid", "compound")
WATER_KINDS = ("river", "creek", "lake")
BUILDING_KINDS = (
    "residential", "office", "mall", "school", "hospital", "industrial", "public",
)  # fmt: skip
PIPE_KINDS = ("other", "water", "sewage", "storm", "gas", "power", "telecom")
SITE_KINDS = ("房建", "市政", "拆除", "绿化", "装修")  # building sites; others are counted after
SHAPE_KINDS: dict[str, tuple[str, tuple[str, ...]]] = {  # column and its values, by layer
    "road": ("kind", ROAD_KINDS),
    "area": ("tier", AREA_TIERS),
    "water": ("kind", WATER_KINDS),
    "green": ("kind", ()),
    "building": ("kind", BUILDING_KINDS),
}
SHAPE_TEXTS: dict[str, tuple[str, ...]] = {
    "road": ("name",),
    "area": ("name", "name_en", "code"),
    "water": ("name",),
    "green": ("name",),
    "building": (),
}
STATION_KINDS = ("station", "metro")  # places that are stations of the metro


@dataclass(frozen=True)
class PartColumns:
    """Parts: `lon`, `lat` float64, `cls` and `state` uint8, `fid` uint32; all of shape (n,)."""

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    cls: NDArray[np.uint8]
    state: NDArray[np.uint8]
    fid: NDArray[np.uint32]

    def __len__(self) -> int:
        """How many parts."""
        return len(self.lon)


@dataclass(frozen=True)
class ShapeColumns:
    """Lines or polygons of one map layer.

    Attributes:
        coords: float64, shape (v, 2), longitude and latitude.
        ring_off: int64, shape (r + 1,).
        feature_off: int64, shape (n + 1,), into rings.
        hole: bool, shape (r,); True for inner rings. Lines have none.
        kind: uint8, shape (n,); index into the layer's kinds or tiers.
        fid: uint32, shape (n,); the row in map.gpkg.
        width: float32, shape (n,); metres, 0 where it means nothing.
        texts: further columns by name (`name`, `name_en`, `code`), objects of str, shape (n,).
        uid: uint8, shape (n, 16), or shape (0, 16) where the layer's uids are not needed.
    """

    coords: NDArray[np.float64]
    ring_off: NDArray[np.int64]
    feature_off: NDArray[np.int64]
    hole: NDArray[np.bool_]
    kind: NDArray[np.uint8]
    fid: NDArray[np.uint32]
    width: NDArray[np.float32]
    texts: dict[str, Texts] = field(default_factory=dict)
    uid: NDArray[np.uint8] = field(default_factory=lambda: np.empty((0, 16), np.uint8))

    def __len__(self) -> int:
        """How many features."""
        return len(self.kind)


@dataclass(frozen=True)
class PipeColumns:
    """Pipes and cables, each a line of any number of vertices.

    Attributes:
        coords: float64, shape (v, 2), longitude and latitude.
        line_off: int64, shape (n + 1,); the vertices of line f are `line_off[f]:line_off[f + 1]`.
        kind: uint8, shape (n,), index into `PIPE_KINDS`. size: float32, diameter in millimetres.
        fid: uint32, shape (n,); the row in map.gpkg.
    """

    coords: NDArray[np.float64]
    line_off: NDArray[np.int64]
    kind: NDArray[np.uint8]
    size: NDArray[np.float32]
    fid: NDArray[np.uint32]

    def __len__(self) -> int:
        """How many lines."""
        return len(self.kind)


@dataclass(frozen=True)
class PointColumns:
    """A small layer of points: `lon`, `lat` float64, `kind` uint8, `fid` uint32, `name`; (n,)."""

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    kind: NDArray[np.uint8]
    fid: NDArray[np.uint32]
    name: Texts

    def __len__(self) -> int:
        """How many points."""
        return len(self.kind)


def no_points() -> PointColumns:
    """Return a layer without a point."""
    empty = np.empty(0)
    return PointColumns(
        empty, empty, np.empty(0, np.uint8), np.empty(0, np.uint32), np.empty(0, object)
    )


def no_shapes() -> ShapeColumns:
    """Return a layer without a feature."""
    zero = np.zeros(1, np.int64)
    return ShapeColumns(
        np.empty((0, 2)), zero, zero, np.empty(0, np.bool_), np.empty(0, np.uint8),
        np.empty(0, np.uint32), np.empty(0, np.float32),
    )  # fmt: skip


class MapSource(Protocol):
    """Where the derived store is built from. `fingerprint` changes whenever the map does."""

    @property
    def frame(self) -> CityFrame:
        """The city's metric frame."""
        ...

    @property
    def fingerprint(self) -> str:
        """A text that is the same exactly while the map is."""
        ...

    @property
    def sample(self) -> bool:
        """Whether the content is made up (示意)."""
        ...

    def parts(self) -> Iterator[PartColumns]:
        """Yield all parts in blocks."""
        ...

    def shapes(self, layer: str) -> ShapeColumns:
        """Return `road`, `area`, `water`, `green` or `building`."""
        ...

    def pipes(self) -> Iterator[PipeColumns]:
        """Yield all pipes in blocks."""
        ...

    def points(self, layer: str) -> PointColumns:
        """Return `site` (construction sites) or `station` (of the metro)."""
        ...
