"""Builds a store from a map: beside the old one, then renamed into place."""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.camera import Bounds
from app.domain.errors import StorageFailure
from app.domain.map_columns import MapSource, PartColumns, ShapeColumns
from app.engines.citystore.morton import bits_for
from app.engines.citystore.overview import overview_columns
from app.engines.citystore.parts import CELL, part_columns
from app.engines.citystore.shapes import shape_columns

FORMAT = 1
CLOSED = {"road": False, "area": True, "water": True, "green": True, "building": True}

Progress = Callable[[str, int, int], None]
Columns = dict[str, NDArray[Any]]


def build_store(
    source: MapSource, folder: Path, progress: Progress = lambda _stage, _done, _total: None
) -> None:
    """Write the store of `source` to `folder`, in place of what may be there.

    Raises `StorageFailure` if the disk fails; the old store then still stands.
    """
    fresh = folder.with_name(f"{folder.name}.new")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        _Writer(source, fresh, progress).write()
        _swap(fresh, folder)
    except OSError as error:
        raise StorageFailure(
            f"The map's derived store could not be written to {folder}: {error}.",
            advice="Check free space and rights; the city itself is not touched.",
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _swap(fresh: Path, folder: Path) -> None:
    old = folder.with_name(f"{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


class _Writer:
    """One build: what is known so far of the store in `folder`."""

    def __init__(self, source: MapSource, folder: Path, progress: Progress) -> None:
        self._source = source
        self._folder = folder
        self._progress = progress
        self._files: dict[str, list[int]] = {}
        self._counts: dict[str, int] = {}

    def write(self) -> None:
        """Write all layers, the overview, and last the manifest."""
        frame = self._source.frame
        shapes = {name: self._source.shapes(name) for name in CLOSED}
        parts = list(self._source.parts())
        bounds = _extent(shapes, parts, self._source)
        origin = (_floor(bounds.x0), _floor(bounds.y0))
        bits = bits_for(int(max(bounds.x1 - origin[0], bounds.y1 - origin[1]) // CELL) + 1)
        made: dict[str, Columns] = {}
        for done, (name, closed) in enumerate(CLOSED.items()):
            self._progress(name, done, len(CLOSED) + 2)
            made[name] = shape_columns(shapes.pop(name), frame, origin, closed=closed)
            self._put(name, made[name])
            self._counts[name] = len(made[name]["kind"])
        self._progress("parts", len(CLOSED), len(CLOSED) + 2)
        made["parts"] = part_columns(parts, frame, origin, bits)
        parts.clear()
        self._put("parts", made["parts"])
        self._counts["parts"] = len(made["parts"]["cls"])
        self._progress("overview", len(CLOSED) + 1, len(CLOSED) + 2)
        cover, box = overview_columns(made, bounds, origin, bits)
        self._put("overview", {"cover": cover})
        self._seal(origin, bits, bounds, box)
        self._progress("store", len(CLOSED) + 2, len(CLOSED) + 2)

    def _put(self, layer: str, columns: Columns) -> None:
        folder = self._folder / layer
        folder.mkdir()
        for name, column in columns.items():
            path = folder / f"{name}.npy"
            np.save(path, np.ascontiguousarray(column))
            self._files[f"{layer}/{name}.npy"] = [path.stat().st_size, crc_of(path)]

    def _seal(self, origin: tuple[int, int], bits: int, bounds: Bounds, box: Bounds) -> None:
        frame = self._source.frame
        manifest = {
            "format": FORMAT,
            "frame": [frame.lon0, frame.lat0],
            "origin": list(origin),
            "bits": bits,
            "fingerprint": self._source.fingerprint,
            "sample": self._source.sample,
            "counts": self._counts,
            "bounds": [bounds.x0, bounds.y0, bounds.x1, bounds.y1],
            "overview": [box.x0, box.y0, box.x1, box.y1],
            "files": self._files,
        }
        with (self._folder / "manifest.json").open("w", encoding="utf-8") as file:
            json.dump(manifest, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())


def crc_of(path: Path) -> int:
    """Return the CRC-32 of a file."""
    crc = 0
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            crc = zlib.crc32(block, crc)
    return crc


def _floor(value: float) -> int:
    return int(np.floor(value / CELL)) * CELL


def _extent(shapes: dict[str, ShapeColumns], parts: list[PartColumns], source: MapSource) -> Bounds:
    """Return the box of areas, or of all there is where there are none, a cell wider."""
    lonlat = [shapes["area"].coords] if len(shapes["area"]) else []
    if not lonlat:
        lonlat = [s.coords for s in shapes.values() if len(s)]
        lonlat += [np.stack([p.lon, p.lat], axis=1) for p in parts if len(p)]
    every = np.concatenate(lonlat) if lonlat else np.array([[source.frame.lon0, source.frame.lat0]])
    x, y = source.frame.to_xy(every[:, 0].copy(), every[:, 1].copy())
    box = Bounds(float(np.nanmin(x)), float(np.nanmin(y)), float(np.nanmax(x)), float(np.nanmax(y)))
    return box.grown(CELL)
