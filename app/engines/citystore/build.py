"""Builds a store from a map: beside the old one, then renamed into place."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.domain.camera import Bounds
from app.domain.errors import StorageFailure
from app.domain.geodesy import CityFrame
from app.domain.map_columns import MapSource, PartColumns, PipeColumns, ShapeColumns
from app.engines.citystore.cells import CELL, Celled, Columns
from app.engines.citystore.journal import Journal
from app.engines.citystore.manifest import (
    Layer,
    Manifest,
    crc_of,
    save_synced,
    write_columns,
    write_manifest,
)
from app.engines.citystore.morton import bits_for
from app.engines.citystore.overview import overview_columns
from app.engines.citystore.parts import cube_of, joined, part_columns
from app.engines.citystore.pieces import CLOSED, POINTS, cut
from app.engines.citystore.pipes import pipe_columns
from app.engines.citystore.segments import swap, writing
from app.engines.citystore.shape_files import ShapeLayer, no_layer, numbered, written
from app.engines.citystore.shapes import layer_columns, point_columns, with_levels
from app.engines.citystore.streets import segments

STEPS = len(CLOSED) + 4
_REACH = 64_000.0  # metres around all areas in which a part is still drawn
_NAMED = 20  # rows beyond it that are named

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
        self._shapes: dict[str, ShapeLayer] = {}
        self._beyond: dict[str, list[int]] = {}

    def write(self) -> None:
        """Write all layers, the overview, and last the manifest."""
        frame = self._source.frame
        shapes = {name: self._source.shapes(name) for name in CLOSED}
        parts = list(self._source.parts())
        bounds = _extent(shapes, parts, self._source)
        reach = reaching(bounds, parts, frame)
        origin = (_floor(reach.x0), _floor(reach.y0))
        bits = bits_for(int(max(reach.x1 - origin[0], reach.y1 - origin[1]) // CELL) + 1)
        made: dict[str, Columns] = {}
        for name, closed in CLOSED.items():
            made[name] = layer_columns(name, shapes.pop(name), frame, origin, closed=closed)
        ox, oy = origin
        inside = Bounds(bounds.x0 - ox, bounds.y0 - oy, bounds.x1 - ox, bounds.y1 - oy)
        streets, segment = segments(made["area"], bits, inside)
        self._put("cells", {"segment": segment})
        for done, (name, closed) in enumerate(CLOSED.items()):
            self._progress(name, done, STEPS)
            self._put_shapes(name, with_levels(name, made[name], closed=closed), segment, bits)
        for name in POINTS:
            points = point_columns(self._source.points(name), frame, origin)
            self._put_shapes(name, points, segment, bits)
        self._progress("parts", len(CLOSED), STEPS)
        celled = part_columns(parts, frame, origin, bits, segment)
        self._note_beyond("part", [block.fid for block in parts], celled)
        parts.clear()
        self._put_celled("parts", celled)
        rows, cells = celled.rows, celled.cells
        cube = cube_of(cells["key"], cells["num"], rows["cls"], rows["state"], bits)
        self._put("cube", {"0": cube})
        made["parts"] = {**rows, **cells}
        self._progress("pipes", len(CLOSED) + 1, STEPS)
        self._put_pipes(frame, origin, bits, segment)
        self._progress("overview", len(CLOSED) + 2, STEPS)
        cover, box = overview_columns(made, bounds, origin)
        self._put("overview", {"cover": cover})
        self._progress("store", len(CLOSED) + 3, STEPS)
        write_manifest(
            self._folder,
            Manifest(
                (frame.lon0, frame.lat0), origin, bits, self._source.fingerprint,
                self._source.sample, (bounds.x0, bounds.y0, bounds.x1, bounds.y1),
                (box.x0, box.y0, box.x1, box.y1), streets, self._layers, self._shapes,
                self._beyond, self._files, folded=self._folded,
            ),
        )  # fmt: skip
        self._progress("store", STEPS, STEPS)

    def _put_pipes(
        self, frame: CityFrame, origin: tuple[int, int], bits: int, segment: NDArray[np.uint16]
    ) -> None:
        fids: list[NDArray[np.uint32]] = []

        def noted() -> Iterator[PipeColumns]:
            for block in self._source.pipes():
                fids.append(block.fid)
                yield block

        pipes = pipe_columns(noted(), frame, origin, bits, segment)
        self._note_beyond("pipe", fids, pipes)
        self._put_celled("pipes", pipes)

    def _put_shapes(
        self, layer: str, plain: Columns, segment: NDArray[np.uint16], bits: int
    ) -> None:
        """Cut a layer into segments and write it."""
        pieces = cut(layer, plain, segment, bits, int(segment.max(initial=0)) + 1)
        self._shapes[layer] = written(self._folder, layer, no_layer(layer), numbered(pieces))

    def _note_beyond(self, layer: str, fids: list[NDArray[np.uint32]], celled: Celled) -> None:
        """Note which rows of the map have no place in the cells."""
        known = joined(fids, np.uint32)
        there = np.zeros(int(known.max(initial=0)) + 1, np.bool_)
        there[known] = True
        there[celled.rows["fid"]] = False
        lost = np.flatnonzero(there)
        if len(lost):
            self._beyond[layer] = [len(lost), *lost[:_NAMED].tolist()]

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


def reaching(bounds: Bounds, parts: list[PartColumns], frame: CityFrame) -> Bounds:
    """Return bounds grown to hold parts outside them, as far as `_REACH` metres away."""
    near = bounds.grown(_REACH)
    corners = np.array([[bounds.x0, bounds.y0], [bounds.x1, bounds.y1]])
    lon, lat = frame.to_lonlat(corners[:, 0].copy(), corners[:, 1].copy())
    box = bounds
    for block in parts:
        out = (block.lon < lon[0]) | (block.lon > lon[1]) | (block.lat < lat[0])
        out |= block.lat > lat[1]
        if not out.any():
            continue
        x, y = frame.to_xy(block.lon[out], block.lat[out])
        fits = (x > near.x0) & (x < near.x1) & (y > near.y0) & (y < near.y1)
        if fits.any():
            x, y = x[fits], y[fits]
            box = Bounds(
                min(box.x0, float(x.min())), min(box.y0, float(y.min())),
                max(box.x1, float(x.max())), max(box.y1, float(y.max())),
            )  # fmt: skip
    return box
