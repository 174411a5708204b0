"""Rows in cells, cells in segments: how parts and pieces of pipe lie in their columns.

A segment is the set of cells whose middle lies in one street; what lies in none is the rest
segment, number 0. Rows of a segment follow one another: by Morton order of their cells, in a cell
by bin. So one street's rows are one range of every column, with a checksum of its own.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engines.citystore.morton import unmorton

CELL = 256  # metres
Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Slot:
    """Where one segment's rows and cells lie in the columns of a layer, and what they sum to.

    `index` is the CRC-32 of its `key` and `num`, `digest` of all its columns (BLAKE2b, hex).
    """

    row: int
    rows: int
    cell: int
    cells: int
    index: int
    digest: str


@dataclass(frozen=True)
class Celled:
    """A layer's columns: `rows` (n,) each, `cells` (c, …) each, and a slot for each segment."""

    rows: Columns
    cells: Columns
    slots: list[Slot]


def cell_columns(
    rows: Columns,
    key: NDArray[np.uint32],
    bins: NDArray[np.uint8],
    weight: NDArray[np.float32] | None,
    n_bins: int,
    segment: NDArray[np.uint16],
) -> Celled:
    """Sort rows into segments, cells and bins.

    Args:
        key: Morton key of each row's cell. bins: its bin in the cell, < n_bins.
        weight: what a row adds to its bin in `sub`; None counts rows.
        segment: number of the segment by Morton key, shape (4 ** bits,).
    """
    occupied = np.flatnonzero(np.bincount(key, minlength=len(segment))).astype(np.uint32)
    occupied = occupied[np.argsort(segment[occupied], kind="stable")]
    rank = np.zeros(len(segment), np.uint32)
    rank[occupied] = np.arange(len(occupied), dtype=np.uint32)
    bin_of = rank[key] * np.uint32(n_bins) + bins
    order = np.argsort(bin_of, kind="stable")
    per_bin = np.bincount(bin_of, minlength=len(occupied) * n_bins).reshape(-1, n_bins)
    sub = per_bin.astype(np.uint16)
    if weight is not None:
        summed = np.bincount(bin_of, weight, minlength=len(occupied) * n_bins)
        sub = summed.reshape(-1, n_bins).astype(np.float32)
    cells: Columns = {"key": occupied, "num": per_bin.sum(axis=1).astype(np.uint32), "sub": sub}
    taken = {name: np.ascontiguousarray(column[order]) for name, column in rows.items()}
    return Celled(taken, cells, slots_of(taken, cells, segment))


def slots_of(rows: Columns, cells: Columns, segment: NDArray[np.uint16]) -> list[Slot]:
    """Return the slots of all segments, for columns that hold them in order from row 0 on."""
    number = segment[cells["key"]].astype(np.int64)
    count = int(segment.max(initial=0)) + 1
    cell_off = np.searchsorted(number, np.arange(count + 1))
    row_off = np.concatenate([[0], np.cumsum(cells["num"], dtype=np.int64)])[cell_off]
    found = []
    for s in range(count):
        rs, cs = slice(row_off[s], row_off[s + 1]), slice(cell_off[s], cell_off[s + 1])
        part_rows = {name: column[rs] for name, column in rows.items()}
        part_cells = {name: column[cs] for name, column in cells.items()}
        found.append(slot_at(int(rs.start), int(cs.start), part_rows, part_cells))
    return found


def slot_at(row: int, cell: int, rows: Columns, cells: Columns) -> Slot:
    """Return the slot of one segment's columns, to lie from `row` and `cell` on."""
    n = len(next(iter(rows.values())))
    return Slot(row, n, cell, len(cells["key"]), index_crc(cells), digest_of(rows, cells))


def index_crc(cells: Columns) -> int:
    """Return the CRC-32 of keys and numbers of cells: what kernels find their way by."""
    return zlib.crc32(_bytes(cells["num"]), zlib.crc32(_bytes(cells["key"])))


def digest_of(rows: Columns, cells: Columns) -> str:
    """Return what tells whether two copies of a segment are the same."""
    sum_ = hashlib.blake2b(digest_size=16)
    for columns in (rows, cells):
        for name in sorted(columns):
            sum_.update(_bytes(columns[name]))
    return sum_.hexdigest()


def _bytes(column: NDArray[Any]) -> memoryview:
    return np.ascontiguousarray(column).reshape(-1).view(np.uint8).data


@dataclass(frozen=True, eq=False)
class CellIndex:
    """Finds the rows of a cell: `cell[j * side + i]` is c or -1; rows are start[c] + num[c].

    Attributes:
        side: cells a side. cell: int32, shape (side * side,). start: int64, num: uint32, (c,).
        total: rows in all live cells.
    """

    side: int
    cell: NDArray[np.int32]
    start: NDArray[np.int64]
    num: NDArray[np.uint32]
    total: int


def cell_index(
    key: NDArray[np.uint32], num: NDArray[np.uint32], slots: Sequence[Slot], bits: int
) -> CellIndex:
    """Return the index over the live slots of a layer's cells.

    Raises `ValueError` if a slot's index is not what it was when written.
    """
    side = 1 << bits
    cell = np.full(side * side, -1, np.int32)
    start = np.zeros(len(key), np.int64)
    total = 0
    for slot in slots:
        cs = slice(slot.cell, slot.cell + slot.cells)
        if index_crc({"key": key[cs], "num": num[cs]}) != slot.index:
            raise ValueError("the index of a segment is not what was written")
        i, j = unmorton(key[cs])
        cell[j.astype(np.int64) * side + i] = np.arange(slot.cell, slot.cell + slot.cells)
        start[cs] = slot.row + np.cumsum(num[cs], dtype=np.int64) - num[cs]
        total += slot.rows
    return CellIndex(side, cell, start, num, total)
