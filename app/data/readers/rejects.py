"""The list of refused rows: collected while a source is read, written as CSV for who mends it."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
import weakref
from collections import Counter
from pathlib import Path
from typing import IO, Any, Final

from app.data.readers.chunks import Reject
from app.data.writers.cells import guarded
from app.domain.errors import StorageFailure

_IN_MEMORY: Final = 1 << 22
_MOST_LISTED: Final = 1_000_000
_HEADER: Final = ("row", "field", "value", "reason", "mend")


class RejectList:
    """Refused rows in a file; in memory while they are few and no file of one's own is named."""

    def __init__(self) -> None:
        self.count = 0
        self.reasons: Counter[str] = Counter()
        self._file: Any = None

    def keep_in(self, path: Path, length: int = 0) -> None:
        """Collect in a file of one's own, after its first `length` bytes."""
        file = self._take(path.open("a+", encoding="utf-8", newline=""))
        file.truncate(length)
        file.seek(0, 2)
        if not length:
            csv.writer(file).writerow(_HEADER)

    def add(self, rejects: list[Reject]) -> None:
        """Put rows behind the others; of very many only the first are listed."""
        if not rejects:
            return
        if self._file is None:
            kept = tempfile.SpooledTemporaryFile(  # noqa: SIM115 - lives with the list
                _IN_MEMORY, "w+", encoding="utf-8", newline=""
            )
            csv.writer(self._take(kept)).writerow(_HEADER)
        writer = csv.writer(self._file)
        for one in rejects[: max(_MOST_LISTED - self.count, 0)]:
            writer.writerow(
                [one.row, one.field, guarded(one.value), guarded(one.reason), guarded(one.mend)]
            )
        for one in rejects:
            self.reasons[f"{one.field}: {one.reason}" if one.field else one.reason] += 1
        self.count += len(rejects)

    def synced(self) -> int:
        """Return the length of the file of one's own, all of it safe on the disk."""
        if self._file is None:
            return 0
        self._file.flush()
        os.fsync(self._file.fileno())
        return int(self._file.tell())

    def notes(self) -> list[str]:
        """Return a remark if not all rows are listed."""
        if self.count <= _MOST_LISTED:
            return []
        return [f"only the first {_MOST_LISTED:,} refused rows are listed"]

    def write(self, source: Path, target: Path | None) -> Path | None:
        """Write the list to `target`, by default beside the source; None if there are none.

        Raises StorageFailure if the file cannot be written.
        """
        if self._file is None or not self.count:
            return None
        self._file.flush()
        self._file.seek(0)
        try:
            return write_list(self._file, source, target)
        finally:
            self._file.seek(0, 2)

    def close(self) -> None:
        """Forget the rows; may be called twice."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _take(self, file: Any) -> Any:
        self._file = file
        weakref.finalize(self, file.close)
        return file


def write_list(rows: IO[str], source: Path, target: Path | None) -> Path:
    """Write a list of refused rows with a mark for Excel; raises StorageFailure."""
    path = target or source.with_name(f"{source.name}.rejected.csv")
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            shutil.copyfileobj(rows, file)
    except OSError as error:
        raise StorageFailure(
            f"The refused rows cannot be written to {path}: {error.strerror}.",
            advice="The good rows are not touched. Choose another folder for the list.",
            field="rejects",
        ) from None
    return path
