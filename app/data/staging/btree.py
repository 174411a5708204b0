"""Writes B-trees of SQLite page by page from rows that are sorted already.

For files nobody has open: `CREATE INDEX` over rows that NumPy sorts ten times as fast costs more
than reading and writing them. Format: https://www.sqlite.org/fileformat2.html, sections 1.3 (the
header), 1.6 (pages) and 2.1 (records). Cells are of one size here: a row's id is always written
as four bytes, which SQLite reads as it does shorter ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.domain.errors import StorageFailure

Cells = NDArray[np.uint8]
"""Shape (rows, bytes of a cell)."""

MOST_ROWS: Final = 1 << 28
"""Above it a row's id does not fit into the four bytes of a cell."""
_LOCK_BYTE: Final = 1 << 30
_HEAD: Final = 100
_LEAF_HEAD, _INNER_HEAD = 8, 12
_INDEX_LEAF, _INDEX_INNER, _TABLE_LEAF, _TABLE_INNER = 10, 2, 13, 5
_INT32: Final = 4  # serial type of a big-endian integer of four bytes


class PageFile:
    """A SQLite file to whose end pages are added. Use as a context: that tells its new size."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("r+b")
        head = self._file.read(_HEAD)
        size = int.from_bytes(head[16:18], "big")
        self.page = 65536 if size == 1 else size
        self._next = os.fstat(self._file.fileno()).st_size // self.page + 1
        if head[20] or int.from_bytes(head[52:56], "big"):
            self._file.close()
            raise StorageFailure(
                f"{path.name} keeps its pages in a way that Wangge does not write.",
                advice="It was not written by Wangge; restore the map from a copy.",
            )

    def __enter__(self) -> PageFile:
        """Return the file itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Tell the file's new size in its header, if all went well."""
        if kind is None:
            change = self._told(24) + 1
            self._at(24, change)
            self._at(28, self._next - 1)
            self._at(92, change)  # for which change the size holds
        self._file.close()

    def numbers(self, count: int) -> NDArray[np.int64]:
        """Return the numbers of `count` new pages; the page with SQLite's lock byte is none."""
        lock = _LOCK_BYTE // self.page + 1
        found: NDArray[np.int64] = np.arange(self._next, self._next + count + 1, dtype=np.int64)
        found = np.asarray(found[found != lock][:count])
        self._next = int(found[-1]) + 1 if count else self._next
        return found

    def put(self, numbers: NDArray[np.int64], pages: NDArray[np.uint8]) -> None:
        """Write pages, shape (count, bytes of a page), whose numbers rise."""
        breaks = np.flatnonzero(np.diff(numbers) != 1) + 1
        for some in np.split(np.arange(len(numbers)), breaks):
            if len(some):
                self._file.seek((int(numbers[some[0]]) - 1) * self.page)
                self._file.write(np.ascontiguousarray(pages[some[0] : some[-1] + 1]).data)

    def get(self, numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return pages, shape (count, bytes of a page)."""
        pages = np.empty((len(numbers), self.page), np.uint8)
        for at, number in enumerate(numbers.tolist()):
            self._file.seek((number - 1) * self.page)
            self._file.readinto(pages[at].data)
        return pages

    def give_back(self, numbers: NDArray[np.int64]) -> None:
        """Take back the last of the numbers given out, which were not used."""
        if len(numbers):
            self._next = int(numbers[0])

    def free(self, numbers: NDArray[np.int64]) -> None:
        """Put pages that hold nothing more on the file's list of free ones."""
        most = self.page // 4 - 8
        for at in range(0, len(numbers), most + 1):
            trunk, *leaves = numbers[at : at + most + 1].tolist()
            first, count = self._told(32), self._told(36)
            page = np.zeros(self.page // 4, ">u4")
            page[: 2 + len(leaves)] = (first, len(leaves), *leaves)
            self.put(np.array([trunk]), page.view(np.uint8)[None])
            self._at(32, trunk)
            self._at(36, count + 1 + len(leaves))

    def abandon(self) -> None:
        """Close the file without telling what was added."""
        self._file.close()

    def _told(self, offset: int) -> int:
        self._file.seek(offset)
        return int.from_bytes(self._file.read(4), "big")

    def _at(self, offset: int, value: int) -> None:
        self._file.seek(offset)
        self._file.write(value.to_bytes(4, "big"))


def index_cells(keys: NDArray[np.uint8], rows: NDArray[np.int64], *, text: bool) -> Cells:
    """Return index cells of keys of one width, shape (rows, width), and the rows they tell."""
    width = keys.shape[1]
    cells = np.empty((len(keys), 4 + width + 4), np.uint8)
    cells[:, :4] = (3 + width + 4, 3, 2 * width + (13 if text else 12), _INT32)
    cells[:, 4 : 4 + width] = keys
    cells[:, 4 + width :] = _big_endian(rows)
    return cells


def pair_cells(rows: NDArray[np.int64], values: NDArray[np.int64]) -> Cells:
    """Return cells of a table of row ids and one integer each."""
    cells = np.empty((len(rows), 12), np.uint8)
    cells[:, 0] = 7
    cells[:, 1:5] = _varints(rows)
    cells[:, 5:8] = (3, 0, _INT32)
    cells[:, 8:] = _big_endian(values)
    return cells


def _big_endian(values: NDArray[np.int64]) -> NDArray[np.uint8]:
    return values.astype(">u4").view(np.uint8).reshape(-1, 4)


def _varints(rows: NDArray[np.int64], size: int = 4) -> NDArray[np.uint8]:
    """Return row ids as varints of `size` bytes; the leading ones may say nothing."""
    found = np.empty((len(rows), size), np.uint8)
    for at in range(size):
        shift = 7 * (size - 1 - at)
        found[:, at] = (rows >> shift) & 0x7F | (0x80 if shift else 0)
    return found


def write_index(file: PageFile, cells: Iterator[Cells]) -> int:
    """Write an index from cells in the order of their keys; return the number of its root."""
    return _Index(file).write(cells)


def write_table(file: PageFile, cells: Iterator[Cells], root: int) -> None:
    """Fill a table that is empty and has its root at page `root`, from cells by row id."""
    most = (file.page - _LEAF_HEAD) // (12 + 2)
    children: list[NDArray[np.int64]] = []
    keys: list[Cells] = []
    for some in _batched(cells, most):
        if len(some) <= most and not children:
            file.put(np.array([root]), _pages(file.page, _TABLE_LEAF, some[None]))
            return
        for block in _blocks(some, most):
            numbers = file.numbers(len(block))
            file.put(numbers, _pages(file.page, _TABLE_LEAF, block))
            children.append(numbers)
            keys.append(block[:, -1, 1:5].copy())
    if children:
        _levels(file, np.concatenate(children), np.concatenate(keys), root)


def table_levels(
    file: PageFile, children: NDArray[np.int64], last: NDArray[np.int64], root: int
) -> None:
    """Write the levels above a table's leaves, of which there are two at least.

    `last` are the last rows of the `children`, or numbers between them and the next ones' first.
    """
    wide = len(last) > 0 and int(last[-1]) >= MOST_ROWS
    _levels(file, children, _varints(last, 8 if wide else 4), root)


def _levels(file: PageFile, children: NDArray[np.int64], keys: Cells, root: int) -> None:
    most = (file.page - _INNER_HEAD) // (4 + keys.shape[1] + 2)
    while True:
        cells = np.concatenate([_big_endian(children), keys], axis=1)
        whole = len(cells) <= most + 1
        above, last = [], []
        for block in _blocks(cells, most + 1):
            numbers = np.array([root]) if whole else file.numbers(len(block))
            right = block[:, -1, :4]
            file.put(numbers, _pages(file.page, _TABLE_INNER, block[:, :-1], right))
            above.append(numbers)
            last.append(block[:, -1, 4:].copy())
        if whole:
            return
        children, keys = np.concatenate(above), np.concatenate(last)


def _batched(cells: Iterator[Cells], most: int) -> Iterator[Cells]:
    """Yield cells in whole pages, and what is left at the end."""
    rest: Cells | None = None
    for some in cells:
        rest = some if rest is None else np.concatenate([rest, some])
        whole = (len(rest) - 1) // most * most
        if whole > most:
            yield rest[:whole]
            rest = rest[whole:]
    if rest is not None and len(rest):
        yield rest


def _blocks(cells: Cells, most: int) -> Iterator[NDArray[np.uint8]]:
    """Yield cells as pages, shape (pages, cells, bytes): full ones, and the rest halved in two.

    So no page holds fewer than two cells where there are more than `most`.
    """
    full = len(cells) // most
    if len(cells) % most == 1 and full:
        full -= 1
    if full:
        yield cells[: full * most].reshape(full, most, -1)
    rest = cells[full * most :]
    if len(rest) > most:
        yield rest[None, : len(rest) // 2]
        rest = rest[len(rest) // 2 :]
    if len(rest):
        yield rest[None]


@dataclass
class _Index:
    """An index as it is written: leaves, and between each two of them a cell that goes up."""

    file: PageFile
    children: list[NDArray[np.int64]] = field(default_factory=list)
    between: list[Cells] = field(default_factory=list)

    def write(self, cells: Iterator[Cells]) -> int:
        rest: Cells | None = None
        for some in cells:
            rest = some if rest is None else np.concatenate([rest, some])
            rest = self._level(rest, rest[:, :0], _INDEX_LEAF, last=False)
        empty = np.empty((0, 24), np.uint8)
        rest = empty if rest is None else rest
        self._level(rest, rest[:, :0], _INDEX_LEAF, last=True)
        while len(self.between):
            children, between = np.concatenate(self.children), np.concatenate(self.between)
            self.children, self.between = [], []
            left = _big_endian(children)
            self._level(between, left[:-1], _INDEX_INNER, last=True, right=left[1:])
        return int(self.children[0][0])

    def _level(
        self,
        cells: Cells,
        left: NDArray[np.uint8],
        kind: int,
        *,
        last: bool,
        right: NDArray[np.uint8] | None = None,
    ) -> Cells:
        """Write pages of a level; unless it is the `last` call, keep enough for two pages back."""
        inner = right is not None
        size = cells.shape[1] + (4 if inner else 0)
        most = (self.file.page - (_INNER_HEAD if inner else _LEAF_HEAD)) // (size + 2)
        step = most + 1
        count = max((len(cells) - 2) // step - (0 if last else 1), 0)
        whole = np.concatenate([left, cells], axis=1)
        if count:
            groups = whole[: count * step].reshape(count, step, -1)
            ends = None if right is None else right[: count * step].reshape(count, step, 4)
            self._page(groups[:, :most], kind, None if ends is None else ends[:, most - 1])
            self.between.append(groups[:, most, size - cells.shape[1] :].copy())
        if not last:
            return cells[count * step :]
        self._tail(whole[count * step :], kind, cells.shape[1], most,
                   None if right is None else right[count * step :])  # fmt: skip
        return cells[:0]

    def _tail(
        self, whole: Cells, kind: int, width: int, most: int, right: NDArray[np.uint8] | None
    ) -> None:
        """Write what is left of a level: one page, or two or three with a cell between each."""
        while True:
            count = len(whole) if len(whole) <= most else min(most, len(whole) // 2)
            end = None if right is None else right[count - 1 : count]
            self._page(whole[None, :count], kind, end)
            if count == len(whole):
                return
            self.between.append(whole[count : count + 1, whole.shape[1] - width :].copy())
            whole = whole[count + 1 :]
            right = None if right is None else right[count + 1 :]

    def _page(self, cells: NDArray[Any], kind: int, right: NDArray[np.uint8] | None) -> None:
        numbers = self.file.numbers(len(cells))
        self.file.put(numbers, _pages(self.file.page, kind, cells, right))
        self.children.append(numbers)


def _pages(
    size: int, kind: int, cells: NDArray[np.uint8], right: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Return pages of `kind` with the same number of cells each; inner ones with a last child."""
    count, each, width = cells.shape
    pages = np.zeros((count, size), np.uint8)
    start = size - each * width
    pages[:, 0] = kind
    pages[:, 3:5] = divmod(each, 256)
    pages[:, 5:7] = divmod(start % 65536, 256)
    head = _LEAF_HEAD
    if right is not None:
        pages[:, 8:12] = right
        head = _INNER_HEAD
    offsets = (start + np.arange(each) * width).astype(">u2")
    pages[:, head : head + 2 * each] = offsets.view(np.uint8)
    pages[:, start:] = cells.reshape(count, -1)
    return pages
