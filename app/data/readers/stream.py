"""The stream an import is read from: batches, then what was refused and a summary of all."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from app.data.readers.assemble import Assembler
from app.data.readers.chunks import Chunk, Mark, Reject, Source
from app.data.readers.crs import Box
from app.data.readers.rejects import RejectList
from app.data.readers.schemas import SHAPES, Kind
from app.data.spent import Spent
from app.domain.errors import InvalidInput

Progress = Callable[[int, int], None]
"""Called with (done, total) after each batch: bytes of a text file, features of a map."""

_PATIENCE: Final = 20_000
_HOPELESS: Final = 0.95


@dataclass(frozen=True)
class Summary:
    """What an import read. `read` = `taken` + `repeated` + `refused`.

    `extent`: west, south, east, north of what was taken, WGS 84 degrees; `encoding` and `crs`
    as found or declared, None where the kind of file has none.
    """

    source: str
    kind: str
    mapping: str
    read: int
    taken: int
    repeated: int
    refused: int
    reasons: dict[str, int]
    encoding: str | None
    crs: str | None
    extent: Box | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """A batch, and the mark after which reading can go on (None: not here)."""

    batch: pa.RecordBatch
    mark: Mark | None


class ImportStream:
    """Iterates over typed batches of one source, once, in flat memory.

    After the last batch `summary()` is whole. Raises InvalidInput from the iteration when the
    source as a whole cannot be what it was declared; then nothing of it should be kept.
    """

    def __init__(
        self,
        path: Path,
        source: Source,
        assembler: Assembler,
        progress: Progress | None,
        batch_rows: int,
    ) -> None:
        self.path = path
        self.kind: Kind = assembler.mapping.kind
        self.schema: pa.Schema = SHAPES[self.kind].schema
        self._source = source
        self._assembler = assembler
        self._progress = progress
        self._batch_rows = batch_rows
        self._columns = frozenset(assembler.mapping.all_columns())
        self._read = self._taken = self._repeated = 0
        self._rejects = RejectList()
        self.spent = Spent()
        self._start: Mark | None = None
        self._earlier: tuple[str, ...] = ()
        weakref.finalize(self, source.close)

    def __enter__(self) -> ImportStream:
        """Return the stream itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the source."""
        self.close()

    def close(self) -> None:
        """Close the source and forget the refused rows; may be called twice."""
        self._source.close()
        self._rejects.close()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield batches of at most `batch_rows` rows or little more; never an empty one."""
        return (step.batch for step in self.steps() if step.batch.num_rows)

    def steps(self) -> Iterator[Step]:
        """Yield every batch, also empty ones, and after which of them reading can go on."""
        chunks = self._source.chunks(self._batch_rows, self._columns, self._start)
        while (chunk := self._next_of(chunks)) is not None:
            with self.spent.stage("validate"):
                taken = self._assembler.take(chunk)
            self._read += taken.read
            self._taken += taken.batch.num_rows
            self._repeated += taken.repeated
            self._rejects.add(taken.rejects)
            self._refuse_hopeless(taken.rejects)
            yield Step(taken.batch, chunk.mark)
            self._tell()
        self._tell()

    def _next_of(self, chunks: Iterator[Chunk]) -> Chunk | None:
        with self.spent.stage("decode"):
            return next(chunks, None)

    def keep_rejects_in(self, path: Path, length: int = 0) -> None:
        """Collect the refused rows in a file of one's own, after its first `length` bytes."""
        self._rejects.keep_in(path, length)

    def remember_in(self, folder: Path) -> None:
        """Keep in `folder`, not in memory, which rows came before; call it before the first one."""
        self._assembler.remember_in(folder)

    def state(self, mark: Mark) -> dict[str, Any]:
        """Return, as JSON's own kinds, all that `resume` needs to go on after `mark`."""
        length = self._rejects.synced()
        return {
            "mark": list(mark),
            "counts": [self._read, self._taken, self._repeated, self._rejects.count],
            "reasons": dict(self._rejects.reasons),
            "rejects": length,
            "mended": self._assembler.mended.count,
            "places": self._assembler.placer.state(),
            "notes": [*self._earlier, *self._source.notes()],
        }

    def resume(self, state: dict[str, Any], seen: Iterable[pa.RecordBatch]) -> None:
        """Go on where `state` was taken; `seen`: the batches until there."""
        self._start = tuple(state["mark"])
        self._read, self._taken, self._repeated, self._rejects.count = state["counts"]
        self._rejects.reasons = Counter(state["reasons"])
        self._earlier = tuple(state["notes"])
        self._assembler.mended.count = state["mended"]
        self._assembler.placer.resume(state["places"])
        for batch in seen:
            self._assembler.remember(batch)

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(self._source.done(), self._source.total)

    def summary(self) -> Summary:
        """Return what has been read so far; whole after the last batch."""
        mended = self._assembler.mended.count
        said = dict.fromkeys([*self._earlier, *self._source.notes()])
        notes = [f"{mended} outlines crossed themselves slightly and were mended"] if mended else []
        return Summary(
            source=self.path.name,
            kind=str(self.kind),
            mapping=self._assembler.mapping.name,
            read=self._read,
            taken=self._taken,
            repeated=self._repeated,
            refused=self._rejects.count,
            reasons=dict(self._rejects.reasons.most_common()),
            encoding=self._source.encoding,
            crs=self._assembler.crs_shown if self._assembler.placer.extent else None,
            extent=self._assembler.placer.extent,
            notes=(*notes, *self._rejects.notes(), *self._assembler.placer.notes(), *said),
        )

    def write_rejects(self, path: Path | None = None) -> Path | None:
        """Write the refused rows as CSV, by default beside the source; None if there are none.

        Raises StorageFailure if the file cannot be written.
        """
        return self._rejects.write(self.path, path)

    def _refuse_hopeless(self, rejects: list[Reject]) -> None:
        """Stop a source of rubbish early, with its first reason."""
        if self._rejects.count < _PATIENCE or self._rejects.count < _HOPELESS * self._read:
            return
        example = rejects[0] if rejects else None
        why = f" For example row {example.row:,}: {example.reason}." if example else ""
        raise InvalidInput(
            f"{self._rejects.count:,} of the first {self._read:,} rows of {self.path.name}"
            f" cannot be taken as {self.kind}.{why}",
            advice="Nothing was imported. Check that it is the file that was meant.",
            field="source",
        )
