"""Columns of many millions of rows that lie on the disk, and going through them in sorted runs.

A spool is an unlinked file: the kernel keeps as much of it in memory as is free, and it is gone
with the process, however that ends. So an import of any size holds about the same.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

RUN_ROWS: Final = 500_000
_SAMPLE: Final = 100_000
_SCAN_ROWS: Final = 500_000


class Spool:
    """A growing column of `dtype`, `width` values a row, in a file without a name in `folder`."""

    def __init__(self, folder: Path, dtype: Any, width: int = 1) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - lives with the spool
        weakref.finalize(self, self._file.close)
        self._dtype, self._width = np.dtype(dtype), width
        self.rows = 0

    def add(self, values: NDArray[Any]) -> None:
        """Put rows behind the others; raises `OSError` if the disk fails."""
        self._file.write(np.ascontiguousarray(values, self._dtype).data)
        self.rows += len(values)

    def array(self) -> NDArray[Any]:
        """Return all rows, mapped from the file: (rows,) or (rows, width)."""
        shape = (self.rows,) if self._width == 1 else (self.rows, self._width)
        if not self.rows:
            return np.zeros(shape, self._dtype)
        self._file.flush()
        return _mapped(self._file.fileno(), self._dtype, shape)

    def close(self) -> None:
        """Give the room back."""
        self._file.close()


def blank(folder: Path, dtype: Any, rows: int) -> NDArray[Any]:
    """Return a column of zeros, mapped from a file without a name."""
    if not rows:
        return np.zeros(0, dtype)
    with tempfile.TemporaryFile(dir=folder) as file:
        os.posix_fallocate(file.fileno(), 0, rows * np.dtype(dtype).itemsize)
        return _mapped(file.fileno(), np.dtype(dtype), (rows,))


def _mapped(handle: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    return np.frombuffer(mmap.mmap(handle, 0), dtype).reshape(shape)


def rises(key: NDArray[Any]) -> bool:
    """Whether each value of a column is larger than the one before."""
    return all(
        bool(
            (
                key[at + 1 : at + 1 + _SCAN_ROWS] > key[at : at + _SCAN_ROWS][: len(key) - at - 1]
            ).all()
        )
        for at in range(0, len(key), _SCAN_ROWS)
    )


def edges(key: NDArray[Any], run_rows: int) -> NDArray[Any]:
    """Return values that cut a column into runs of about `run_rows` rows, from a sample of it."""
    runs = -(-len(key) // run_rows)
    some = np.sort(key[:: max(len(key) // _SAMPLE, 1)])
    cuts: NDArray[Any] = np.unique(some[np.arange(1, runs) * len(some) // max(runs, 1)])
    return cuts


def runs(
    key: NDArray[Any], run_rows: int | None = None, margin: float = 0.0
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.bool_]]]:
    """Yield the rows of each run of keys (`RUN_ROWS`), run after run; each in file order.

    With a `margin`, a run also holds rows that far beyond its ends; the second array tells which
    rows are its own. Rows whose key is no number are in no run.
    """
    cuts = edges(key, run_rows or RUN_ROWS)
    if not len(cuts):
        every = np.arange(len(key))
        yield every, np.ones(len(key), np.bool_)
        return
    for low, high in zip([None, *cuts], [*cuts, None], strict=True):
        own = _between(key, low, high)
        if not margin:
            yield own, np.ones(len(own), np.bool_)
            continue
        wide = _between(
            key, None if low is None else low - margin, None if high is None else high + margin
        )
        yield wide, np.isin(wide, own, assume_unique=True)


def _between(key: NDArray[Any], low: Any, high: Any) -> NDArray[np.int64]:
    found = [np.zeros(0, np.int64)]
    for at in range(0, len(key), _SCAN_ROWS):
        some = key[at : at + _SCAN_ROWS]
        inside = np.ones(len(some), np.bool_) if low is None else some >= low
        if high is not None:
            inside &= some < high
        found.append(np.flatnonzero(inside) + at)
    return np.concatenate(found)
