"""Puts rows behind those of a SQLite table page by page: GDAL takes ten times as long for it.

The leaves that are there stay; the levels above them are written anew, over old leaves and new.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.data.gpkg_rows import encode_geometries
from app.data.map_schema import GEOMETRY, MapLayer
from app.data.readers.shapes import point_coordinates
from app.data.staging.btree import PageFile, table_levels
from app.data.staging.row_kernel import LEAF_HEAD, pack

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

_NULL, _FLOAT, _BLOB, _TEXT = 0, 7, 12, 13
_SRS: Final = 4326
_POINT: Final = 8 + 21
_EMPTY: Final = 0x10
_RECORD_HEAD: Final = 128
_WIDTHS: Final = ((1, 1), (2, 2), (4, 4), (8, 6))  # bytes of an integer, its serial type


class TableEnd:
    """The end of a table of rows in a file that nobody has open; `root` is its root page."""

    def __init__(self, path: Path, layer: MapLayer, root: int) -> None:
        self._file = PageFile(path)
        self._root = root
        self._names = [GEOMETRY, *(name for name, _ in layer.columns)]
        self._old, self._old_keys, self._inner = self._walk()
        self._leaves: list[Ints] = []
        self._last: list[Ints] = []

    def add(self, batch: pa.RecordBatch, first: int) -> None:
        """Put rows behind the others (map columns, geometry as WKB), numbered from `first` on."""
        columns = [_cells(name, batch.column(name)) for name in self._names]
        heads = np.cumsum([0] + [len(one.heap) for one in columns])
        serials = np.stack([one.serials for one in columns], axis=1)
        sizes = np.stack([one.sizes for one in columns], axis=1)
        starts = np.stack(
            [one.starts + head for one, head in zip(columns, heads, strict=False)], axis=1
        )
        length = sizes.sum(axis=1)
        page = self._file.page
        room = int(2 * (length.sum() + len(length) * _RECORD_HEAD) // (page - LEAF_HEAD)) + 2
        numbers = self._file.numbers(room)
        pages = np.zeros((room, page), np.uint8)
        leaves, last = np.zeros(room, np.int64), np.zeros(room, np.int64)
        out = np.zeros(int(length.max(initial=0)) + _RECORD_HEAD, np.uint8)
        heap = np.concatenate([one.heap for one in columns])
        used = pack(serials, starts, sizes, heap, first, numbers, out, pages, leaves, last)
        made = np.count_nonzero(last)
        self._file.put(numbers[:used], pages[:used])
        self._file.give_back(numbers[used:])
        self._leaves.append(numbers[leaves[:made]])
        self._last.append(last[:made].copy())

    def close(self, last_fid: int) -> None:
        """Write the levels above; `last_fid`: the last row that was there before."""
        keys = self._old_keys
        if len(self._old) > len(keys):  # the last leaf of a tree has no key above it
            keys = np.append(keys, last_fid)
        children = np.concatenate([self._old, *self._leaves])
        keys = np.concatenate([keys, *self._last])
        with self._file as file:
            if len(children) == 1:
                file.put(np.array([self._root]), file.get(children))
                file.free(children)
            elif len(children):
                table_levels(file, children, keys, self._root)
            file.free(self._inner)

    def abandon(self) -> None:
        """Close the file as it is; the copy is thrown away."""
        self._file.abandon()

    def _walk(self) -> tuple[Ints, Ints, Ints]:
        """Return the leaves, the keys between them, and the inner pages but the root."""
        level = np.array([self._root], np.int64)
        inner = [np.zeros(0, np.int64)]
        between = np.zeros(0, np.int64)
        pages = self._file.get(level)
        if pages[0, 0] == 13:
            return self._moved_root(pages), between, inner[0]
        while pages[0, 0] == 5:
            found = [_children(page) for page in pages]
            ends = np.append(between, -1)
            between = np.concatenate(
                [np.append(keys, end) for (_, keys), end in zip(found, ends, strict=True)]
            )[:-1]
            inner.append(level)
            level = np.concatenate([children for children, _ in found])
            pages = self._file.get(level[:1])
            if pages[0, 0] == 5:
                pages = self._file.get(level)
        inner_pages = np.concatenate(inner)
        return level, between, inner_pages[inner_pages != self._root]

    def _moved_root(self, pages: Bytes) -> Ints:
        """Return the number of a new page that holds what the root held; none if it was empty."""
        if not pages[0, 3:5].any():
            return np.zeros(0, np.int64)
        numbers = self._file.numbers(1)
        self._file.put(numbers, pages)
        return numbers


def _children(page: Bytes) -> tuple[Ints, Ints]:
    """Return the children of an inner page of a table and the keys between them."""
    count = int(page[3]) * 256 + int(page[4])
    at = page[12 : 12 + 2 * count].view(">u2").astype(np.int64)
    children = page[at[:, None] + np.arange(4)].copy().view(">u4")[:, 0].astype(np.int64)
    right = int.from_bytes(page[8:12].tobytes(), "big")
    keys = np.zeros(count, np.int64)
    going = np.ones(count, np.bool_)
    for byte in range(8):  # fids never take nine
        read = page[np.minimum(at + 4 + byte, len(page) - 1)].astype(np.int64)
        keys = np.where(going, keys << 7 | read & 0x7F, keys)
        going &= read >= 0x80
    return np.append(children, right), keys


class _Cells:
    """A column as SQLite stores it: per row a serial type and a range of bytes of `heap`."""

    def __init__(self, serials: Ints, starts: Ints, sizes: Ints, heap: Bytes) -> None:
        self.serials, self.starts, self.sizes, self.heap = serials, starts, sizes, heap


def _cells(name: str, column: pa.Array) -> _Cells:
    if name == GEOMETRY:
        return _points(column) or _bytes(pa.array(encode_geometries(column.to_pylist())), _BLOB)
    if pa.types.is_integer(column.type):
        return _integers(column)
    if pa.types.is_floating(column.type):
        return _floats(column)
    return _bytes(column.cast(pa.binary()), _TEXT if pa.types.is_string(column.type) else _BLOB)


def _bytes(column: pa.Array, serial: int) -> _Cells:
    raw = np.frombuffer(column.buffers()[1], np.int32)[column.offset :][: len(column) + 1]
    ends = raw.astype(np.int64)
    data = column.buffers()[2]
    heap = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    low = int(ends[0]) if len(ends) else 0
    sizes = np.diff(ends)
    serials = 2 * sizes + serial
    if column.null_count:
        gone = column.is_null().to_numpy(zero_copy_only=False)
        serials[gone], sizes[gone] = _NULL, 0
    return _Cells(serials, ends[:-1] - low, sizes, heap[low : int(ends[-1])])


def _integers(column: pa.Array) -> _Cells:
    values = pc.fill_null(column, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    heap = values.astype(">i8").view(np.uint8)
    sizes, serials = np.full(len(values), 8, np.int64), np.full(len(values), 6, np.int64)
    for width, serial in reversed(_WIDTHS[:-1]):
        most = 1 << (8 * width - 1)
        fits = (values >= -most) & (values < most)
        sizes[fits], serials[fits] = width, serial
    gone = column.is_null().to_numpy(zero_copy_only=False)
    sizes[gone], serials[gone] = 0, _NULL
    return _Cells(serials, np.arange(1, len(values) + 1) * 8 - sizes, sizes, heap)


def _floats(column: pa.Array) -> _Cells:
    values = pc.fill_null(column, np.nan).to_numpy(zero_copy_only=False).astype(np.float64)
    gone = np.isnan(values)
    sizes = np.where(gone, 0, 8)
    heap = values.astype(">f8").view(np.uint8)
    return _Cells(np.where(gone, _NULL, _FLOAT), np.arange(len(values)) * 8, sizes, heap)


def _points(column: Any) -> _Cells | None:
    """Return points as blobs of a GeoPackage, without an envelope as GDAL writes them, or None."""
    places = point_coordinates(column)
    if places is None:
        return None
    count = len(places)
    heap = np.zeros((count, _POINT), np.uint8)
    empty = np.isnan(places).any(axis=1)
    heap[:, :8] = np.frombuffer(b"GP\0\1" + _SRS.to_bytes(4, "little"), np.uint8)
    heap[empty, 3] |= _EMPTY
    heap[:, 8:13] = (1, 1, 0, 0, 0)
    heap[:, 13:] = np.ascontiguousarray(places, "<f8").view(np.uint8).reshape(count, 16)
    size = np.full(count, _POINT, np.int64)
    return _Cells(
        2 * size + _BLOB, np.arange(count, dtype=np.int64) * _POINT, size, heap.reshape(-1)
    )
