"""Builds a store from a map: beside the old one, then renamed into place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from app.domain.camera import Bounds
from app.domain.errors import StorageFailure
from app.domain.map_columns import MapSource, PartColumns, PointColumns, ShapeColumns
from app.engines.citystore.cells import CELL, Celled, Columns
from app.engines.citystore.journal import Journal
from app.engines.citystore.manifest import (
    CLOSED,
    POINTS,
    Layer,
    Manifest,
    crc_of,
    save_synced,
    write_columns,
    write_manifest,
)
from app.engines.citystore.morton import bits_for
from app.engines.citystore.overview import overview_columns
from app.engines.citystore.parts import cube_of, part_columns
from app.engines.citystore.pipes import pipe_columns
from app.engines.citystore.segments import swap, writing
from app.engines.citystore.shapes import packed, shape_columns
from app.engines.citystore.streets import segments

STEPS = len(CLOSED) + 4

Progress = Callable[[str, int, int], None]


def build_store(
    source: MapSource, folder: Path, progress: Progress = lambda _stage, _done, _total: None
) -> None:
    """Write the store of `source` to `folder`, in place of what may be there.

    Edits that the journal beside it holds by now are taken as read from the source; later ones
    stay to be folded in. Raises `StorageFailure` if the disk fails; the old store then stands.
    """
    fresh = folder.with_name(f"{folder.name}.new")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        folded = Journal(folder).last
        _Writer(source, fresh, folded, progress).write()
        with writing(folder):
            swap(fresh, folder)
            Journal(folder).trim(folded)
    except OSError as error:
        raise StorageFailure(
            f"The map's derived store could not be written to {folder}: {error}.",
            advice="Check free space and rights; the city itself is not touched.",
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


class _Writer:
    """One build: what is known so far of the store in `folder`."""

    def __init__(self, source: MapSource, folder: Path, folded: int, progress: Progress) -> None:
        self._source = source
        self._folder = folder
        self._folded = folded
        self._progress = progress
        self._files: dict[str, tuple[int, int]] = {}
        self._layers: dict[str, Layer] = {}

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
            self._progress(name, done, STEPS)
            made[name] = shape_columns(shapes.pop(name), frame, origin, closed=closed)
            self._put(name, made[name])
        streets, segment = segments(made["area"], bits)
        self._put("cells", {"segment": segment})
        for name in POINTS:
            self._put(name, point_columns(self._source.points(name), self._source, origin))
        self._progress("parts", len(CLOSED), STEPS)
        celled = part_columns(parts, frame, origin, bits, segment)
        parts.clear()
        self._put_celled("parts", celled)
        rows, cells = celled.rows, celled.cells
        cube = cube_of(cells["key"], cells["num"], rows["cls"], rows["state"], bits)
        self._put("cube", {"0": cube})
        made["parts"] = {**rows, **cells}
        self._progress("pipes", len(CLOSED) + 1, STEPS)
        pipes = pipe_columns(self._source.pipes(), frame, origin, bits, segment)
        self._put_celled("pipes", pipes)
        self._progress("overview", len(CLOSED) + 2, STEPS)
        cover, box = overview_columns(made, bounds, origin)
        self._put("overview", {"cover": cover})
        self._progress("store", len(CLOSED) + 3, STEPS)
        write_manifest(
            self._folder,
            Manifest(
                (frame.lon0, frame.lat0), origin, bits, self._source.fingerprint,
                self._source.sample, (bounds.x0, bounds.y0, bounds.x1, bounds.y1),
                (box.x0, box.y0, box.x1, box.y1), streets, self._layers, self._files,
                folded=self._folded,
            ),
        )  # fmt: skip
        self._progress("store", STEPS, STEPS)

    def _put(self, layer: str, columns: Columns) -> None:
        folder = self._folder / layer
        folder.mkdir()
        for name, column in columns.items():
            path = folder / f"{name}.npy"
            save_synced(path, column)
            self._files[f"{layer}/{name}.npy"] = (path.stat().st_size, crc_of(path))

    def _put_celled(self, layer: str, celled: Celled) -> None:
        write_columns(self._folder, layer, celled.rows, celled.cells)
        n = len(next(iter(celled.rows.values())))
        self._layers[layer] = Layer(n, len(celled.cells["key"]), celled.slots)


def point_columns(points: PointColumns, source: MapSource, origin: tuple[int, int]) -> Columns:
    """Return the columns of a small layer of points (see the package's docstring)."""
    x, y = source.frame.to_xy(points.lon, points.lat)
    xy = np.stack([np.asarray(x) - origin[0], np.asarray(y) - origin[1]], axis=1)
    off, text = packed(points.name)
    return {
        "xy": xy.astype(np.float32).reshape(-1, 2), "kind": points.kind, "fid": points.fid,
        "name.off": off, "name.txt": text,
    }  # fmt: skip


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
