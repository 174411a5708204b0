"""Excel workbooks as a source: the first sheet with a header, row by row."""

from __future__ import annotations

import lzma
import struct
import warnings
import zipfile
import zlib
from collections.abc import Collection, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError

import numpy as np
import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from app.data.readers.archives import refuse_bomb
from app.data.readers.chunks import Chunk, Mark, Reject, after, shortened
from app.domain.errors import InvalidInput

_MOST_COLUMNS: Final = 5000
_BROKEN: Final = (
    zipfile.BadZipFile,
    InvalidFileException,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)


class Sheet:
    """The first sheet of a workbook. Rows are numbered as Excel shows them."""

    encoding: str | None = None
    crs: str | None = None

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._stream = self._open()
        try:
            self.header = self._read_header()
        except InvalidInput:
            self.close()
            raise

    def done(self) -> int:
        """Return rows read, of `total`."""
        return self._read

    def notes(self) -> list[str]:
        """Return remarks for the summary: none."""
        return []

    def close(self) -> None:
        """Close the workbook."""
        self._file.close()

    def chunks(
        self, rows: int, columns: Collection[str], start: Mark | None = None
    ) -> Iterator[Chunk]:
        """Yield chunks of about `rows` rows."""
        return after(self._chunks(rows), start)

    def _chunks(self, rows: int) -> Iterator[Chunk]:
        numbers: list[int] = []
        records: list[list[str | None]] = []
        rejects: list[Reject] = []
        for cells in self._rows():
            texts = [_text(cell) for cell in cells]
            if any(text is not None for text in texts):
                self._keep(texts, numbers, records, rejects)
            if len(records) + len(rejects) >= rows:
                yield self._chunk(numbers, records, rejects)
                numbers, records, rejects = [], [], []
        self.close()
        if records or rejects:
            yield self._chunk(numbers, records, rejects)

    def _keep(
        self,
        texts: list[str | None],
        numbers: list[int],
        records: list[list[str | None]],
        rejects: list[Reject],
    ) -> None:
        width = len(self.header)
        if any(text is not None for text in texts[width:]):
            reason = f"more cells than the header's {width}"
            value = shortened(texts[-1])
            rejects.append(Reject(self._read, "", value, reason, "name the column in the header"))
            return
        texts = texts[:width] + [None] * (width - len(texts))
        records.append(texts)
        numbers.append(self._read)

    def _chunk(
        self, numbers: list[int], records: list[list[str | None]], rejects: list[Reject]
    ) -> Chunk:
        columns = list(zip(*records, strict=True)) if records else [()] * len(self.header)
        named = {name: list(column) for name, column in zip(self.header, columns, strict=True)}
        return Chunk(np.array(numbers, dtype=np.int64), named, None, rejects)

    def _open(self) -> Iterator[tuple[Any, ...]]:
        self.total = 0
        self._file = self._path.open("rb")
        try:
            refuse_bomb(self._path, self._file)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about styles it drops, which are not read
                book = openpyxl.load_workbook(self._file, read_only=True, data_only=True)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            return sheet.iter_rows(values_only=True)
        except InvalidInput:
            self.close()
            raise
        except _BROKEN as error:
            self.close()
            raise self._unreadable(error) from None

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        while True:
            try:
                cells = next(self._stream, None)
            except _BROKEN as error:
                raise self._unreadable(error) from None
            if cells is None:
                return
            self._read += 1
            yield cells

    def _read_header(self) -> tuple[str, ...]:
        for cells in self._rows():
            names = [(_text(cell) or "").strip() for cell in cells[:_MOST_COLUMNS]]
            while names and not names[-1]:
                names.pop()
            if not names:
                continue
            given = [name for name in names if name]
            if len(set(given)) < len(given):
                raise InvalidInput(
                    f"The header of {self._path.name} names a column twice.",
                    advice="Nothing was imported. Give each column a name of its own.",
                    field="source",
                )
            return tuple(name or f"column {at}" for at, name in enumerate(names, 1))
        raise InvalidInput(f"The first sheet of {self._path.name} is empty.", field="source")

    def _unreadable(self, error: BaseException) -> InvalidInput:
        return InvalidInput(
            f"{self._path.name} cannot be read as an Excel workbook ({type(error).__name__}).",
            advice="Nothing was imported. Save it again as .xlsx or as CSV.",
            field="source",
        )


def _text(cell: object) -> str | None:
    """Write a cell as a person would type it; whole floats lose their `.0`."""
    if cell is None:
        return None
    if isinstance(cell, bool):
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)
