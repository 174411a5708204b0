"""What a store says of itself: read, checked, and replaced in one step."""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engines.citystore.cells import Columns, Slot
from app.engines.citystore.pieces import ShapeSlot
from app.engines.citystore.problems import StoreUnusable
from app.engines.citystore.shape_files import ShapeLayer
from app.engines.citystore.streets import Segment

FORMAT = 3
NAME = "manifest.json"

# columns of the layers that lie in cells: dtype by name; those of cells may have bins
ROWS: dict[str, dict[str, str]] = {
    "parts": {"x": "<u2", "y": "<u2", "cls": "u1", "state": "u1", "fid": "<u4"},
    "pipes": {"ax": "<i2", "ay": "<i2", "bx": "<i2", "by": "<i2", "kind": "u1", "size": "<u2",
              "fid": "<u4"},
}  # fmt: skip
CELLS: dict[str, dict[str, tuple[str, int]]] = {
    "parts": {"key": ("<u4", 0), "num": ("<u4", 0), "sub": ("<u2", 64)},
    "pipes": {"key": ("<u4", 0), "num": ("<u4", 0), "sub": ("<f4", 16)},
}


@dataclass
class Layer:
    """A layer in cells: how many rows and cells its files hold, and where segments lie in them."""

    rows: int
    cells: int
    slots: list[Slot]


@dataclass
class Manifest:
    """See the package's docstring. `folded` is the last batch of the journal that is in.

    `beyond` is what the map holds too far away to be drawn: by layer how many, then rows of some.
    """

    frame: tuple[float, float]
    origin: tuple[int, int]
    bits: int
    fingerprint: str
    sample: bool
    bounds: tuple[float, float, float, float]
    overview: tuple[float, float, float, float]
    segments: list[Segment]
    layers: dict[str, Layer] = field(default_factory=dict)
    shapes: dict[str, ShapeLayer] = field(default_factory=dict)
    beyond: dict[str, list[int]] = field(default_factory=dict)
    files: dict[str, tuple[int, int]] = field(default_factory=dict)
    cube: str = "cube/0.npy"
    generation: int = 0
    folded: int = 0


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a store; raises `StoreUnusable` if there is no sound one."""
    try:
        text = (folder / NAME).read_text("utf-8")
        raw = json.loads(text)
    except (OSError, ValueError) as error:
        raise StoreUnusable("it has no readable manifest") from error
    if not isinstance(raw, dict):
        raise StoreUnusable("its manifest is not a table")
    if raw.get("format") != FORMAT:
        raise StoreUnusable(f"its format is {raw.get('format')}, not {FORMAT}")
    body = raw.get("body")
    if not isinstance(body, dict) or raw.get("sum") != _sum(body):
        raise StoreUnusable("its manifest is torn")
    try:
        return _parsed(body)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreUnusable(f"its manifest is not whole ({error})") from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put a manifest in place in one step: whoever opens finds the old or the new one."""
    body = asdict(manifest)
    body["segments"] = [astuple(one) for one in manifest.segments]
    body["layers"] = {
        name: [layer.rows, layer.cells, [astuple(slot) for slot in layer.slots]]
        for name, layer in manifest.layers.items()
    }
    body["shapes"] = {
        name: [one.rows, one.sums, [astuple(slot) for slot in one.slots]]
        for name, one in manifest.shapes.items()
    }
    body = json.loads(json.dumps(body))
    fresh = folder / f"{NAME}.new"
    with fresh.open("w", encoding="utf-8") as file:
        json.dump({"format": FORMAT, "sum": _sum(body), "body": body}, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / NAME)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _sum(body: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(body, sort_keys=True).encode())


def _parsed(body: dict[str, Any]) -> Manifest:
    layers = {
        name: Layer(rows, cells, [Slot(*slot) for slot in slots])
        for name, (rows, cells, slots) in body["layers"].items()
    }
    shapes = {
        name: ShapeLayer(
            tuple(rows), sums, [ShapeSlot(tuple(at), tuple(n), sum_) for at, n, sum_ in slots]
        )
        for name, (rows, sums, slots) in body["shapes"].items()
    }
    return Manifest(
        **{
            **body,
            "frame": tuple(body["frame"]),
            "origin": tuple(body["origin"]),
            "bounds": tuple(body["bounds"]),
            "overview": tuple(body["overview"]),
            "segments": [Segment(*one) for one in body["segments"]],
            "layers": layers,
            "shapes": shapes,
            "files": {name: tuple(pair) for name, pair in body["files"].items()},
        }
    )


def crc_of(path: Path) -> int:
    """Return the CRC-32 of a file."""
    crc = 0
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            crc = zlib.crc32(block, crc)
    return crc


def save_synced(path: Path, column: NDArray[Any]) -> None:
    """Write an array as `.npy` and wait until it is on the disk."""
    with path.open("wb") as file:
        np.save(file, np.ascontiguousarray(column))
        file.flush()
        os.fsync(file.fileno())


def write_columns(folder: Path, layer: str, rows: Columns, cells: Columns) -> None:
    """Write the columns of a layer in cells, each a plain file."""
    place = folder / layer
    place.mkdir(exist_ok=True)
    for columns, kinds in ((rows, ROWS[layer]), (cells, cell_kinds(layer))):
        for name, kind in kinds.items():
            with (place / f"{name}.bin").open("wb") as file:
                columns[name].astype(kind, copy=False).tofile(file)
                file.flush()
                os.fsync(file.fileno())


def cell_kinds(layer: str) -> dict[str, str]:
    """Return the dtypes of a layer's columns of cells."""
    return {name: kind for name, (kind, _bins) in CELLS[layer].items()}


def map_columns(folder: Path, name: str, layer: Layer) -> tuple[Columns, Columns]:
    """Map the columns of rows and of cells read-only; what lies behind them is not seen."""
    rows = {
        column: _mapped(folder / name / f"{column}.bin", kind, (layer.rows,))
        for column, kind in ROWS[name].items()
    }
    cells = {
        column: _mapped(
            folder / name / f"{column}.bin", kind, (layer.cells, bins) if bins else (layer.cells,)
        )
        for column, (kind, bins) in CELLS[name].items()
    }
    return rows, cells


def slot_columns(rows: Columns, cells: Columns, slot: Slot) -> tuple[Columns, Columns]:
    """Return the columns of one segment."""
    r = slice(slot.row, slot.row + slot.rows)
    c = slice(slot.cell, slot.cell + slot.cells)
    return {n: a[r] for n, a in rows.items()}, {n: a[c] for n, a in cells.items()}


def _mapped(path: Path, kind: str, shape: tuple[int, ...]) -> NDArray[Any]:
    if not shape[0]:
        return np.empty(shape, kind)
    return np.memmap(path, kind, "r", shape=shape).view(np.ndarray)
