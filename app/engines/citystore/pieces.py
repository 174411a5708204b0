"""Layers of shapes and small points, cut into pieces: the features of one segment each.

A piece stands alone: its offsets count from its own first row. Behind its features come empty ones
up to a whole block of `BLOCK`, and behind its rings one that is empty, so that every row has a next
one and a block never holds features of two segments. Empty rows have no extent: their box is turned
inside out, kernels and `Shapes.within` pass them by. In the files of a layer pieces lie behind one
another, with offsets counted from the first row of the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engines.citystore.cells import CELL, Columns
from app.engines.citystore.detail import LEVELS
from app.engines.citystore.morton import morton

CLOSED = {"road": False, "area": True, "water": True, "green": True, "building": True}
POINTS = ("site", "station")
BLOCK = 64  # as in app.engines.tiles_shapes, which is slow to import
NONE = 255  # kind of a row that is no feature
I8 = NDArray[np.int64]


@dataclass(frozen=True)
class Column:
    """A column's dtype, what its rows are (`of`), values a row, and what its offsets point into."""

    kind: str
    of: str
    wide: int = 0
    into: str = ""


def _spec(
    texts: Sequence[str], *, uid: bool = False, rings: bool = True, levels: bool = True
) -> dict[str, Column]:
    spec = {"kind": Column("u1", "feature"), "fid": Column("<u4", "feature"),
            "spot": Column("<f4", "feature", 2)}  # fmt: skip
    if rings:
        spec |= {
            "feature_off": Column("<i8", "feature", 0, "ring"), "box": Column("<f4", "feature", 4),
            "width": Column("<f4", "feature"), "block": Column("<f4", "block", 4),
            "ring_off": Column("<i8", "ring", 0, "xy"), "xy": Column("<f4", "xy", 2),
        }  # fmt: skip
        for n in range(1, len(LEVELS) + 1 if levels else 1):
            spec[f"ring_off.{n}"] = Column("<i8", "ring", 0, f"xy.{n}")
            spec[f"xy.{n}"] = Column("<f4", f"xy.{n}", 2)
    if uid:
        spec["uid"] = Column("u1", "feature", 16)
    for name in texts:
        spec[f"{name}.off"] = Column("<i8", "feature", 0, f"{name}.txt")
        spec[f"{name}.txt"] = Column("u1", f"{name}.txt")
    return spec


LAYERS: dict[str, dict[str, Column]] = {
    "road": _spec(("name",)),
    "area": _spec(("name", "name_en", "code"), uid=True),
    "water": _spec(("name",)),
    "green": _spec(("name",)),
    "building": _spec((), levels=False),
    "site": _spec(("name",), rings=False),
    "station": _spec(("name",), rings=False),
}


@dataclass(frozen=True)
class ShapeSlot:
    """Where a segment's piece lies: first row and rows by family, in the order of `families`.

    `digest` is of its columns as a piece (BLAKE2b, hex).
    """

    at: tuple[int, ...]
    n: tuple[int, ...]
    digest: str


def families(layer: str) -> tuple[str, ...]:
    """Return what kinds of rows a layer's files have."""
    return tuple(dict.fromkeys(column.of for column in LAYERS[layer].values()))


def piece(layer: str, plain: Columns) -> Columns:
    """Return features (offsets with an end, as `shapes.shape_columns` gives them) as a piece."""
    n = len(plain["kind"])
    pad = -n % BLOCK or BLOCK if n else 0
    out: Columns = {}
    for name, column in LAYERS[layer].items():
        if name == "block":
            continue
        rows = plain[name]
        if column.into and column.of == "feature":
            rows = np.concatenate([rows[:-1], np.full(pad, rows[-1], np.int64)])
        elif column.into:
            rows = rows if n else rows[:0]
        elif column.of == "feature":
            rows = np.concatenate([rows, empty_rows(name, column, pad)])
        out[name] = np.ascontiguousarray(rows.astype(column.kind, copy=False))
    if "box" in out:
        out["block"] = blocks(out["box"])
    return out


def empty_rows(name: str, column: Column, count: int) -> NDArray[Any]:
    """Return the values of rows that are no features."""
    shape = (count, column.wide) if column.wide else (count,)
    out = np.zeros(shape, column.kind)
    if name == "kind":
        out[:] = NONE
    elif name == "box":
        out[:, :2], out[:, 2:] = np.inf, -np.inf
    return out


def blocks(box: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the boxes of `BLOCK` features each."""
    if not len(box):
        return np.empty((0, 4), np.float32)
    start = np.arange(0, len(box), BLOCK)
    low = np.minimum.reduceat(box[:, :2], start, axis=0)
    high = np.maximum.reduceat(box[:, 2:], start, axis=0)
    return np.concatenate([low, high], axis=1)


def plain_of(layer: str, made: Columns) -> Columns:
    """Return the features of a piece without its empty rows, offsets with an end."""
    n = int(np.count_nonzero(made["kind"] != NONE))
    out: Columns = {}
    for name, column in LAYERS[layer].items():
        if name == "block":
            continue
        rows = made[name]
        if column.of == "feature":
            rows = rows[: n + 1] if column.into else rows[:n]
        if column.into and not len(rows):
            rows = np.zeros(1, np.int64)
        out[name] = rows
    return out


def taken(layer: str, plain: Columns, order: NDArray[Any]) -> Columns:
    """Return some features of plain columns, in `order`."""
    spec, out = LAYERS[layer], {}
    chosen: dict[str, NDArray[np.intp]] = {"feature": np.asarray(order, np.intp)}
    for name, column in spec.items():  # in an order in which owners come before what they own
        if column.into:
            rows = chosen[column.of]
            off = plain[name]
            into, new = ranges(off[:-1][rows], off[1:][rows])
            chosen[column.into] = into
            out[name] = new
    for name, column in spec.items():
        if not column.into and name != "block":
            out[name] = plain[name][chosen[column.of]]
    return out


def joined_plain(layer: str, many: Sequence[Columns]) -> Columns:
    """Return plain columns one behind another."""
    out: Columns = {}
    for name, column in LAYERS[layer].items():
        if name == "block":
            continue
        if not column.into:
            out[name] = np.concatenate([one[name] for one in many])
            continue
        base, rows = np.int64(0), [np.zeros(1, np.int64)]
        for one in many:
            rows.append(one[name][1:] + base)
            base += one[name][-1]
        out[name] = np.concatenate(rows)
    return out


def behind(layer: str, base: Columns, more: Columns) -> Columns:
    """Return the columns of files with a piece laid behind them."""
    sizes = dict(zip(families(layer), sizes_of(layer, base), strict=True))
    moved = shifted(layer, more, sizes, 1)
    return {name: np.concatenate([base[name], moved[name]]) for name in LAYERS[layer]}


def shifted(layer: str, columns: Columns, at: Mapping[str, int], sign: int) -> Columns:
    """Return columns with offsets counted from rows `at` of each family (or back: sign -1)."""
    return {
        name: columns[name] + np.int64(sign * at[column.into]) if column.into else columns[name]
        for name, column in LAYERS[layer].items()
    }


def sizes_of(layer: str, columns: Columns) -> tuple[int, ...]:
    """Return the rows of each family."""
    found = {column.of: len(columns[name]) for name, column in LAYERS[layer].items()}
    return tuple(found[family] for family in families(layer))


def digest(layer: str, made: Columns) -> str:
    """Return what tells whether two pieces are the same; of one without features nothing."""
    if not len(made["kind"]):
        return ""
    total = hashlib.blake2b(digest_size=16)
    for name in sorted(LAYERS[layer]):
        total.update(np.ascontiguousarray(made[name]).reshape(-1).view(np.uint8).data)
    return total.hexdigest()


def cut(
    layer: str, plain: Columns, segment: NDArray[np.uint16], bits: int, count: int
) -> list[Columns]:
    """Return the pieces of all `count` segments."""
    number = segment_of_features(layer, plain, segment, bits)
    order = np.argsort(number, kind="stable")
    edges = np.searchsorted(number[order], np.arange(count + 1))
    return [piece(layer, taken(layer, plain, order[edges[s] : edges[s + 1]])) for s in range(count)]


def segment_of_features(
    layer: str, plain: Columns, segment: NDArray[np.uint16], bits: int
) -> NDArray[np.int64]:
    """Return each feature's segment: that of the cell its label's place lies in.

    What spans many streets (tiers above a street) is in the rest segment.
    """
    cell = np.floor(plain["spot"] / CELL)
    fits = np.isfinite(cell).all(axis=1) & (cell >= 0).all(axis=1) & (cell < 1 << bits).all(axis=1)
    if layer == "area":
        fits &= plain["kind"] > _DISTRICT
    at = cell[fits].astype(np.uint32)
    out = np.zeros(len(cell), np.int64)
    out[fits] = segment[morton(at[:, 0], at[:, 1])]
    return out


_DISTRICT = 1  # in AREA_TIERS: city and district come first


def ranges(start: I8, stop: I8) -> tuple[NDArray[np.intp], I8]:
    """Return all numbers of the ranges one after another, and where each range begins."""
    size = stop - start
    off = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    within = np.arange(off[-1], dtype=np.int64) - np.repeat(off[:-1], size)
    return (np.repeat(start, size) + within).astype(np.intp), off
