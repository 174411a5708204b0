"""A large source read through its job's folder: what earlier runs read, then what is read now.

Offers what `ImportStream` offers (batches, summary, refused rows), so an import need not know.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from app.data.readers import Summary
from app.data.readers.rejects import write_list
from app.data.staging.job import ImportJob
from app.domain import errors
from app.domain.errors import AppError, StorageFailure

Told = Callable[[int, int], None]
"""Called with (done, total) as the source is read: bytes of a text file, features of a map."""


class StagedStream:
    """Batches of a job's source, in order; once. Use as a context: it ends its reader."""

    def __init__(self, job: ImportJob, progress: Told) -> None:
        self.path = Path(job.declared.source)
        self.job = job
        self.resumed_rows = 0
        self.cpu_s: dict[str, float] = {}
        self.wall_s: dict[str, float] = {}
        self._earlier = 0
        self._progress = progress
        self._summary: Summary | None = None
        self._reader: subprocess.Popen[str] | None = None

    def __enter__(self) -> StagedStream:
        """Start the reader."""
        entries = self.job.entries()
        self._earlier = len(entries)
        self.resumed_rows = sum(entry.rows for entry in entries)
        self._reader = subprocess.Popen(
            [sys.executable, "-m", "app.data.staging.worker", str(self.job.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=(self.job.lock_number,),
            cwd=Path(__file__).resolve().parents[3],
        )
        return self

    def __exit__(self, *_: object) -> None:
        """End the reader, done or not; what it has read stays in the job's folder."""
        reader, self._reader = self._reader, None
        if reader is None:
            return
        reader.kill()
        if reader.stdout is not None:
            reader.stdout.close()
        reader.wait()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches, waiting for the reader; raises the reader's error as it was."""
        for number in range(1, self._earlier + 1):
            yield from self._chunk(number)
        for told in self._lines():
            if "error" in told:
                raise _error(told["error"])
            if "done" in told:
                self._progress(told["done"], told["total"])
            if "chunk" in told:
                yield from self._chunk(told["chunk"])
            if "summary" in told:
                self._summary = _summary(told["summary"])
                self.cpu_s, self.wall_s = told["cpu_s"], told["wall_s"]

    def _chunk(self, number: int) -> Iterator[pa.RecordBatch]:
        return (batch for batch in self.job.batches(number) if batch.num_rows)

    def summary(self) -> Summary:
        """Return what was read; whole after the last batch."""
        if self._summary is None:
            raise StorageFailure(
                f"Reading {self.path.name} ended before its time; the city is as it was.",
                advice="Run the same import again: it goes on where it was.",
            )
        return self._summary

    def write_rejects(self, path: Path | None = None) -> Path | None:
        """Write the refused rows as CSV, by default beside the source; None if there are none."""
        if not self.summary().refused:
            return None
        with self.job.rejects.open(encoding="utf-8", newline="") as rows:
            return write_list(rows, self.path, path)

    def _lines(self) -> Iterator[dict[str, Any]]:
        reader = self._reader
        if reader is None or reader.stdout is None:
            return
        for line in reader.stdout:
            yield json.loads(line)
        if self._summary is None:
            self.summary()


def _summary(told: dict[str, Any]) -> Summary:
    extent = tuple(told["extent"]) if told["extent"] else None
    return Summary(**{**told, "extent": extent, "notes": tuple(told["notes"])})


def _error(told: dict[str, Any]) -> AppError:
    kind = getattr(errors, told["name"], AppError)
    error: AppError = kind(
        told["message"], advice=told["advice"], field=told["field"], code=told["code"]
    )
    return error
