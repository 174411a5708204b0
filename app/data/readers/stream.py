"""The stream an import is read from: batches, then what was refused and a summary of all."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa

from app.data.readers.assemble import Assembler
from app.data.readers.chunks import Chunk, Mark, Reject, Source
from app.data.readers.crs import Box
from app.data.readers.schemas import SHAPES, Kind
from app.data.spent import Spent
from app.data.writers.cells import guarded
from app.domain.errors import InvalidInput, StorageFailure

Progress = Callable[[int, int], None]
"""Called with (done, total) after each batch: bytes of a text file, features of a map."""

_IN_MEMORY: Final = 1 << 22
_PATIENCE: Final = 20_000
_HOPELESS: Final = 0.95
_MOST_LISTED: Final = 1_000_000
_HEADER: Final = ("row", "field", "value", "reason", "mend")


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
        self._read = self._taken = self._repeated = self._refused = 0
        self._reasons: Counter[str] = Counter()
        self._rejects: IO[str] | None = None
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
        if self._rejects is not None:
            self._rejects.close()
            self._rejects = None

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
            self._set_aside(taken.rejects)
            self._refuse_hopeless(taken.rejects)
            yield Step(taken.batch, chunk.mark)
            self._tell()
        self._tell()

    def _next_of(self, chunks: Iterator[Chunk]) -> Chunk | None:
        with self.spent.stage("decode"):
            return next(chunks, None)

    def keep_rejects_in(self, path: Path, length: int = 0) -> None:
        """Collect the refused rows in a file of one's own, after its first `length` bytes."""
        self._rejects = path.open("a+", encoding="utf-8", newline="")
        self._rejects.truncate(length)
        self._rejects.seek(0, 2)
        weakref.finalize(self, self._rejects.close)
        if not length:
            csv.writer(self._rejects).writerow(_HEADER)

    def remember_in(self, folder: Path) -> None:
        """Keep in `folder`, not in memory, which rows came before; call it before the first one."""
        self._assembler.remember_in(folder)

    def state(self, mark: Mark) -> dict[str, Any]:
        """Return, as JSON's own kinds, all that `resume` needs to go on after `mark`."""
        length = 0
        if self._rejects is not None:
            self._rejects.flush()
            os.fsync(self._rejects.fileno())
            length = self._rejects.tell()
        return {
            "mark": list(mark),
            "counts": [self._read, self._taken, self._repeated, self._refused],
            "reasons": dict(self._reasons),
            "rejects": length,
            "mended": self._assembler.mended.count,
            "places": self._assembler.placer.state(),
            "notes": [*self._earlier, *self._source.notes()],
        }

    def resume(self, state: dict[str, Any], seen: Iterable[pa.RecordBatch]) -> None:
        """Go on where `state` was taken; `seen`: the batches until there."""
        self._start = tuple(state["mark"])
        self._read, self._taken, self._repeated, self._refused = state["counts"]
        self._reasons = Counter(state["reasons"])
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
            refused=self._refused,
            reasons=dict(self._reasons.most_common()),
            encoding=self._source.encoding,
            crs=self._assembler.crs_shown if self._assembler.placer.extent else None,
            extent=self._assembler.placer.extent,
            notes=(*notes, *self._listed_note(), *self._assembler.placer.notes(), *said),
        )

    def write_rejects(self, path: Path | None = None) -> Path | None:
        """Write the refused rows as CSV, by default beside the source; None if there are none.

        Raises StorageFailure if the file cannot be written.
        """
        if self._rejects is None or not self._refused:
            return None
        target = path or self.path.with_name(f"{self.path.name}.rejected.csv")
        try:
            self._rejects.seek(0)
            with target.open("w", encoding="utf-8-sig", newline="") as file:
                shutil.copyfileobj(self._rejects, file)
            self._rejects.seek(0, 2)
        except OSError as error:
            raise StorageFailure(
                f"The refused rows cannot be written to {target}: {error.strerror}.",
                advice="The good rows are not touched. Choose another folder for the list.",
                field="rejects",
            ) from None
        return target

    def _set_aside(self, rejects: list[Reject]) -> None:
        if not rejects:
            return
        if self._rejects is None:
            self._rejects = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - lives with the stream
                _IN_MEMORY, mode="w+", encoding="utf-8", newline=""
            )
            weakref.finalize(self, self._rejects.close)
            csv.writer(self._rejects).writerow(_HEADER)
        writer = csv.writer(self._rejects)
        room = max(_MOST_LISTED - self._refused, 0)
        for one in rejects[:room]:
            writer.writerow(
                [one.row, one.field, guarded(one.value), guarded(one.reason), guarded(one.mend)]
            )
        for one in rejects:
            self._reasons[f"{one.field}: {one.reason}" if one.field else one.reason] += 1
        self._refused += len(rejects)

    def _listed_note(self) -> list[str]:
        if self._refused <= _MOST_LISTED:
            return []
        return [f"only the first {_MOST_LISTED:,} refused rows are listed"]

    def _refuse_hopeless(self, rejects: list[Reject]) -> None:
        """Stop a source of rubbish early, with its first reason."""
        if self._refused < _PATIENCE or self._refused < _HOPELESS * self._read:
            return
        example = rejects[0] if rejects else None
        why = f" For example row {example.row:,}: {example.reason}." if example else ""
        raise InvalidInput(
            f"{self._refused:,} of the first {self._read:,} rows of {self.path.name} cannot be"
            f" taken as {self.kind}.{why}",
            advice="Nothing was imported. Check that it is the file that was meant.",
            field="source",
        )
