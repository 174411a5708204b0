"""What a map has taken, as other desks and the drawing store learn of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
import shapely

from app.data.map_news import WrittenShape, shapes_where
from app.data.part_hand import MapHand
from app.data.part_write import Written
from app.domain.map_columns import SHAPE_KINDS

_MOST = 20_000  # rows that are told one by one; of more the store is built anew


def told_news(rows: Sequence[Written], shapes: Sequence[WrittenShape]) -> str:
    """Return rows of parts and features as JSON."""
    return json.dumps(
        {
            "rows": [(r.fid, str(r.uid), r.lon, r.lat, r.cls, r.state, r.gone) for r in rows],
            "shapes": [
                (s.layer, s.fid, s.kind, s.gone, s.width, s.uid.hex(), s.texts,
                 [ring.tolist() for ring in s.rings], s.holes)
                for s in shapes
            ],
        }
    )  # fmt: skip


def read_news(text: str) -> tuple[list[Written], list[WrittenShape]]:
    """Return what `told_news` told; rows alone are what earlier versions told."""
    told = json.loads(text)
    rows, shapes = (told, []) if isinstance(told, list) else (told["rows"], told["shapes"])
    return [Written(row[0], UUID(row[1]), *row[2:]) for row in rows], [
        WrittenShape(
            layer, fid, kind, gone, width, bytes.fromhex(uid),
            tuple((name, word) for name, word in texts),
            tuple(np.array(ring, np.float64) for ring in rings), tuple(holes),
        )
        for layer, fid, kind, gone, width, uid, texts, rings, holes in shapes
    ]  # fmt: skip


def news_since(
    hand: MapHand, layer: str, last: int
) -> tuple[tuple[Written, ...], tuple[WrittenShape, ...]] | None:
    """Return the rows of a layer behind row `last` as they are drawn; None if too many."""
    values = {"last": last}
    new = f"FROM {layer} WHERE fid > :last"
    if int(hand.ask(f"SELECT count(*) {new}", **values)[0][0]) > _MOST:
        return None
    if layer in SHAPE_KINDS:
        return (), shapes_where(hand, layer, "fid > :last", **values)
    if layer == "place":
        stations = hand.ask(f"SELECT 1 {new} AND kind IN ('station', 'metro') LIMIT 1", **values)
        return None if stations else ((), ())
    if layer != "part":
        return None
    rows = hand.ask(f"SELECT fid, uid, class, state, {hand.shape_sql} {new}", **values)
    return tuple(_part(hand, *row) for row in rows), ()


def _part(hand: MapHand, fid: int, uid: bytes, cls: int, state: int, geom: Any) -> Written:
    point = hand.shape(geom)
    return Written(
        int(fid), UUID(bytes=bytes(uid)), float(shapely.get_x(point)), float(shapely.get_y(point)),
        int(cls or 0), int(state or 0), False,
    )  # fmt: skip
