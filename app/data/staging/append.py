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
from numpy.typing import NDArray
from sqlcipher3 import dbapi2

from app.data.gpkg_rows import register_functions
from app.data.layer_rows import layer_rows
from app.data.map_schema import GEOMETRY, MapLayer
from app.data.map_target import Added, RowsDone
from app.data.readers.keys import RepeatFinder, uids_of
from app.data.spent import Spent
from app.data.spool import Spool, rises
from app.data.staging.btree import MOST_ROWS, Cells, PageFile, pair_cells, write_table
from app.data.staging.doubles import near_alike_count, same_codes
from app.data.staging.indexes import KeySpool, Written
from app.data.staging.rtree import Boxes, boxes_of, pack_rtree, put_leaves, sides_of
from app.data.staging.working_copy import working_copy
from app.domain.errors import StorageFailure

Fill = Callable[[pa.RecordBatch], tuple[pa.RecordBatch, int]]
"""Returns a batch with what it learns from the map, and how many of its rows lie in no grid."""

_ROWS_AT_ONCE: Final = 200_000
_RTREE: Final = "gpkg_rtree_index"
_CACHE_KIB: Final = 32_000


@dataclass
class _Flow:
    """Batches on their way in: counted, freed of known rows, filled, their places remembered."""

    layer: MapLayer
    known: RepeatFinder
    fill: Fill
    progress: RowsDone
    rows: _Rows
    seen: int = 0
    added: int = 0
    outside: int = 0
    spent: Spent = field(default_factory=Spent)

    def new(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the rows that the layer does not hold yet."""
        for batch in batches:
            with self.spent.stage("fill"):
                filled = self._filled(batch)
            if filled is not None:
                yield filled
            self.progress(self.seen)

    def _filled(self, batch: pa.RecordBatch) -> pa.RecordBatch | None:
        fresh = self.known.first_seen(uids_of(batch.column("uid")))
        self.seen += batch.num_rows
        if not fresh.all():
            batch = batch.filter(pa.array(fresh))
        if batch.num_rows:
            filled, outside = self.fill(batch)
            self.outside += outside
            self.added += batch.num_rows
            self.rows.add(filled)
            return filled
        return None


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
    known = RepeatFinder(path.parent)
    _recall(path, layer, known)
    flow = _Flow(layer, known, fill, progress, _Rows(layer, path.parent))
    new = flow.new(batches)
    first = next(new, None)
    if first is None:
        return Added(0, flow.seen, 0)
    with working_copy(path) as copy:
        with _quick(copy) as db:
            laid_by = _take_off(db, layer)
        _write(copy, layer, chain((first,), new), flow, laid_by)
        doubles = _put_on(copy, layer, flow, laid_by)
        if finish is not None:
            with _quick(copy) as db:
                finish(db)
    known_rows = flow.seen - flow.added
    spent = (flow.spent.told(), flow.spent.lasted())
    return Added(flow.added, known_rows, flow.outside, *doubles, *spent)


def _recall(path: Path, layer: MapLayer, known: RepeatFinder) -> None:
    for batch, _ in layer_rows(path, layer.name, ["uid"], geometry=False):
        known.first_seen(uids_of(batch.column("uid").drop_null()))


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

    statements: tuple[tuple[str, str], ...]
    tree: str
    extension: tuple[Any, ...]
    last_fid: int
    root: int


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
    given = db.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (layer.name,)).fetchone()
    last = db.execute(f'SELECT max(fid) FROM "{layer.name}"').fetchone()[0]
    statements = tuple((name, sql) for _, name, sql in found)
    root = db.execute(
        "SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = ?", (layer.name,)
    ).fetchone()[0]
    last = max(int(last or 0), given[0] if given else 0)
    return _LaidBy(statements, made[0], extension, last, int(root))


def _write(
    copy: Path, layer: MapLayer, rows: Iterator[pa.RecordBatch], flow: _Flow, laid_by: _LaidBy
) -> None:
    """Put the rows behind those that are there, page by page, numbered on from the last one."""
    from app.data.staging.table_rows import TableEnd

    end = TableEnd(copy, layer, laid_by.root)
    first = laid_by.last_fid + 1
    try:
        for batch in rows:
            with flow.spent.stage("write"):
                end.add(batch, first)
            first += batch.num_rows
        with flow.spent.stage("write"):
            end.close(laid_by.last_fid)
    except BaseException:
        end.abandon()
        raise


def _put_on(copy: Path, layer: MapLayer, flow: _Flow, laid_by: _LaidBy) -> tuple[int, int]:
    """Build R-tree and indexes, tell the layer's size; return doubles by code and by place."""
    rows = flow.rows
    if laid_by.last_fid:
        rows = _with_stored(copy, layer, flow, laid_by.last_fid)
    rows.number(laid_by.last_fid, flow.added)
    fids, boxes = rows.fids.array(), rows.boxes.array()
    with flow.spent.stage("index"), PageFile(copy) as file:
        made = rows.write_indexes(file, fids)
    tree = f"rtree_{layer.name}_{GEOMETRY}"
    with flow.spent.stage("rtree"), _quick(copy) as db:
        _refuse_other_rows(db, layer, fids)
        _register(db, layer, laid_by, made)
        db.execute(laid_by.tree)
        held, leaves = pack_rtree(db, tree, fids, boxes, copy.parent)
        marks = ", ".join("?" * len(laid_by.extension))
        db.execute(f"INSERT INTO gpkg_extensions VALUES ({marks})", laid_by.extension)
        for name, statement in laid_by.statements:
            if name not in made:
                db.execute(statement)
        _tell_size(db, layer, boxes, len(fids), int(fids[-1]))
        codes = 0
        if layer.name == "part":
            code = made.get(_index_name(layer, "code"))
            codes = code.twice if code else same_codes(db, layer.name)
        root = db.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?", (f"{tree}_rowid",)
        ).fetchone()[0]
        if len(held) and held[-1] >= MOST_ROWS:
            put_leaves(db, tree, held, leaves)
            held = held[:0]
    with flow.spent.stage("rtree"), PageFile(copy) as file:
        write_table(file, _pairs(held, leaves), int(root))
    if layer.name != "part":
        return 0, 0
    with flow.spent.stage("doubles"):
        places = near_alike_count(boxes, rows.classes.array(), len(fids) - flow.added)
    return codes, places


def _with_stored(copy: Path, layer: MapLayer, flow: _Flow, last: int) -> _Rows:
    """Return what the indexes need of the rows that were there before, and then of the new ones."""
    rows = _Rows(layer, copy.parent)
    columns = list(dict.fromkeys(["uid", *rows.columns]))
    for batch, geometry in layer_rows(copy, layer.name, columns):
        fids = np.asarray(batch.column("fid").to_numpy(zero_copy_only=False), np.int64)
        keep = fids <= last
        if not keep.any():
            break
        old = batch.filter(pa.array(keep))
        rows.add(old.rename_columns(
            [GEOMETRY if name == geometry else name for name in old.schema.names]
        ))  # fmt: skip
        rows.fids.add(fids[keep])
    rows.follow(flow.rows)
    return rows


def _refuse_other_rows(db: Any, layer: MapLayer, fids: NDArray[np.int64]) -> None:
    """Refuse to go on if the rows are not numbered as the indexes take them to be."""
    count, last = db.execute(f'SELECT count(*), max(fid) FROM "{layer.name}"').fetchone()
    if count != len(fids) or last != fids[-1]:
        raise StorageFailure(
            f"The layer {layer.name} holds other rows than were written.",
            advice="The map is as it was before. Run the import again; if it happens again, "
            "check the disk.",
        )


def _register(db: Any, layer: MapLayer, laid_by: _LaidBy, made: dict[str, Written]) -> None:
    """Tell SQLite of the indexes that lie in the file already."""
    unique = made.get(_index_name(layer, "uid"))
    if unique is not None and unique.twice:
        raise StorageFailure(
            f"{unique.twice:,} rows of {layer.name} would be there twice.",
            advice="The map is as it was before. Run the import again.",
        )
    db.execute("PRAGMA writable_schema = ON")
    db.executemany(
        "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) "
        "VALUES ('index', ?, ?, ?, ?)",
        [
            (name, layer.name, made[name].root, statement)
            for name, statement in laid_by.statements
            if name in made
        ],
    )
    version = db.execute("PRAGMA schema_version").fetchone()[0]
    db.execute(f"PRAGMA schema_version = {version + 1}")
    db.execute("PRAGMA writable_schema = OFF")


def _index_name(layer: MapLayer, column: str) -> str:
    return f"ix_{layer.name}_{column}"


def _pairs(rows: NDArray[np.int64], values: NDArray[np.int32]) -> Iterator[Cells]:
    for at in range(0, len(rows), _ROWS_AT_ONCE):
        some = slice(at, at + _ROWS_AT_ONCE)
        yield pair_cells(rows[some], values[some].astype(np.int64))


def _tell_size(db: Any, layer: MapLayer, boxes: Boxes, rows: int, last: int) -> None:
    """Set extent, row count, last fid and time of change in the file's own tables."""
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
        "UPDATE gpkg_ogr_contents SET feature_count = ? WHERE lower(table_name) = lower(?)",
        (rows, layer.name),
    )
    db.execute("DELETE FROM sqlite_sequence WHERE name = ?", (layer.name,))
    db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (layer.name, last))


class _Rows:
    """What the indexes of a layer need of each row; it lies on the disk."""

    def __init__(self, layer: MapLayer, folder: Path) -> None:
        self._layer, self._folder = layer, folder
        self._point = layer.geometry == "Point"
        self.columns = ("class", "code") if layer.name == "part" else ()
        self.fids = Spool(folder, np.int64)
        self.boxes = Spool(folder, np.float64, 2 if self._point else 4)
        self.classes = Spool(folder, np.uint8)
        self._keys = {"uid": KeySpool(folder, text=False)}
        if layer.name == "part":
            self._keys["code"] = KeySpool(folder, text=True)

    def add(self, batch: pa.RecordBatch) -> None:
        """Keep rows (geometry as WKB)."""
        boxes = boxes_of(batch.column(GEOMETRY))
        if self._point:
            self.boxes.add(boxes if boxes.shape[1] == 2 else boxes[:, [0, 2]])
        else:
            self.boxes.add(sides_of(boxes))
        for name, keys in self._keys.items():
            keys.add(batch.column(name))
        if "class" in self.columns:
            column = batch.column("class").fill_null(0)
            self.classes.add(column.to_numpy(zero_copy_only=False))

    def follow(self, later: _Rows) -> None:
        """Put the rows of `later` behind these."""
        for mine, other in ((self.boxes, later.boxes), (self.classes, later.classes)):
            rows = other.array()
            for at in range(0, len(rows), _ROWS_AT_ONCE):
                mine.add(rows[at : at + _ROWS_AT_ONCE])
            other.close()
        for name, keys in self._keys.items():
            keys.follow(later._keys[name])

    def number(self, last: int, count: int) -> None:
        """Give the rows that are new their ids, on from `last`."""
        for at in range(last + 1, last + 1 + count, _ROWS_AT_ONCE):
            end = min(at + _ROWS_AT_ONCE, last + 1 + count)
            self.fids.add(np.arange(at, end, dtype=np.int64))

    def write_indexes(self, file: PageFile, fids: NDArray[np.int64]) -> dict[str, Written]:
        """Write the indexes that can be written as pages; return them by name."""
        made = {}
        for name, keys in self._keys.items():
            if keys.whole and len(fids) and fids[-1] < MOST_ROWS and rises(fids):
                made[_index_name(self._layer, name)] = keys.write(file, fids)
            keys.close()
        return made
