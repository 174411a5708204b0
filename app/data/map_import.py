"""Adds imported rows to a city's `map.gpkg`: one transaction, known rows passed over.

The uid of an imported row comes from its source, so a second import of a file adds nothing.
Parts and places learn the grid that holds them, areas their parent, on the way in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlcipher3 import dbapi2

from app.data.gpkg_rows import decode_geometry, encode_geometries, register_functions
from app.data.holders import Holders, parents_of
from app.data.map_schema import GEOMETRY, LAYERS, MapLayer
from app.data.map_target import Added
from app.domain.errors import Busy, InvalidInput, StorageFailure

_WAIT_S = 30.0


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
    if layer is None:
        raise InvalidInput(f"There is no map layer {layer_name!r}.", field="kind")
    with _transaction(folder / "map.gpkg") as db:
        if layer_name == "area":
            return _append_areas(db, layer, batches, progress)
        grids = _holders(db, "grid") if layer_name in ("part", "place") else None
        return _append(db, layer, batches, progress, grids)


@contextmanager
def _transaction(path: Path) -> Iterator[Any]:
    if not path.exists():
        raise StorageFailure(f"{path} is missing.", advice="Is this the folder of a city?")
    db = dbapi2.connect(str(path), timeout=_WAIT_S, isolation_level=None)
    try:
        register_functions(db)
        db.execute("BEGIN IMMEDIATE")
        yield db
        db.execute("COMMIT")
    except dbapi2.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise Busy(
                f"{path} is held by another program.",
                advice="Close it there (QGIS edits a snapshot, not the map) and try again.",
            ) from error
        raise _failed(path, error) from error
    except dbapi2.Error as error:
        raise _failed(path, error) from error
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
        db.close()


def _failed(path: Path, error: Exception) -> StorageFailure:
    return StorageFailure(
        f"{path} could not be written: {error}.",
        advice="Check free space and rights; the map is as it was before.",
    )


def _append(
    db: Any,
    layer: MapLayer,
    batches: Iterable[pa.RecordBatch],
    progress: Callable[[int], None],
    grids: Holders | None,
) -> Added:
    names = [name for name, _ in layer.columns]
    columns = ", ".join(f'"{name}"' for name in [*names, GEOMETRY])
    marks = ", ".join("?" * (len(names) + 1))
    insert = f'INSERT OR IGNORE INTO "{layer.name}" ({columns}) VALUES ({marks})'
    seen = added = outside = 0
    for batch in batches:
        table = {name: batch.column(name).to_pylist() for name in names}
        wkb = batch.column(GEOMETRY).to_pylist()
        if grids is not None:
            table["grid_uid"], missing = grids.fill(table["grid_uid"], wkb)
            outside += missing
        count = db.execute(f'SELECT count(*) FROM "{layer.name}"').fetchone()[0]
        rows = zip(*(table[name] for name in names), encode_geometries(wkb), strict=True)
        db.executemany(insert, rows)
        added += db.execute(f'SELECT count(*) FROM "{layer.name}"').fetchone()[0] - count
        seen += batch.num_rows
        progress(seen)
    _touch(db, layer.name)
    return Added(added, seen - added, outside)


def _append_areas(
    db: Any, layer: MapLayer, batches: Iterable[pa.RecordBatch], progress: Callable[[int], None]
) -> Added:
    done = _append(db, layer, batches, progress, None)
    orphans = db.execute(
        "SELECT fid, tier, geom FROM area WHERE parent_uid IS NULL AND tier <> 'city'"
    ).fetchall()
    shapes = [(row[0], row[1], decode_geometry(row[2])) for row in orphans]
    found = parents_of(shapes, lambda tier: _holders(db, tier))
    db.executemany("UPDATE area SET parent_uid = ? WHERE fid = ?", found)
    return done


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
