"""What sources hand to the assembler: some rows as columns of text, and rows already lost."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_SHOWN = 80


@dataclass(frozen=True)
class Reject:
    """A row that was set aside: where, which field and value, why, and how to mend it.

    `row` counts lines of a text file, rows of a sheet, features of a map, from 1, header
    included; for OSM it is the object's own id.
    """

    row: int
    field: str
    value: str
    reason: str
    mend: str


def shortened(value: object) -> str:
    """Return `value` as one line of at most 80 characters."""
    value = value.as_py() if isinstance(value, pa.Scalar) else value
    text = "" if value is None else " ".join(str(value).split())
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


Mark = tuple[int, ...]
"""A place in a source from which it can be read on; what the numbers mean only the source knows."""

Column = list[str | None] | Any
"""Texts of one column: a list, or an Arrow array of strings."""


@dataclass
class Chunk:
    """Some rows of a source.

    `columns` hold text or None per row (a list, or Arrow strings), all of one length;
    `geometry` holds shapely geometries in the source's CRS or None (a source without geometry has
    no array). `rejects` are rows the source itself could not read; they are in no column.
    `mark` is where reading can go on after this chunk, None if not between it and the next.
    """

    rows: NDArray[np.int64]
    columns: Mapping[str, Column]
    geometry: NDArray[np.object_] | None = None
    rejects: list[Reject] = field(default_factory=list)
    mark: Mark | None = None


class Source(Protocol):
    """A file being read."""

    header: tuple[str, ...]
    encoding: str | None
    crs: str | None
    total: int

    def chunks(
        self, rows: int, columns: Collection[str], start: Mark | None = None
    ) -> Iterator[Chunk]:
        """Yield chunks of about `rows` rows, in file order; only `columns` are looked at.

        `start`: the mark of a chunk after which to go on, with the same `rows`.
        """
        ...

    def done(self) -> int:
        """Return how much of `total` (bytes, or features) has been read."""
        ...

    def notes(self) -> list[str]:
        """Return remarks for the summary."""
        ...

    def close(self) -> None:
        """Close the file, read to its end or not."""
        ...


def objects(values: list[Any]) -> NDArray[np.object_]:
    """Return `values` as an object array without NumPy looking inside them."""
    array = np.empty(len(values), dtype=np.object_)
    array[:] = values
    return array


def picked(column: Column, rows: NDArray[np.int64]) -> Column:
    """Return the texts of some rows of a column, in their order."""
    return [column[at] for at in rows] if isinstance(column, list) else column.take(rows)


def after(chunks: Iterator[Chunk], start: Mark | None) -> Iterator[Chunk]:
    """Mark chunks by their number, and leave out those up to `start`.

    For sources that can only be read from their beginning.
    """
    for number, chunk in enumerate(chunks, 1):
        if start is None or number > start[0]:
            chunk.mark = (number,)
            yield chunk
