"""CSV and its like as a source: any size in flat memory, bad lines set aside, the rest read.

Python's own csv parser works on lines handed to it one by one, so that a quote which never
closes costs its own line only: the lines it swallowed are handed out again.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from app.data.readers.chunks import Chunk, Reject, shortened
from app.data.readers.encodings import decoding_errors, find_encoding, shown_encoding
from app.domain.errors import InvalidInput

_LONGEST_LINE: Final = 1 << 20
_LONGEST_RECORD_LINES: Final = 2000
_DELIMITERS: Final = (",", "\t", ";", "|")
_MOST_COLUMNS: Final = 5000

csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_LINE))


class _Lines:
    """Lines of a text stream, which can be handed out again; counts them from 1."""

    def __init__(self, stream: io.TextIOBase, name: str) -> None:
        self._stream = stream
        self._name = name
        self._again: deque[str] = deque()
        self.record: list[str] = []
        self.number = 0
        self.too_long: list[int] = []

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
        try:
            line = self._stream.readline(_LONGEST_LINE + 1)
        except UnicodeError as error:
            raise InvalidInput(
                f"{self._name} is no text after line {self.number:,}: {error}.",
                advice="Nothing was imported. Declare the right --encoding.",
                field="encoding",
            ) from None
        if len(line) <= _LONGEST_LINE:
            return line
        if self.number == 0 or len(self.too_long) >= 100:
            raise InvalidInput(
                f"{self._name} has a line longer than {_LONGEST_LINE:,} characters"
                f" (line {self.number + 1:,}): it is no table.",
                advice="Nothing was imported. Choose the CSV file that was meant.",
                field="source",
            )
        self.too_long.append(self.number + 1)
        while line and not line.endswith(("\n", "\r")):
            line = self._stream.readline(_LONGEST_LINE)
        return "\n"

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
        self._path = path
        self._codec = find_encoding(path, encoding)
        self.encoding: str | None = shown_encoding(self._codec)
        self.total = path.stat().st_size
        if self.total == 0:
            raise InvalidInput(f"{path.name} is empty.", field="source")
        self._raw = path.open("rb")
        text = io.TextIOWrapper(
            io.BufferedReader(self._raw, 1 << 20),
            self._codec,
            errors=decoding_errors(self._codec),
            newline="",
        )
        self._lines = _Lines(text, path.name)
        self._delimiter, self.header = self._read_header()

    def done(self) -> int:
        """Return bytes read, of `total`."""
        return self.total if self._raw.closed else self._raw.tell()

    def notes(self) -> list[str]:
        """Return remarks for the summary: none."""
        return []

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def chunks(self, rows: int) -> Iterator[Chunk]:
        """Yield chunks of about `rows` records; broken records become rejects."""
        records: list[list[str]] = []
        numbers: list[int] = []
        rejects: list[Reject] = []
        for number, record, broken in self._records():
            if broken is None:
                records.append(record)
                numbers.append(number)
            else:
                rejects.append(Reject(number, "", shortened("".join(record)), *broken))
            if len(records) + len(rejects) >= rows:
                yield self._chunk(numbers, records, rejects)
                records, numbers, rejects = [], [], []
        self.close()
        if records or rejects:
            yield self._chunk(numbers, records, rejects)

    def _chunk(self, numbers: list[int], records: list[list[str]], rejects: list[Reject]) -> Chunk:
        columns = list(zip(*records, strict=True)) if records else [()] * len(self.header)
        named: dict[str, list[str | None]] = {
            name: list(column) for name, column in zip(self.header, columns, strict=True)
        }
        return Chunk(np.array(numbers, dtype=np.int64), named, None, rejects)

    def _records(self) -> Iterator[tuple[int, list[str], tuple[str, str] | None]]:
        """Yield line number, fields, and reason and mend if the record is broken."""
        lines, width = self._lines, len(self.header)
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        while True:
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
                yield start, lines.record[:1], _wrong_width(len(record), width)
            elif lines.too_long and lines.too_long[-1] == start:
                mend = f"lines under {_LONGEST_LINE:,} characters"
                yield start, [""], ("line too long", mend)

    def _read_header(self) -> tuple[str, tuple[str, ...]]:
        name = self._path.name
        try:
            for record in self._header_candidates():
                if any(cell.strip() for cell in record[1]):
                    return record[0], _checked_header(record[1], name)
        except csv.Error as error:
            self.close()
            raise InvalidInput(
                f"The first line of {name} is no header of a table: {error}.",
                advice="Nothing was imported. The first line must name the columns.",
                field="source",
            ) from None
        except InvalidInput:
            self.close()
            raise
        self.close()
        raise InvalidInput(f"{name} holds nothing but empty lines.", field="source")

    def _header_candidates(self) -> Iterator[tuple[str, list[str]]]:
        """Yield each record from the start, with the delimiter that cuts it finest."""
        for line in self._lines:
            best = max(_DELIMITERS, key=line.count)
            self._lines.record = [line]
            pending = iter([line])
            reader = csv.reader(_chained(pending, self._lines), delimiter=best, strict=True)
            yield best, next(reader)
            self._lines.record.clear()


def _chained(first: Iterator[str], rest: Iterator[str]) -> Iterator[str]:
    yield from first
    yield from rest


def _broken_quote(error: csv.Error) -> tuple[str, str]:
    said = str(error)
    if "not closed" in said or "unexpected end" in said or "field larger" in said:
        return "a quote is opened and not closed", 'close the quote, or write "" for a quote inside'
    return f"not readable as CSV ({said})", "quote the field, and double the quotes inside it"


def _wrong_width(found: int, wanted: int) -> tuple[str, str]:
    plural = "" if found == 1 else "s"
    return (
        f"{found} field{plural} where the header has {wanted}",
        "quote fields that hold the delimiter",
    )


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
    blanks = iter(range(1, len(header) + 1))
    return tuple(cell or f"column {next(blanks)}" for cell in header)
