"""Adds imported rows to a city's `map.gpkg`, all or nothing, known rows passed over.

The uid of an imported row comes from its source, so a second import of a file adds nothing.
Parts and places learn the grid that holds them, areas their parent, on the way in. A few rows go
into the file in one transaction; many go through a working copy (`app.data.staging`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from app.data.gpkg_rows import decode_geometry, encode_geometries
from app.data.holders import Holders, parents_of
from app.data.map_schema import GEOMETRY, LAYERS, MapLayer
from app.data.map_target import Added
from app.data.staging.doubles import doubles_of
from app.data.staging.working_copy import open_locked
from app.domain.errors import InvalidInput

FEW: Final = 50_000
_MOST_FEW: Final = 500_000
_GRIDDED: Final = ("part", "place")


def append_rows(
    folder: Path,
    layer_name: str,
    batches: Iterable[pa.RecordBatch],
    progress: Callable[[int], None],
) -> Added:
    """Add `batches` (in `map_schema` columns, geometry as WKB) to a layer of a city's map.

    All or nothing. Raises `Busy` if another program holds the file, `StorageFailure` if the
    disk fails; what was there before is unharmed.
    """
    layer = LAYERS.get(layer_name)
    if layer is None or not layer.geometry:
        raise InvalidInput(f"There is no map layer {layer_name!r}.", field="kind")
    path = folder / "map.gpkg"
    with open_locked(path) as db:
        last = db.execute(f'SELECT max(fid) FROM "{layer.name}"').fetchone()[0] or 0
        first, rest = _first_of(batches, min(max(FEW, last // 50), _MOST_FEW))
        if rest is None:
            added = _append(db, layer, first, progress)
            return Added(*added, *doubles_of(db, layer.name, last))
        return _append_many(db, path, layer, chain(first, rest), progress)


def _first_of(
    batches: Iterable[pa.RecordBatch], most: int
) -> tuple[list[pa.RecordBatch], Iterator[pa.RecordBatch] | None]:
    """Return the batches until they hold more than `most` rows, and the rest if there is one."""
    first: list[pa.RecordBatch] = []
    rest = iter(batches)
    rows = 0
    for batch in rest:
        first.append(batch)
        rows += batch.num_rows
        if rows > most:
            return first, rest
    return first, None


def _append_many(
    db: Any,
    path: Path,
    layer: MapLayer,
    batches: Iterable[pa.RecordBatch],
    progress: Callable[[int], None],
) -> Added:
    from app.data.staging.append import append_many

    finish = _give_parents if layer.name == "area" else None
    return append_many(path, layer, batches, _filler(db, layer), progress, finish)


def _filler(db: Any, layer: MapLayer) -> Callable[[pa.RecordBatch], tuple[pa.RecordBatch, int]]:
    """Return what gives rows the grid that holds them, and tells how many lie in none."""
    if layer.name not in _GRIDDED:
        return lambda batch: (batch, 0)
    return _holders(db, "grid").filled


def _append(
    db: Any,
    layer: MapLayer,
    batches: Iterable[pa.RecordBatch],
    progress: Callable[[int], None],
) -> tuple[int, int, int]:
    names = [name for name, _ in layer.columns]
    columns = ", ".join(f'"{name}"' for name in [*names, GEOMETRY])
    marks = ", ".join("?" * (len(names) + 1))
    insert = f'INSERT OR IGNORE INTO "{layer.name}" ({columns}) VALUES ({marks})'
    fill = _filler(db, layer)
    seen = added = outside = 0
    for batch in batches:
        filled, missing = fill(batch)
        wkb = filled.column(GEOMETRY).to_pylist()
        cells = (filled.column(name).to_pylist() for name in names)
        rows = zip(*cells, encode_geometries(wkb), strict=True)
        added += max(db.executemany(insert, rows).rowcount, 0)
        outside += missing
        seen += batch.num_rows
        progress(seen)
    if added:
        _touch(db, layer.name)
        if layer.name == "area":
            _give_parents(db)
    return added, seen - added, outside


def _give_parents(db: Any) -> None:
    orphans = db.execute(
        "SELECT fid, tier, geom FROM area WHERE parent_uid IS NULL AND tier <> 'city'"
    ).fetchall()
    shapes = [(row[0], row[1], decode_geometry(row[2])) for row in orphans]
    found = parents_of(shapes, lambda tier: _holders(db, tier))
    db.executemany("UPDATE area SET parent_uid = ? WHERE fid = ?", found)


def _touch(db: Any, name: str) -> None:
    bounds = db.execute(
        f"SELECT min(minx), min(miny), max(maxx), max(maxy) FROM rtree_{name}_{GEOMETRY}"
    ).fetchone()
    db.execute(
        "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ?, "
        "last_change = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE table_name = ?",
        (*bounds, name),
    )


def _holders(db: Any, tier: str) -> Holders:
    rows = db.execute(
        "SELECT uid, geom FROM area WHERE valid_to IS NULL AND tier = ? ORDER BY code", (tier,)
    ).fetchall()
    return Holders([row[0] for row in rows], [decode_geometry(row[1]) for row in rows])
