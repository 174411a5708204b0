"""Builds the R-tree of a GeoPackage layer at once: packed leaf by leaf, written to its tables.

SQLite's R-tree keeps a node in a row of `rtree_…_node`: depth (in the root only) and number of
cells as big-endian uint16, then per cell an int64 id and the sides minx, maxx, miny, maxy as
float32 rounded outwards (https://www.sqlite.org/rtree.html, "shadow tables"). Leaves are packed
by sort-tile-recursive (Leutenegger, Lopez and Edgington 1997): slices by x, in them order by y.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import gettempdir
from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from app.data.readers.shapes import point_coordinates
from app.data.spool import blank, runs

Boxes = NDArray[np.float64]
"""Shape (n, 4): minx, maxx, miny, maxy; or of points (n, 2): x, y, for their memory's sake."""

_CELL: Final = np.dtype([("id", ">i8"), ("sides", ">f4", (4,))])
_HEAD: Final = 4
_FULL: Final = 0.9
"""How full nodes are packed: the rest is room for rows that are added one by one."""
_ROWS_AT_ONCE: Final = 200_000
_NODES_AT_ONCE: Final = 10_000


def write_rtree(db: Any, name: str, fids: NDArray[np.int64], boxes: Boxes) -> None:
    """Fill the empty R-tree table `name` with `boxes` of the rows `fids`.

    `db` is an open connection in a transaction. Rows with a side that is no number are left out.
    """
    fids, nodes = pack_rtree(db, name, fids, boxes, Path(gettempdir()))
    if np.any(fids[1:] < fids[:-1]):
        order = np.argsort(fids, kind="stable")
        fids, nodes = fids[order], nodes[order]
    put_leaves(db, name, fids, nodes)


def put_leaves(db: Any, name: str, fids: NDArray[np.int64], nodes: NDArray[np.int32]) -> None:
    """Tell row by row which leaf holds each row."""
    for at in range(0, len(fids), _ROWS_AT_ONCE):
        some = slice(at, at + _ROWS_AT_ONCE)
        pairs = zip(fids[some].tolist(), nodes[some].tolist(), strict=True)
        db.executemany(f'INSERT INTO "{name}_rowid" VALUES (?, ?)', pairs)


def pack_rtree(
    db: Any, name: str, fids: NDArray[np.int64], boxes: Boxes, folder: Path
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Write the nodes of an R-tree; return the rows in it and the leaf that holds each.

    What `write_rtree` does but for the table `…_rowid`. Long columns lie in `folder`.
    """
    if not _are_whole(boxes):
        whole = np.isfinite(boxes).all(axis=1)
        fids, boxes = fids[whole], boxes[whole]
    if not len(fids):
        return fids, np.zeros(0, np.int32)
    size = db.execute(f'SELECT length(data) FROM "{name}_node" WHERE nodeno = 1').fetchone()[0]
    most = max(int((size - _HEAD) // _CELL.itemsize * _FULL), 2)
    tree = _Tree(db, name, size, most)
    db.execute(f'DELETE FROM "{name}_node"')
    return fids, tree.write(fids, boxes, folder)


def _are_whole(boxes: Boxes) -> bool:
    """Tell whether all boxes have numbers on all sides."""
    starts = range(0, len(boxes), _ROWS_AT_ONCE)
    return all(bool(np.isfinite(boxes[at : at + _ROWS_AT_ONCE]).all()) for at in starts)


def boxes_of(wkb: pa.Array) -> Boxes:
    """Return the boxes of geometries; of points in plain WKB without decoding each."""
    points = point_coordinates(wkb)
    if points is not None:
        return points
    bounds = shapely.bounds(shapely.from_wkb(np.array(wkb.to_pylist(), dtype=object)))
    boxes: Boxes = bounds[:, [0, 2, 1, 3]]
    return boxes


class _Tree:
    def __init__(self, db: Any, name: str, size: int, most: int) -> None:
        self._db, self._name, self._size, self._most = db, name, size, most
        self._next = 2  # 1 is the root

    def write(self, ids: NDArray[np.int64], boxes: Boxes, folder: Path) -> NDArray[np.int32]:
        """Write level upon level until one node holds all; return which leaf holds each row."""
        leaves = blank(folder, np.int32, len(ids))
        if len(ids) <= self._most:
            self._put([(1, self._node(_cells(ids, sides_of(boxes)), 0))])
            leaves[:] = 1
            return leaves
        ids, boxes = self._leaves(ids, boxes, leaves)
        depth = 1
        while len(ids) > self._most:
            ids, boxes = self._level(ids, boxes)
            depth += 1
        self._put([(1, self._node(_cells(ids, boxes), depth))])
        self._under(ids, np.ones(len(ids), np.int64))
        return leaves

    def _leaves(
        self, ids: NDArray[np.int64], boxes: Boxes, leaves: NDArray[np.int32]
    ) -> tuple[NDArray[np.int64], Boxes]:
        """Write the leaves, run by run from west to east; return their numbers and boxes."""
        first, above = self._next, []
        for run, _ in runs(boxes[:, 0]):
            if not len(run):
                continue
            order = run[packed_order(boxes[run], self._most)]
            leaves[order] = self._next + np.arange(len(run)) // self._most
            above += self._in_turns(ids, boxes, order)
        return np.arange(first, self._next, dtype=np.int64), np.concatenate(above)

    def _level(self, ids: NDArray[np.int64], boxes: Boxes) -> tuple[NDArray[np.int64], Boxes]:
        """Write the nodes of an upper level; return their numbers and boxes."""
        order = packed_order(boxes, self._most)
        first = self._next
        above = self._in_turns(ids, boxes, order)
        under = np.empty(len(ids), np.int64)
        under[order] = first + np.arange(len(ids)) // self._most
        self._under(ids, under)
        return np.arange(first, self._next, dtype=np.int64), np.concatenate(above)

    def _in_turns(self, ids: NDArray[np.int64], boxes: Boxes, order: NDArray[Any]) -> list[Boxes]:
        step = self._most * _NODES_AT_ONCE
        pieces = (order[at : at + step] for at in range(0, len(order), step))
        return [self._nodes(ids[some], sides_of(boxes[some])) for some in pieces]

    def _nodes(self, ids: NDArray[np.int64], boxes: Boxes) -> Boxes:
        """Write nodes of consecutive rows; return their boxes."""
        cells = _cells(ids, boxes)
        starts = np.arange(0, len(ids), self._most)
        numbers = range(self._next, self._next + len(starts))
        self._next += len(starts)
        self._put(
            (number, self._node(cells[at : at + self._most], 0))
            for number, at in zip(numbers, starts.tolist(), strict=True)
        )
        sides = [
            (np.maximum if upper else np.minimum).reduceat(boxes[:, side], starts)
            for side, upper in enumerate((False, True, False, True))
        ]
        return np.column_stack(sides)

    def _node(self, cells: NDArray[Any], depth: int) -> bytes:
        head = depth.to_bytes(2, "big") + len(cells).to_bytes(2, "big")
        return (head + cells.tobytes()).ljust(self._size, b"\0")

    def _put(self, nodes: Any) -> None:
        self._db.executemany(f'INSERT INTO "{self._name}_node" VALUES (?, ?)', nodes)

    def _under(self, ids: NDArray[np.int64], nodes: NDArray[np.int64]) -> None:
        """Note which node each node of a level lies in."""
        pairs = zip(ids.tolist(), nodes.tolist(), strict=True)
        self._db.executemany(f'INSERT INTO "{self._name}_parent" VALUES (?, ?)', pairs)


def _cells(ids: NDArray[np.int64], boxes: Boxes) -> NDArray[Any]:
    cells = np.empty(len(ids), _CELL)
    cells["id"] = ids
    cells["sides"] = outward(boxes)
    return cells


def packed_order(boxes: Boxes, most: int) -> NDArray[np.uint32]:
    """Return the order in which runs of `most` boxes lie close together."""
    nodes = -(-len(boxes) // most)
    slices = max(round(nodes**0.5), 1)
    each = -(-nodes // slices) * most
    far = boxes.shape[1] // 2  # of points both sides are one
    by_x = np.argsort(boxes[:, 0] + boxes[:, far - 1], kind="stable").astype(np.uint32)
    order = np.empty(len(boxes), np.uint32)
    for at in range(0, len(boxes), each):
        some = by_x[at : at + each]
        y = boxes[some, far] + boxes[some, -1]
        order[at : at + each] = some[np.argsort(y, kind="stable")]
    return order


def sides_of(boxes: Boxes) -> Boxes:
    """Return boxes with all four sides, shape (n, 4), of points too."""
    return boxes if boxes.shape[1] == 4 else boxes[:, [0, 0, 1, 1]]


def outward(boxes: Boxes) -> NDArray[np.float32]:
    """Return boxes as float32, each side moved outwards where rounding moved it inwards."""
    near: NDArray[np.float32] = boxes.astype(np.float32)
    below, above = np.float32("-inf"), np.float32("inf")
    for side, edge in enumerate((below, above, below, above)):
        exact, rounded = boxes[:, side], near[:, side]
        inward = rounded > exact if edge == below else rounded < exact
        near[:, side] = np.where(inward, np.nextafter(rounded, edge), rounded)
    return near
