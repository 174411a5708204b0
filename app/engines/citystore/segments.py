"""Segments one by one: put anew, handed to another desk, taken from one.

A segment is never changed in place. Its new rows go behind all others in the columns' files, then
the manifest is replaced: who has the store open goes on reading the old rows, and a crash leaves
the old manifest with some bytes behind that nobody sees. `squeeze` gives the room back.
"""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.domain.geodesy import CityFrame
from app.domain.map_columns import PartColumns, PipeColumns, PointColumns, ShapeColumns
from app.engines.citystore.cells import Celled, Columns, Slot, digest_of, slot_at
from app.engines.citystore.manifest import (
    CELLS,
    ROWS,
    Layer,
    Manifest,
    cell_kinds,
    crc_of,
    map_columns,
    read_manifest,
    save_synced,
    slot_columns,
    sync_folder,
    write_columns,
    write_manifest,
)
from app.engines.citystore.parts import STATES, block_of, cube_side, part_columns
from app.engines.citystore.pieces import CLOSED, LAYERS, cut, digest
from app.engines.citystore.pipes import pipe_columns
from app.engines.citystore.problems import StoreUnusable
from app.engines.citystore.shape_files import mapped, no_layer, numbered, piece_in, written
from app.engines.citystore.shapes import layer_columns, point_columns

Made = Mapping[int, tuple[Columns, Columns]]  # new rows and cells by number of the segment
PAIRS = 256 * STATES


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the store's writing lock: one process at a time changes a store.

    A swap that was interrupted between its two steps is taken back first.
    """
    with folder.with_name(f"{folder.name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        old = folder.with_name(f"{folder.name}.old")
        if old.exists() and not folder.exists():
            old.rename(folder)
        yield


def segment_of(folder: Path) -> NDArray[np.uint16]:
    """Return the number of the segment of each cell, by Morton key."""
    return np.asarray(np.load(folder / "cells" / "segment.npy"))


def rebuild_segments(
    folder: Path, ids: Sequence[str], parts: Iterable[PartColumns], pipes: Iterable[PipeColumns],
    shapes: Mapping[str, ShapeColumns] | None = None,
    points: Mapping[str, PointColumns] | None = None, *, fingerprint: str | None = None,
) -> None:  # fmt: skip
    """Put the segments `ids` anew from what may hold more than they do.

    Layers of `shapes` and `points` that are not given stay as they are. `fingerprint` is the one
    that the source has now.

    Raises `StoreUnusable` if the store has no such segment or is torn, `OSError` if the disk fails.
    """
    with writing(folder):
        manifest = read_manifest(folder)
        numbers = [_number(manifest, one) for one in ids]
        segment, frame = segment_of(folder), CityFrame(*manifest.frame)
        made_parts = part_columns(parts, frame, manifest.origin, manifest.bits, segment)
        made_pipes = pipe_columns(pipes, frame, manifest.origin, manifest.bits, segment)
        plain = {
            name: layer_columns(name, found, frame, manifest.origin, closed=CLOSED[name])
            for name, found in (shapes or {}).items()
        } | {
            name: point_columns(found, frame, manifest.origin)
            for name, found in (points or {}).items()
        }  # fmt: skip
        pieces: dict[str, dict[int, Columns]] = {}
        for name, columns in plain.items():
            cuts = cut(name, columns, segment, manifest.bits, len(manifest.segments))
            pieces[name] = {number: cuts[number] for number in numbers}
        put(
            folder,
            manifest,
            {"parts": chosen(made_parts, numbers), "pipes": chosen(made_pipes, numbers)},
            pieces,
            fingerprint=fingerprint,
        )


def lacking(ours: Path, theirs: Manifest) -> list[str]:
    """Return the segments whose content here is not what another store says of its own."""
    mine = read_manifest(ours)
    have = {one.id: number for number, one in enumerate(mine.segments)}

    def differs(number: int, one: str) -> bool:
        return one not in have or any(
            _digest(mine, layer, have[one]) != _digest(theirs, layer, number)
            for layer in (*ROWS, *LAYERS)
        )

    return [one.id for number, one in enumerate(theirs.segments) if differs(number, one.id)]


def read_segment(folder: Path, one: str) -> bytes:
    """Return a segment as bytes that `take_segments` takes: a NumPy archive of its columns."""
    manifest = read_manifest(folder)
    number = _number(manifest, one)
    columns: Columns = {}
    for name in ROWS:
        slot = slot_in(manifest.layers[name], number)
        rows, cells = slot_columns(*map_columns(folder, name, manifest.layers[name]), slot)
        columns |= {f"{name}.{column}": array for column, array in {**rows, **cells}.items()}
    for name, known in manifest.shapes.items():
        found = piece_in(name, mapped(folder, name, known), known, number)
        columns |= {f"{name}.{column}": array for column, array in found.items()}
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **columns)
    return out.getvalue()


def take_segments(folder: Path, theirs: Manifest, got: Mapping[str, bytes]) -> None:
    """Put segments fetched from another store in, each checked against that store's manifest.

    Raises `StoreUnusable` if one is not what the manifest says; nothing is changed then.
    """
    with writing(folder):
        manifest = read_manifest(folder)
        made: dict[str, dict[int, tuple[Columns, Columns]]] = {name: {} for name in ROWS}
        pieces: dict[str, dict[int, Columns]] = {name: {} for name in LAYERS}
        for one, data in got.items():
            number, source = _number(manifest, one), _number(theirs, one)
            celled, shapes = _unpacked(data)
            for name, found in celled.items():
                if digest_of(*found) != _digest(
                    theirs, name, source, empty=digest_of(*_none(name))
                ):
                    raise StoreUnusable(f"segment {one} came torn")
                made[name][number] = found
            for name, piece in shapes.items():
                if digest(name, piece) != _digest(theirs, name, source):
                    raise StoreUnusable(f"segment {one} came torn")
                pieces[name][number] = piece
        put(folder, manifest, made, pieces)


def put(
    folder: Path, manifest: Manifest, made: Mapping[str, Made],
    pieces: Mapping[str, Mapping[int, Columns]] | None = None, *, folded: int | None = None,
    fingerprint: str | None = None,
) -> Manifest:  # fmt: skip
    """Append new columns and pieces of segments and put the manifest that names them in place."""
    layers, shapes = dict(manifest.layers), dict(manifest.shapes)
    for name, by_segment in (pieces or {}).items():
        shapes[name] = written(folder, name, shapes[name], by_segment)
    cube = np.load(folder / manifest.cube).astype(np.int64)
    for name, by_number in made.items():
        layer = layers[name]
        rows, cells = map_columns(folder, name, layer)
        for number, (new_rows, new_cells) in by_number.items():
            if name == "parts":
                old = slot_columns(rows, cells, slot_in(layer, number))
                _recount(cube, *old, manifest.bits, -1)
                _recount(cube, new_rows, new_cells, manifest.bits, 1)
        layers[name] = _appended(folder, name, layer, by_number)
    generation = manifest.generation + 1
    path = f"cube/{generation}.npy"
    save_synced(folder / path, cube.astype(np.uint32))
    files = {n: pair for n, pair in manifest.files.items() if n != manifest.cube}
    files[path] = ((folder / path).stat().st_size, crc_of(folder / path))
    new = replace(
        manifest, layers=layers, shapes=shapes, files=files, cube=path, generation=generation,
        folded=manifest.folded if folded is None else folded,
        fingerprint=manifest.fingerprint if fingerprint is None else fingerprint,
    )  # fmt: skip
    sync_folder(folder / "cube")
    write_manifest(folder, new)
    sweep(folder, new)
    return new


def sweep(folder: Path, manifest: Manifest) -> None:
    """Remove what an earlier, interrupted change left: cubes of other generations."""
    for path in (folder / "cube").iterdir():
        if f"cube/{path.name}" != manifest.cube:
            path.unlink(missing_ok=True)


def squeeze(folder: Path) -> None:
    """Write a store without the rows that no segment uses any more, in place of the old one."""
    with writing(folder):
        manifest = read_manifest(folder)
        fresh = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        for name in manifest.files:
            (fresh / name).parent.mkdir(exist_ok=True)
            os.link(folder / name, fresh / name)
        for name, layer in manifest.layers.items():
            found = [slot_columns(*map_columns(folder, name, layer), slot) for slot in layer.slots]
            rows = {n: np.concatenate([r[n] for r, _ in found]) for n in ROWS[name]}
            cells = {n: np.concatenate([c[n] for _, c in found]) for n in CELLS[name]}
            write_columns(fresh, name, rows, cells)
            manifest.layers[name] = Layer(*_sizes(rows, cells), _moved(layer.slots))
        for name, known in manifest.shapes.items():
            columns = mapped(folder, name, known)
            pieces = numbered(piece_in(name, columns, known, n) for n in range(len(known.slots)))
            manifest.shapes[name] = written(fresh, name, no_layer(name), pieces)
        write_manifest(fresh, manifest)
        swap(fresh, folder)


def swap(fresh: Path, folder: Path) -> None:
    """Put the finished folder `fresh` in the place of `folder`."""
    old = folder.with_name(f"{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    sync_folder(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def slot_in(layer: Layer, number: int) -> Slot:
    """Return a segment's slot; an empty one if the layer has nothing of it."""
    return layer.slots[number] if number < len(layer.slots) else Slot(0, 0, 0, 0, 0, "")


def chosen(made: Celled, numbers: Iterable[int]) -> dict[int, tuple[Columns, Columns]]:
    """Return rows and cells of some segments of sorted columns."""
    none = ({n: a[:0] for n, a in made.rows.items()}, {n: a[:0] for n, a in made.cells.items()})
    return {
        number: slot_columns(made.rows, made.cells, made.slots[number])
        if number < len(made.slots)
        else none
        for number in numbers
    }


def _appended(folder: Path, name: str, layer: Layer, made: Made) -> Layer:
    """Write new columns behind the rows in use and wait until they are on the disk."""
    row, cell = layer.rows, layer.cells
    slots = list(layer.slots)
    for number, (rows, cells) in made.items():
        slots += [slot_at(0, 0, *_none(name)) for _ in range(number + 1 - len(slots))]
        slots[number] = slot_at(row, cell, rows, cells)
        row, cell = row + slots[number].rows, cell + slots[number].cells
    for index, used, kinds in ((0, layer.rows, ROWS[name]), (1, layer.cells, cell_kinds(name))):
        for column, kind in kinds.items():
            wide = np.dtype(kind).itemsize * (CELLS[name][column][1] or 1 if index else 1)
            with (folder / name / f"{column}.bin").open("r+b") as file:
                file.truncate(used * wide)
                file.seek(used * wide)
                for pair in made.values():
                    np.ascontiguousarray(pair[index][column].astype(kind, copy=False)).tofile(file)
                file.flush()
                os.fsync(file.fileno())
    return Layer(row, cell, slots)


def _none(name: str) -> tuple[Columns, Columns]:
    rows = {n: np.empty(0, kind) for n, kind in ROWS[name].items()}
    cells = {n: np.empty((0, bins) if bins else 0, kind) for n, (kind, bins) in CELLS[name].items()}
    return rows, cells


def _recount(cube: NDArray[np.int64], rows: Columns, cells: Columns, bits: int, sign: int) -> None:
    """Add a segment's parts to the cube, or take them out of it."""
    side = cube_side(bits)
    block = block_of(cells["key"], bits)
    pair = np.minimum(rows["state"], STATES - 1) + rows["cls"].astype(np.int64) * STATES
    at = np.repeat(block, cells["num"]) * PAIRS + pair
    found, n = np.unique(at, return_counts=True)
    cube.reshape(side * side * PAIRS)[found] += sign * n


def _moved(slots: Sequence[Slot]) -> list[Slot]:
    """Return slots laid one after another from row 0."""
    out, row, cell = [], 0, 0
    for slot in slots:
        out.append(replace(slot, row=row, cell=cell))
        row, cell = row + slot.rows, cell + slot.cells
    return out


def _sizes(rows: Columns, cells: Columns) -> tuple[int, int]:
    return len(next(iter(rows.values()))), len(cells["key"])


def _number(manifest: Manifest, one: str) -> int:
    for number, segment in enumerate(manifest.segments):
        if segment.id == one:
            return number
    raise StoreUnusable(f"it has no segment {one}")


def _digest(manifest: Manifest, layer: str, number: int, empty: str = "") -> str:
    """Return a segment's digest; `empty` if it holds nothing of the layer."""
    if layer in manifest.shapes:
        slots = manifest.shapes[layer].slots
        return slots[number].digest if number < len(slots) else ""
    slot = slot_in(manifest.layers[layer], number)
    return slot.digest if slot.rows else empty


def _unpacked(
    data: bytes,
) -> tuple[dict[str, tuple[Columns, Columns]], dict[str, Columns]]:
    """Return the columns of parts and pipes, and the pieces of shapes and points."""
    try:
        with np.load(io.BytesIO(data)) as got:
            return {
                name: (
                    {n: got[f"{name}.{n}"] for n in ROWS[name]},
                    {n: got[f"{name}.{n}"] for n in CELLS[name]},
                )
                for name in ROWS
            }, {name: {n: got[f"{name}.{n}"] for n in LAYERS[name]} for name in LAYERS}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise StoreUnusable(f"a segment came torn ({error})") from error
