"""Features of a map that have just changed, as the drawing store learns of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from app.data.part_hand import MapHand
from app.domain.map_columns import SHAPE_KINDS, SHAPE_TEXTS

Ring = NDArray[np.float64]


@dataclass(frozen=True)
class WrittenShape:
    """A feature of a layer as the map has it now, or that it is drawn no more.

    `kind` is an index into the layer's `SHAPE_KINDS`. Rings are degrees WGS 84, float64 (v, 2).
    """

    layer: str
    fid: int
    kind: int = 0
    gone: bool = False
    width: float = 0.0
    uid: bytes = b""
    texts: tuple[tuple[str, str], ...] = ()
    rings: tuple[Ring, ...] = ()
    holes: tuple[bool, ...] = ()


def shapes_where(
    hand: MapHand, layer: str, condition: str, **values: Any
) -> tuple[WrittenShape, ...]:
    """Return the features of a layer that meet a condition in SQL, as they are now.

    Areas that are not valid any more are gone.
    """
    kind_name, kinds = SHAPE_KINDS[layer]
    names = SHAPE_TEXTS[layer]
    columns = [
        "fid", kind_name, "width" if layer == "road" else "0",
        "uid" if layer == "area" else "NULL", "valid_to" if layer == "area" else "NULL", *names,
    ]  # fmt: skip
    rows = hand.ask(
        f"SELECT {', '.join(columns)}, {hand.shape_sql} FROM {layer} WHERE {condition}", **values
    )
    return tuple(_shape(hand, layer, kinds, row) for row in rows)


def _shape(hand: MapHand, layer: str, kinds: Sequence[str], row: Sequence[Any]) -> WrittenShape:
    fid, kind, width, uid, until, *rest = row
    *texts, geom = rest
    rings, holes = rings_of(hand.shape(geom)) if geom is not None else ((), ())
    return WrittenShape(
        layer, int(fid), kinds.index(kind) if kind in kinds else 0,
        until is not None or not rings, float(width or 0.0), bytes(uid or b""),
        tuple(zip(SHAPE_TEXTS[layer], (text or "" for text in texts), strict=True)), rings, holes,
    )  # fmt: skip


def rings_of(shape: BaseGeometry) -> tuple[tuple[Ring, ...], tuple[bool, ...]]:
    """Return the lines, or the outer rings and holes, of a shape; and which are holes."""
    rings: list[Ring] = []
    holes: list[bool] = []
    for one in shapely.get_parts([shape]):
        if one.is_empty:
            continue
        inner = list(one.interiors) if one.geom_type == "Polygon" else []
        outer = one.exterior if one.geom_type == "Polygon" else one
        for ring in (outer, *inner):
            rings.append(np.asarray(shapely.get_coordinates(ring), np.float64))
            holes.append(ring is not outer)
    return tuple(rings), tuple(holes)
