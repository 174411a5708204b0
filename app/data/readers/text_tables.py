"""CSV and its like as a source: any size in flat memory, bad lines set aside, the rest read.

Arrow parses blocks of lines at a go. A block that it cannot take line for line (a field too many,
a line break inside quotes, bytes that are no text) is read by Python's csv parser, which gets
lines one by one, so that a quote which never closes costs its own line only: the lines it
swallowed are handed out again.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from app.data.readers.chunks import Chunk, Mark, Reject, shortened
from app.data.readers.encodings import find_encoding, shown_encoding
from app.data.readers.text_blocks import TextBlocks
from app.domain.errors import InvalidInput

_LONGEST_LINE: Final = 1 << 20
_LONGEST_RECORD_LINES: Final = 2000
_MOST_TOO_LONG: Final = 100
_DELIMITERS: Final = (",", "\t", ";", "|")
_MOST_COLUMNS: Final = 5000

csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_LINE))


class _Lines:
    """Lines of a text, which can be handed out again; counts them from 1."""

    def __init__(self, blocks: TextBlocks) -> None:
        self._blocks = blocks
        self._again: deque[str] = deque()
        self.record: list[str] = []
        self.number = 0
        self.lost = 0
        self._last_lost = 0

    @property
    def pending(self) -> bool:
        """Whether lines wait to be handed out again."""
        return bool(self._again)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self.record.append(line)
        if len(self.record) > _LONGEST_RECORD_LINES:
            raise csv.Error("a quote is opened and not closed")
        return line

    def _read(self) -> str:
        line = self._blocks.line(_LONGEST_LINE)
        if len(line) < _LONGEST_LINE or line.endswith(b"\n"):
            return line.decode(self._blocks.codec, "surrogateescape")
        if self.number == 0 or self.lost >= _MOST_TOO_LONG:
            raise InvalidInput(
                f"{self._blocks.name} has a line longer than {_LONGEST_LINE:,} bytes"
                f" (line {self.number + 1:,}): it is no table.",
                advice="Nothing was imported. Choose the CSV file that was meant.",
                field="source",
            )
        self.lost += 1
        self._last_lost = self.number + 1
        while line and not line.endswith(b"\n"):
            line = self._blocks.line(_LONGEST_LINE)
        return "\n"

    def was_too_long(self, number: int) -> bool:
        """Whether the line of this number was lost since it was too long."""
        return self._last_lost == number

    def go_on(self, number: int, lost: int) -> None:
        """Count on after line `number`, when `lost` lines were too long."""
        self._again.clear()
        self.number, self.lost = number, lost

    def rewind(self) -> str:
        """Hand out again all but the first line of the record at hand; return that first one."""
        first, *rest = self.record or [""]
        self._again.extendleft(reversed(rest))
        self.number -= len(rest)
        return first


class TextTable:
    """A delimited text file. Its lines are numbered from 1; the header is its first record."""

    crs: str | None = None

    def __init__(self, path: Path, encoding: str | None) -> None:
        codec = find_encoding(path, encoding)
        self.encoding: str | None = shown_encoding(codec)
        self.total = path.stat().st_size
        if self.total == 0:
            raise InvalidInput(f"{path.name} is empty.", field="source")
        self._blocks = TextBlocks(path, codec)
        self._lines = _Lines(self._blocks)
        self._finished = False
        try:
            self._delimiter, self.header = _read_header(self._lines, path.name)
        except InvalidInput:
            self.close()
            raise

    def done(self) -> int:
        """Return bytes read, of `total`."""
        return self.total if self._finished else self._blocks.read_bytes()

    def notes(self) -> list[str]:
        """Return remarks for the summary: none."""
        return []

    def close(self) -> None:
        """Close the file."""
        self._blocks.close()

    def chunks(
        self, rows: int, columns: Collection[str], start: Mark | None = None
    ) -> Iterator[Chunk]:
        """Yield chunks of about `rows` records; broken records become rejects.

        A mark is the bytes handed out, the number of the last line, and how many were too long.
        """
        wanted = [name for name in self.header if name in columns]
        if start is not None:
            self._blocks.move_to(start[0])
            self._lines.go_on(start[1], start[2])
        while (block := self._blocks.block()) or self._blocks.left:
            table = self._parsed(block, wanted) if block else None  # a line longer than a block
            if table is None:
                made = self._by_lines(len(block) or 1, rows, wanted)
            else:
                self._blocks.skip(len(block))
                made = self._sliced(table, rows)
            yield from self._marked(made)
        self._finished = True
        self.close()

    def _marked(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """Put a mark on the last chunk of a block."""
        last = next(chunks, None)
        for chunk in chunks:
            if last is not None:
                yield last
            last = chunk
        if last is not None:
            lines = self._lines
            last.mark = (self._blocks.position, lines.number, lines.lost)
            yield last

    def _parsed(self, block: bytes, wanted: list[str]) -> pa.Table | None:
        """Return the block's columns if each of its lines is one whole record, else None."""
        try:
            text = (
                block
                if self._blocks.codec == "utf-8"
                else block.decode(self._blocks.codec).encode()
            )
            table = pa_csv.read_csv(
                pa.BufferReader(text),
                pa_csv.ReadOptions(
                    use_threads=False, block_size=len(text) + 1, column_names=list(self.header)
                ),
                pa_csv.ParseOptions(
                    delimiter=self._delimiter, newlines_in_values=True, ignore_empty_lines=False
                ),
                pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(self.header, pa.string()),
                    include_columns=wanted or [self.header[0]],
                    strings_can_be_null=False,
                ),
            )
        except (pa.ArrowException, UnicodeError):
            return None
        lines = block.count(b"\n") + (not block.endswith(b"\n"))
        return table if table.num_rows == lines else None

    def _sliced(self, table: pa.Table, rows: int) -> Iterator[Chunk]:
        """Yield a parsed block as chunks; each of its rows is one line."""
        for start in range(0, table.num_rows, rows):
            part = table.slice(start, rows)
            first = self._lines.number + 1
            self._lines.number += part.num_rows
            numbers = np.arange(first, first + part.num_rows, dtype=np.int64)
            named = {name: part.column(name).combine_chunks() for name in part.schema.names}
            yield Chunk(numbers, named)

    def _by_lines(self, size: int, rows: int, wanted: list[str]) -> Iterator[Chunk]:
        """Yield the next `size` bytes, and what their last record needs, as chunks."""
        grown = _Growing(self.header, wanted)
        for number, record, broken in self._records(size):
            grown.add(number, record, broken)
            if len(grown) >= rows:
                yield grown.finish()
                grown = _Growing(self.header, wanted)
        if len(grown):
            yield grown.finish()

    def _records(self, size: int) -> Iterator[tuple[int, list[str], tuple[str, str] | None]]:
        """Yield line number, fields, and reason and mend if the record is broken."""
        lines, width = self._lines, len(self.header)
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        end = self._blocks.position + size
        while lines.pending or self._blocks.position < end:
            lines.record.clear()
            start = lines.number + 1
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield start, [lines.rewind()], _broken_quote(error)
                reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
                continue
            if len(record) == width:
                yield start, record, None
            elif record and (len(record) > 1 or record[0].strip()):
                yield start, [lines.rewind()], _wrong_width(len(record), width)
            elif lines.was_too_long(start):
                yield start, [""], ("line too long", f"lines under {_LONGEST_LINE:,} bytes")


class _Growing:
    """A chunk that grows record by record."""

    def __init__(self, header: tuple[str, ...], wanted: list[str]) -> None:
        self._at = {name: header.index(name) for name in wanted}
        self._numbers: list[int] = []
        self._records: list[list[str]] = []
        self._rejects: list[Reject] = []

    def __len__(self) -> int:
        return len(self._records) + len(self._rejects)

    def add(self, number: int, record: list[str], broken: tuple[str, str] | None) -> None:
        """Add a record, or its first line if it is broken."""
        if broken is None:
            self._records.append(record)
            self._numbers.append(number)
        else:
            self._rejects.append(Reject(number, "", shortened("".join(record)), *broken))

    def finish(self) -> Chunk:
        """Return the chunk."""
        named = {name: [record[at] for record in self._records] for name, at in self._at.items()}
        return Chunk(np.array(self._numbers, dtype=np.int64), named, None, self._rejects)


def _read_header(lines: _Lines, name: str) -> tuple[str, tuple[str, ...]]:
    """Return the delimiter that cuts the first record finest, and the names of the columns."""
    try:
        for line in lines:
            delimiter = max(_DELIMITERS, key=line.count)
            lines.record = [line]
            record = next(csv.reader(_chained(line, lines), delimiter=delimiter, strict=True))
            if any(cell.strip() for cell in record):
                return delimiter, _checked_header(record, name)
            lines.record.clear()
    except csv.Error as error:
        raise InvalidInput(
            f"The first line of {name} is no header of a table: {error}.",
            advice="Nothing was imported. The first line must name the columns.",
            field="source",
        ) from None
    raise InvalidInput(f"{name} holds nothing but empty lines.", field="source")


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _broken_quote(error: csv.Error) -> tuple[str, str]:
    said = str(error)
    if "not closed" in said or "unexpected end" in said or "field larger" in said:
        return "a quote is opened and not closed", 'close the quote, or write "" for a quote inside'
    return f"not readable as CSV ({said})", "quote the field, and double the quotes inside it"


def _wrong_width(found: int, wanted: int) -> tuple[str, str]:
    plural = "" if found == 1 else "s"
    mend = "quote fields that hold the delimiter"
    return f"{found} field{plural} where the header has {wanted}", mend


def _checked_header(cells: list[str], name: str) -> tuple[str, ...]:
    header = tuple(cell.strip().lstrip("\ufeff") for cell in cells)
    twice = sorted({cell for cell in header if cell and header.count(cell) > 1})
    if len(header) > _MOST_COLUMNS or twice:
        why = f"{twice[0][:40]!r} stands there twice" if twice else f"it has {len(header)} columns"
        raise InvalidInput(
            f"The header of {name} cannot be used: {why}.",
            advice="Nothing was imported. Give each column a name of its own.",
            field="source",
        )
    return tuple(cell or f"column {at}" for at, cell in enumerate(header, 1))
