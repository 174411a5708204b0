"""Reads a source for an import, in a process of its own: `python -m app.data.staging.worker JOB`.

Tells on stdout, a JSON object a line: `{"chunk": 3, "done": …, "total": …}` when a chunk lies in
the folder, then `{"summary": …}`, or `{"error": …}`. Dies with the process that started it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from app.data.readers import ImportStream, read
from app.data.readers.chunks import Mark
from app.data.staging.job import ImportJob, load_job
from app.domain.errors import AppError, StorageFailure

ROWS_A_CHUNK: Final = 100_000
_BATCH_ROWS: Final = 50_000
_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG of prctl(2)


def open_source(job: ImportJob) -> ImportStream:
    """Open the source of a job as it was declared."""
    told = job.declared
    return read(
        told.kind,
        Path(told.source),
        crs=told.crs,
        layout=told.layout,
        mapping=told.mapping,
        encoding=told.encoding,
        within=told.within,
        progress=lambda done, total: _tell({"done": done, "total": total}),
        batch_rows=_BATCH_ROWS,
    )


def fill(job: ImportJob) -> None:
    """Read on after the last chunk of the journal until the source ends."""
    entries = job.entries()
    job.trim(entries)
    with open_source(job) as stream:
        stream.remember_in(job.folder)
        number = len(entries)
        if entries:
            seen = (batch for at in range(1, number + 1) for batch in job.batches(at))
            stream.resume(entries[-1].state, seen)
        stream.keep_rejects_in(job.rejects, entries[-1].state["rejects"] if entries else 0)
        waiting: list[pa.RecordBatch] = []
        mark: Mark | None = None
        for step in stream.steps():
            waiting.append(step.batch)
            mark = step.mark
            if mark is None or sum(batch.num_rows for batch in waiting) < ROWS_A_CHUNK:
                continue
            number += 1
            with stream.spent.stage("stage"):
                _keep(job, number, waiting, stream.state(mark))
            waiting = []
        if waiting and mark is not None:
            _keep(job, number + 1, waiting, stream.state(mark))
        stream.state(())  # the refused rows lie in their file
        spent = {"cpu_s": stream.spent.told(), "wall_s": stream.spent.lasted()}
        _tell({"summary": asdict(stream.summary()), **spent})


def _keep(
    job: ImportJob, number: int, batches: list[pa.RecordBatch], state: dict[str, Any]
) -> None:
    job.add(number, batches, state)
    _tell({"chunk": number})


def _tell(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _die_with_parent() -> None:
    """Have the kernel end this process with its parent, where it can (Linux)."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_DEATH_SIGNAL, signal.SIGKILL)


def main() -> int:
    """Fill the job named on the command line."""
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    try:
        fill(load_job(Path(sys.argv[1])))
    except AppError as error:
        _tell({"error": _plain(error)})
    except OSError as error:
        _tell({"error": _plain(StorageFailure(f"The source cannot be read: {error}."))})
    return 0


def _plain(error: AppError) -> dict[str, Any]:
    return {
        "name": type(error).__name__,
        "message": error.message,
        "advice": error.advice,
        "field": error.field,
        "code": error.code,
    }


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # Arrow's and GDAL's threads need not be waited for
