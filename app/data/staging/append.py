"""Adds many rows to a layer of `map.gpkg`: into a working copy without indexes, then indexed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyogrio
from numpy.typing import NDArray
from sqlcipher3 import dbapi2

from app.data.gpkg_rows import register_functions
from app.data.map_schema import CRS, GEOMETRY, MapLayer
from app.data.map_target import Added, RowsDone
from app.data.readers.keys import RepeatFinder, uids_of
from app.data.staging.doubles import near_alike, same_codes
from app.data.staging.rtree import Boxes, boxes_of, sides_of, write_rtree
from app.data.staging.working_copy import working_copy
from app.domain.errors import StorageFailure

Fill = Callable[[pa.RecordBatch], tuple[pa.RecordBatch, int]]
"""Returns a batch with what it learns from the map, and how many of its rows lie in no grid."""

_ROWS_AT_ONCE: Final = 200_000
_RTREE: Final = "gpkg_rtree_index"
_CACHE_KIB: Final = 200_000


@dataclass
class _Flow:
    """Batches on their way in: counted, freed of known rows, filled, their places remembered."""

    layer: MapLayer
    known: RepeatFinder
    fill: Fill
    progress: RowsDone
    seen: int = 0
    added: int = 0
    outside: int = 0
    boxes: list[Boxes] = field(default_factory=list)
    classes: list[NDArray[np.uint8]] = field(default_factory=list)
    failure: BaseException | None = None

    def new(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the rows that the layer does not hold yet."""
        try:
            yield from self._new(batches)
        except BaseException as error:
            self.failure = error  # Arrow's C stream would swallow its words
            raise

    def _new(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            fresh = self.known.first_seen(uids_of(batch.column("uid")))
            self.seen += batch.num_rows
            if not fresh.all():
                batch = batch.filter(pa.array(fresh))
            if batch.num_rows:
                filled, outside = self.fill(batch)
                self.outside += outside
                self.added += batch.num_rows
                self.remember(filled)
                yield filled
            self.progress(self.seen)

    def remember(self, batch: pa.RecordBatch) -> None:
        """Keep boxes and classes of rows (geometry as WKB) for the indexes to come."""
        self.boxes.append(boxes_of(batch.column(GEOMETRY)))
        if "class" in batch.schema.names:
            column = batch.column("class").fill_null(0)
            self.classes.append(column.to_numpy(zero_copy_only=False).astype(np.uint8))


def append_many(
    path: Path,
    layer: MapLayer,
    batches: Iterable[pa.RecordBatch],
    fill: Fill,
    progress: RowsDone,
    finish: Callable[[Any], None] | None = None,
) -> Added:
    """Add `batches` to `layer` of the map at `path`, whose writers' lock the caller holds.

    `finish` may change the copy further, in the same step. Raises `StorageFailure`; the map is
    then as it was.
    """
    flow = _Flow(layer, _known(path, layer), fill, progress)
    new = flow.new(batches)
    first = next(new, None)
    if first is None:
        return Added(0, flow.seen, 0)
    with working_copy(path) as copy:
        with _quick(copy) as db:
            laid_by = _take_off(db, layer)
        _write(copy, layer, chain((first,), new), flow)
        flow.known = RepeatFinder()  # its memory is needed for the indexes
        with _quick(copy) as db:
            doubles = _put_on(db, copy, layer, flow, laid_by)
            if finish is not None:
                finish(db)
    return Added(flow.added, flow.seen - flow.added, flow.outside, *doubles)


def _known(path: Path, layer: MapLayer) -> RepeatFinder:
    known = RepeatFinder()
    for batch, _ in _stored(path, layer, ["uid"], geometry=False):
        known.first_seen(uids_of(batch.column("uid").drop_null()))
    return known


def _stored(
    path: Path, layer: MapLayer, columns: list[str], *, geometry: bool
) -> Iterator[tuple[pa.RecordBatch, str]]:
    """Yield the rows of the layer as it stands, and the name of their geometry."""
    try:
        with pyogrio.raw.open_arrow(
            path,
            layer=layer.name,
            columns=columns,
            read_geometry=geometry,
            batch_size=_ROWS_AT_ONCE,
            use_pyarrow=True,
            return_fids=True,
        ) as (meta, reader):
            for batch in reader:
                yield batch, meta["geometry_name"] or "wkb_geometry"
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise StorageFailure(
            f"{path} cannot be read: {error}", advice="Restore it from a copy."
        ) from error


@contextmanager
def _quick(copy: Path) -> Iterator[Any]:
    """Yield a connection for changes that need no journal: the copy is thrown away on an error."""
    db = dbapi2.connect(str(copy), isolation_level=None)
    try:
        register_functions(db)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "threads = 2"):
            db.execute(f"PRAGMA {setting}").fetchall()
        db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        db.execute("BEGIN")
        yield db
        db.execute("COMMIT")
    except dbapi2.Error as error:
        raise StorageFailure(
            f"The import could not be written beside {copy.parent}: {error}.",
            advice="Check free space and rights; the map is as it was before.",
        ) from error
    finally:
        db.close()


@dataclass(frozen=True)
class _LaidBy:
    """What was taken off a layer: the statements that make it again; and the layer's last fid."""

    statements: tuple[str, ...]
    tree: str
    extension: tuple[Any, ...]
    last_fid: int


def _take_off(db: Any, layer: MapLayer) -> _LaidBy:
    """Take triggers, indexes and R-tree off the layer."""
    tree = f"rtree_{layer.name}_{GEOMETRY}"
    found = db.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL "
        "AND type IN ('index', 'trigger') ORDER BY type",
        (layer.name,),
    ).fetchall()
    made = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (tree,)).fetchone()
    extension = db.execute(
        "SELECT * FROM gpkg_extensions WHERE table_name = ? AND extension_name = ?",
        (layer.name, _RTREE),
    ).fetchone()
    if made is None or extension is None:
        raise StorageFailure(
            f"The layer {layer.name} of the map has no spatial index.",
            advice="It was not written by Wangge; restore the map from a copy.",
        )
    for kind, name, _ in found:
        db.execute(f'DROP {kind} "{name}"')
    db.execute(f'DROP TABLE "{tree}"')
    db.execute(
        "DELETE FROM gpkg_extensions WHERE table_name = ? AND extension_name = ?",
        (layer.name, _RTREE),
    )
    last = db.execute(f'SELECT max(fid) FROM "{layer.name}"').fetchone()[0]
    return _LaidBy(tuple(sql for _, _, sql in found), made[0], extension, int(last or 0))


def _write(copy: Path, layer: MapLayer, rows: Iterator[pa.RecordBatch], flow: _Flow) -> None:
    """Write the rows by GDAL, which takes Arrow as it is."""
    reader = pa.RecordBatchReader.from_batches(layer.schema, rows)
    try:
        pyogrio.write_arrow(
            reader,
            copy,
            layer=layer.name,
            driver="GPKG",
            geometry_name=GEOMETRY,
            geometry_type=layer.geometry,
            crs=CRS,
            append=True,
        )
    except (RuntimeError, pyogrio.errors.DataSourceError, pa.ArrowException) as error:
        if flow.failure is not None:
            raise flow.failure from None
        raise StorageFailure(
            f"The rows could not be written beside the map: {error}.",
            advice="Check free space and rights; the map is as it was before.",
        ) from error


def _put_on(db: Any, copy: Path, layer: MapLayer, flow: _Flow, laid_by: _LaidBy) -> tuple[int, int]:
    """Build R-tree and indexes, tell the layer's size; return doubles by code and by place."""
    added = flow.boxes, flow.classes
    flow.boxes, flow.classes = [], []
    fids = [np.zeros(0, np.int64)]
    if laid_by.last_fid:
        fids = list(_recalled(copy, layer, flow, laid_by.last_fid))
    flow.boxes += added[0]
    added[0].clear()
    boxes = _joined(flow.boxes)
    fids.append(np.arange(laid_by.last_fid + 1, laid_by.last_fid + 1 + flow.added))
    db.execute(laid_by.tree)
    write_rtree(db, f"rtree_{layer.name}_{GEOMETRY}", np.concatenate(fids), boxes)
    marks = ", ".join("?" * len(laid_by.extension))
    db.execute(f"INSERT INTO gpkg_extensions VALUES ({marks})", laid_by.extension)
    for statement in laid_by.statements:
        db.execute(statement)
    _tell_size(db, layer, boxes)
    if layer.name != "part":
        return 0, 0
    classes = np.concatenate([*flow.classes, *added[1]])
    points = boxes if boxes.shape[1] == 2 else boxes[:, [0, 2]]
    alike = near_alike(points[:, 0], points[:, 1], classes)
    return same_codes(db, layer.name), int(alike[-flow.added :].sum())


def _joined(pieces: list[Boxes]) -> Boxes:
    """Return all boxes; as points if all are."""
    width = max((piece.shape[1] for piece in pieces), default=2)
    boxes = np.empty((sum(len(piece) for piece in pieces), width))
    end = len(boxes)
    while pieces:  # each goes as it is copied: there may be many millions
        piece = pieces.pop()
        boxes[end - len(piece) : end] = sides_of(piece) if width == 4 else piece
        end -= len(piece)
    return boxes


def _recalled(copy: Path, layer: MapLayer, flow: _Flow, last: int) -> Iterator[NDArray[np.int64]]:
    """Read the boxes and classes of the rows that were there before; yield their fids."""
    columns = ["class"] if layer.name == "part" else []
    for batch, geometry in _stored(copy, layer, columns, geometry=True):
        fids = np.asarray(batch.column("fid").to_numpy(zero_copy_only=False), np.int64)
        keep = fids <= last
        if not keep.any():
            return
        old = batch.filter(pa.array(keep))
        flow.remember(old.rename_columns(
            [GEOMETRY if name == geometry else name for name in old.schema.names]
        ))  # fmt: skip
        yield fids[keep]


def _tell_size(db: Any, layer: MapLayer, boxes: Boxes) -> None:
    """Set extent, row count and time of change in the GeoPackage's tables."""
    sides = [
        float(pick(boxes[:, side])) if len(boxes) else None
        for side, pick in (
            (0, np.nanmin),
            (boxes.shape[1] // 2, np.nanmin),
            (boxes.shape[1] // 2 - 1, np.nanmax),
            (-1, np.nanmax),
        )
    ]
    db.execute(
        "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ?, "
        "last_change = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE table_name = ?",
        (*sides, layer.name),
    )
    db.execute(
        f'UPDATE gpkg_ogr_contents SET feature_count = (SELECT count(*) FROM "{layer.name}") '
        "WHERE lower(table_name) = lower(?)",
        (layer.name,),
    )
