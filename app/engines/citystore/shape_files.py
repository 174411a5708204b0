"""The files of shapes and small points: the pieces of each layer, one behind another.

Files only grow: a segment put anew lies behind the others, and who has the store open goes on
reading the old rows. What no slot names is dead; `mapped_shapes` hides it.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engines.citystore.cells import Columns
from app.engines.citystore.columns import Points, Shapes
from app.engines.citystore.pieces import (
    LAYERS,
    NONE,
    Column,
    ShapeSlot,
    digest,
    families,
    plain_of,
    shifted,
    sizes_of,
)

_SMALL = 1 << 18  # bytes: files up to this, and all that kernels step by, are summed at opening


@dataclass
class ShapeLayer:
    """A layer's files: rows of each family, the sum of each column's file, and the slots."""

    rows: tuple[int, ...]
    sums: dict[str, int]
    slots: list[ShapeSlot]


def no_layer(layer: str) -> ShapeLayer:
    """Return a layer of which nothing is written yet."""
    return ShapeLayer((0,) * len(families(layer)), dict.fromkeys(LAYERS[layer], 0), [])


def written(folder: Path, layer: str, known: ShapeLayer, made: Mapping[int, Columns]) -> ShapeLayer:
    """Write pieces by number of the segment behind what is known; they are on the disk then."""
    place, spec, names = folder / layer, LAYERS[layer], families(layer)
    place.mkdir(exist_ok=True)
    rows, sums, slots = list(known.rows), dict(known.sums), list(known.slots)
    none = ShapeSlot((0,) * len(names), (0,) * len(names), "")
    with ExitStack() as opened:
        files: dict[str, Any] = {}
        for name, column in spec.items():
            path = place / f"{name}.bin"
            path.touch()
            files[name] = opened.enter_context(path.open("r+b"))
            end = rows[names.index(column.of)] * _width(column)
            files[name].truncate(end)
            files[name].seek(end)
        for number, piece in made.items():
            slots += [none] * (number + 1 - len(slots))
            size = sizes_of(layer, piece)
            slots[number] = ShapeSlot(tuple(rows), size, digest(layer, piece))
            moved = shifted(layer, piece, dict(zip(names, rows, strict=True)), 1)
            for name, column in spec.items():
                data = np.ascontiguousarray(moved[name], column.kind)
                sums[name] = zlib.crc32(data.reshape(-1).view(np.uint8).data, sums[name])
                data.tofile(files[name])
            rows = [a + b for a, b in zip(rows, size, strict=True)]
        for file in files.values():
            file.flush()
            os.fsync(file.fileno())
    return ShapeLayer(tuple(rows), sums, slots)


def mapped(folder: Path, layer: str, known: ShapeLayer) -> Columns:
    """Map the columns of a layer read-only; what lies behind them is not seen."""
    rows = dict(zip(families(layer), known.rows, strict=True))
    return {
        name: _mapped(folder / layer / f"{name}.bin", column, rows[column.of], "r")
        for name, column in LAYERS[layer].items()
    }


def piece_in(layer: str, columns: Columns, known: ShapeLayer, number: int) -> Columns:
    """Return the piece of a segment; one without features if the layer has nothing of it."""
    names = families(layer)
    none = ShapeSlot((0,) * len(names), (0,) * len(names), "")
    slot = known.slots[number] if number < len(known.slots) else none
    at = dict(zip(names, slot.at, strict=True))
    size = dict(zip(names, slot.n, strict=True))
    found = {
        name: columns[name][at[column.of] : at[column.of] + size[column.of]]
        for name, column in LAYERS[layer].items()
    }
    return shifted(layer, found, at, -1)


def check_layer(folder: Path, layer: str, known: ShapeLayer, *, whole: bool) -> str:
    """Return which column is not what was written, or nothing.

    Sums what is small and what kernels step by, or, `whole`, everything.
    """
    rows = dict(zip(families(layer), known.rows, strict=True))
    for name, column in LAYERS[layer].items():
        path, size = folder / layer / f"{name}.bin", rows[column.of] * _width(column)
        torn = path.stat().st_size < size
        if not torn and (whole or column.into or name == "block" or size <= _SMALL):
            torn = _sum(path, size) != known.sums[name]
        if torn:
            return f"{layer}/{name}.bin"
    return ""


def torn_piece(folder: Path, layer: str, known: ShapeLayer) -> int | None:
    """Return the number of a segment whose piece is not what its slot says."""
    columns = mapped(folder, layer, known)
    for number, slot in enumerate(known.slots):
        if digest(layer, piece_in(layer, columns, known, number)) != slot.digest:
            return number
    return None


def mapped_shapes(folder: Path, layer: str, known: ShapeLayer) -> Shapes:
    """Map a layer of lines or polygons; rows of segments that were put anew are hidden."""
    columns = mapped(folder, layer, known)
    dead = _dead(layer, known)
    if dead.any():
        columns = hidden(folder, layer, known, columns, dead)
    return shapes_of(layer, columns)


def hidden(
    folder: Path, layer: str, known: ShapeLayer, columns: Columns, rows: NDArray[np.bool_]
) -> Columns:
    """Return columns in which some rows are no features; only their pages are copied."""
    out = dict(columns)
    for name in ("kind", "fid", "box", "uid"):
        if name in columns:
            column = LAYERS[layer][name]
            out[name] = _mapped(folder / layer / f"{name}.bin", column, len(rows), "c")
    mask(out, rows)
    for name in ("kind", "fid", "box", "uid"):
        if name in columns:
            out[name].flags.writeable = False
    return out


def mask(columns: Columns, rows: NDArray[Any]) -> None:
    """Turn some rows of writable columns into ones that are no features."""
    columns["kind"][rows] = NONE
    columns["fid"][rows] = 0
    columns["box"][rows] = (np.inf, np.inf, -np.inf, -np.inf)
    columns["block"] = columns["block"].copy()
    if "uid" in columns:
        columns["uid"][rows] = 0
    whole = np.asarray(columns["kind"]).reshape(-1, 64) == NONE
    columns["block"][whole.all(axis=1)] = (np.inf, np.inf, -np.inf, -np.inf)


def shapes_of(layer: str, columns: Columns) -> Shapes:
    """Return the columns of a layer's files with names."""
    texts = {
        name.removesuffix(".off"): (columns[name], columns[name.replace(".off", ".txt")])
        for name in LAYERS[layer] if name.endswith(".off")
    }  # fmt: skip
    levels = tuple(
        (columns[name], columns[name.replace("xy", "ring_off")])
        for name in LAYERS[layer] if name.startswith("xy.")
    )  # fmt: skip
    return Shapes(
        columns["xy"], columns["ring_off"], columns["feature_off"], columns["box"],
        columns["block"], columns["kind"], columns["width"], columns["fid"],
        columns.get("uid", np.empty((0, 16), np.uint8)), columns["spot"], texts, levels,
    )  # fmt: skip


def columns_of(layer: str, shapes: Shapes) -> Columns:
    """Return a layer's columns by their names in the files."""
    out: Columns = {}
    for name in LAYERS[layer]:
        stem, _dot, end = name.partition(".")
        if end in ("off", "txt"):
            out[name] = shapes.texts[stem][end == "txt"]
        elif end:
            out[name] = shapes.levels[int(end) - 1][stem == "ring_off"]
        else:
            out[name] = getattr(shapes, name)
    return out


def opened_points(folder: Path, layer: str, known: ShapeLayer) -> Points:
    """Read a small layer of points: the features of all segments."""
    from app.engines.citystore.pieces import joined_plain

    columns = mapped(folder, layer, known)
    many = [
        plain_of(layer, piece_in(layer, columns, known, n)) for n in range(len(known.slots))
    ]  # fmt: skip
    made = joined_plain(layer, many or [plain_of(layer, columns)])
    return Points(made["spot"], made["kind"], made["fid"], made["name.off"], made["name.txt"])


def live_rows(layer: str, known: ShapeLayer) -> int:
    """Return how many rows of features the slots name, empty ones among them."""
    at = families(layer).index("feature")
    return sum(slot.n[at] for slot in known.slots)


def _dead(layer: str, known: ShapeLayer) -> NDArray[np.bool_]:
    at = families(layer).index("feature")
    dead = np.ones(known.rows[at], np.bool_)
    for slot in known.slots:
        dead[slot.at[at] : slot.at[at] + slot.n[at]] = False
    return dead


def _width(column: Column) -> int:
    return np.dtype(column.kind).itemsize * max(column.wide, 1)


def _mapped(path: Path, column: Column, rows: int, mode: Any) -> NDArray[Any]:
    shape = (rows, column.wide) if column.wide else (rows,)
    if not rows:
        return np.empty(shape, column.kind)
    return np.memmap(path, column.kind, mode, shape=shape).view(np.ndarray)


def _sum(path: Path, size: int) -> int:
    total = 0
    with path.open("rb") as file:
        while size > 0 and (data := file.read(min(size, 1 << 22))):
            total = zlib.crc32(data, total)
            size -= len(data)
    return total if not size else -1


def numbered(pieces: Iterable[Columns]) -> dict[int, Columns]:
    """Return pieces by number of the segment, those without features left out."""
    return {number: one for number, one in enumerate(pieces) if len(one["kind"])}
