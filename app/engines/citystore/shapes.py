"""Lines and polygons for the store: projected, turned the right way, sorted, boxed, thinned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.geodesy import CityFrame
from app.domain.map_columns import PointColumns, ShapeColumns, Texts
from app.engines.citystore.morton import morton
from app.engines.citystore.pieces import LAYERS, ranges

_GRAIN = 64.0

Columns = dict[str, NDArray[Any]]
F4 = NDArray[np.float32]
I8 = NDArray[np.int64]


def shape_columns(
    source: ShapeColumns,
    frame: CityFrame,
    origin: tuple[int, int],
    *,
    closed: bool,
    levels: int = 0,
) -> Columns:
    """Return the store's columns for one layer (see the package's docstring), offsets with an end.

    `closed` says polygons: rings are wound (outer left, holes right) and given inner points.
    Features without a finite vertex are left out. `levels` is how many levels of detail get
    columns of their own; they are thinned by `with_levels`.
    """
    x, y = frame.to_xy(source.coords[:, 0].copy(), source.coords[:, 1].copy())
    xy = np.stack([x - origin[0], y - origin[1]], axis=1).astype(np.float32)
    first = source.ring_off[source.feature_off[:-1]]
    last = source.ring_off[source.feature_off[1:]]
    box = _boxes(xy, first, last)
    keep = np.flatnonzero((last > first) & np.isfinite(box).all(axis=1))
    order = keep[_sorted(source.kind[keep], box[keep])]
    if closed:
        xy = _wound(xy, source.ring_off, source.hole)
    vertex, ring_off, feature_off = _taken(source, order)
    xy, box = xy[vertex], box[order]
    columns: Columns = {
        "xy": xy,
        "ring_off": ring_off,
        "feature_off": feature_off,
        "box": box,
        "kind": source.kind[order],
        "width": source.width[order].astype(np.float32),
        "fid": source.fid[order],
        "uid": source.uid[order] if len(source.uid) else source.uid.reshape(0, 16),
        "spot": _spots(xy, ring_off, feature_off, box, closed),
    }
    for n in range(1, levels + 1):
        columns[f"xy.{n}"], columns[f"ring_off.{n}"] = xy, ring_off
    for name, texts in source.texts.items():
        columns[f"{name}.off"], columns[f"{name}.txt"] = packed(texts[order])
    return columns


def layer_columns(
    layer: str, source: ShapeColumns, frame: CityFrame, origin: tuple[int, int], *, closed: bool
) -> Columns:
    """Return the plain columns of a layer as `pieces` cuts them, at full detail on each level."""
    made = shape_columns(source, frame, origin, closed=closed, levels=_levels_of(layer))
    return {name: made[name] if name in made else _lacking(layer, name, len(made["kind"]))
            for name in LAYERS[layer] if name != "block"}  # fmt: skip


def with_levels(layer: str, plain: Columns, *, closed: bool) -> Columns:
    """Return columns with the levels of detail thinned. Imports numba (slow)."""
    count = _levels_of(layer)
    if not count or not len(plain["kind"]):
        return plain
    from app.engines.citystore.detail import LEVELS
    from app.engines.citystore.levels import meeting, thinned

    xy, ring_off, out = plain["xy"], plain["ring_off"], dict(plain)
    locked = np.zeros(len(xy), np.bool_)
    if layer == "area":
        owner = np.repeat(plain["kind"], np.diff(plain["feature_off"]))
        locked = meeting(xy, ring_off, owner)
    for n, level in zip(range(1, count + 1), LEVELS, strict=True):
        keep = thinned(xy, ring_off, locked, level.grain, closed=closed)
        before = np.concatenate([[0], np.cumsum(keep)]).astype(np.int64)
        out[f"xy.{n}"], out[f"ring_off.{n}"] = xy[keep], before[ring_off]
    return out


def point_columns(points: PointColumns, frame: CityFrame, origin: tuple[int, int]) -> Columns:
    """Return the plain columns of a small layer of points."""
    x, y = frame.to_xy(points.lon, points.lat)
    xy = np.stack([np.asarray(x) - origin[0], np.asarray(y) - origin[1]], axis=1)
    off, text = packed(points.name)
    return {
        "spot": xy.astype(np.float32).reshape(-1, 2), "kind": points.kind, "fid": points.fid,
        "name.off": off, "name.txt": text,
    }  # fmt: skip


@dataclass(frozen=True)
class ShapeEdit:
    """A feature of a layer as it is now, or gone. Rings in local metres, float64 (v, 2) each."""

    layer: str
    fid: int
    kind: int = 0
    gone: bool = False
    width: float = 0.0
    uid: bytes = b""
    texts: tuple[tuple[str, str], ...] = ()
    rings: tuple[NDArray[np.float64], ...] = ()
    holes: tuple[bool, ...] = ()

    @property
    def name(self) -> tuple[str, int]:
        """Which feature it is about."""
        return self.layer, self.fid


def edited_columns(
    layer: str, edits: Sequence[ShapeEdit], origin: tuple[int, int], *, closed: bool
) -> Columns:
    """Return the plain columns of features that were put or changed, at full detail."""
    there = [one for one in edits if not one.gone]
    rings = [ring for one in there for ring in one.rings]
    wanted = [name.removesuffix(".off") for name in LAYERS[layer] if name.endswith(".off")]
    words = [dict(one.texts) for one in there]
    source = ShapeColumns(
        np.concatenate(rings) if rings else np.empty((0, 2)),
        np.concatenate([[0], np.cumsum([len(ring) for ring in rings])]).astype(np.int64),
        np.concatenate([[0], np.cumsum([len(one.rings) for one in there])]).astype(np.int64),
        np.array([hole for one in there for hole in one.holes], np.bool_),
        np.array([one.kind for one in there], np.uint8),
        np.array([one.fid for one in there], np.uint32),
        np.array([one.width for one in there], np.float32),
        {name: np.array([word.get(name, "") for word in words], object) for name in wanted},
        np.frombuffer(b"".join(one.uid for one in there), np.uint8).reshape(-1, 16),
    )
    return layer_columns(layer, source, _Local(), origin, closed=closed)  # type: ignore[arg-type]


class _Local:
    """Takes local metres for what they are."""

    def to_xy(self, x: Any, y: Any) -> tuple[Any, Any]:
        return x, y


def _levels_of(layer: str) -> int:
    return sum(name.startswith("xy.") for name in LAYERS[layer])


def _lacking(layer: str, name: str, count: int) -> NDArray[Any]:
    """Return a column that a source does not give: empty words."""
    column = LAYERS[layer][name]
    return np.zeros(count + 1 if column.into else 0, column.kind)


def _boxes(xy: F4, first: I8, last: I8) -> F4:
    box = np.full((len(first), 4), np.nan, np.float32)
    some = np.flatnonzero(last > first)
    if len(some):
        # features are contiguous, so the starts of non-empty ones cut the vertices apart
        low = np.minimum.reduceat(xy, first[some], axis=0)
        high = np.maximum.reduceat(xy, first[some], axis=0)
        box[some] = np.concatenate([low, high], axis=1)
    return box


def _sorted(kind: NDArray[np.uint8], box: F4) -> NDArray[np.intp]:
    middle = (box[:, :2] + box[:, 2:]) / 2
    cell = np.clip(middle / _GRAIN, 0, 65535).astype(np.uint32)
    return np.lexsort((morton(cell[:, 0], cell[:, 1]), kind))


def _taken(source: ShapeColumns, order: NDArray[np.intp]) -> tuple[NDArray[np.intp], I8, I8]:
    """Return which vertices to take, and the new offsets, with features in `order`."""
    rings, feature_off = ranges(source.feature_off[:-1][order], source.feature_off[1:][order])
    vertex, ring_off = ranges(source.ring_off[:-1][rings], source.ring_off[1:][rings])
    return vertex, ring_off, feature_off


def _wound(xy: F4, ring_off: I8, hole: NDArray[np.bool_]) -> F4:
    """Return vertices with the outer rings turning left and the holes right."""
    if not len(hole):
        return xy
    size = np.diff(ring_off)
    ring = np.repeat(np.arange(len(size)), size)
    nxt = np.arange(len(xy)) + 1
    full = size > 0
    nxt[ring_off[1:][full] - 1] = ring_off[:-1][full]
    p = xy.astype(np.float64)
    area = np.bincount(
        ring, p[:, 0] * p[nxt, 1] - p[nxt, 0] * p[:, 1], minlength=len(size)
    )  # twice, signed
    flip = (area < 0) != hole
    at = np.arange(len(xy)) - ring_off[ring]
    mirrored = ring_off[ring] + size[ring] - 1 - at
    return np.asarray(xy[np.where(flip[ring], mirrored, np.arange(len(xy)))])


def packed(texts: Texts) -> tuple[I8, NDArray[np.uint8]]:
    """Return where each text begins in the UTF-8 of all, and that."""
    encoded = [(text or "").encode() for text in texts]
    off = np.concatenate([[0], np.cumsum([len(e) for e in encoded])]).astype(np.int64)
    return off, np.frombuffer(b"".join(encoded), np.uint8)


def _spots(xy: F4, ring_off: I8, feature_off: I8, box: F4, closed: bool) -> F4:
    """Return a point of each feature: inside a polygon, at the middle vertex of a line."""
    if not closed:
        middle = (ring_off[feature_off[:-1]] + ring_off[feature_off[1:]]) // 2
        return np.asarray(xy[middle]) if len(middle) else np.empty((0, 2), np.float32)
    spots = (box[:, :2] + box[:, 2:]) / 2
    if len(box) > 100_000:
        return np.asarray(spots)  # buildings carry no labels of their own
    for f in range(len(box)):
        start, stop = ring_off[feature_off[f]], ring_off[feature_off[f + 1]]
        if stop - start > 5:
            rings = [
                xy[ring_off[r] : ring_off[r + 1]] for r in range(feature_off[f], feature_off[f + 1])
            ]
            spots[f] = widest_spot(rings, box[f])
    return np.asarray(spots)


def widest_spot(rings: list[F4], box: F4, rows: int = 9) -> F4:
    """Return the middle of the widest stretch inside, among `rows` level cuts (even-odd).

    Weighted so that a cut near the middle of the box wins among nearly equal ones.
    """
    best, spot = -1.0, np.asarray((box[:2] + box[2:]) / 2, np.float32)
    height = float(box[3] - box[1])
    for row in range(rows):
        share = (row + 0.5) / rows
        y = float(box[1]) + height * share
        cuts = np.sort(np.concatenate([_crossings(ring, y) for ring in rings]))
        for a, b in zip(cuts[0::2], cuts[1::2], strict=False):
            worth = float(b - a) * (1.0 - 0.8 * abs(share - 0.5))
            if worth > best:
                best, spot = worth, np.array([(a + b) / 2, y], np.float32)
    return spot


def _crossings(ring: F4, y: float) -> NDArray[np.float64]:
    p, q = ring.astype(np.float64), np.roll(ring, -1, axis=0).astype(np.float64)
    hit = (p[:, 1] <= y) != (q[:, 1] <= y)
    p, q = p[hit], q[hit]
    return np.asarray(p[:, 0] + (y - p[:, 1]) * (q[:, 0] - p[:, 0]) / (q[:, 1] - p[:, 1]))
