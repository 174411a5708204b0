"""The folder of one import: what was declared, the chunks read so far, and a journal of them.

A line of the journal is written after its chunk lies safely on disk, so what the journal tells is
there. A torn last line, or a chunk that is not whole, only costs that chunk.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import IO, Any, Final

import platformdirs
import pyarrow as pa

from app.domain.errors import Busy, StorageFailure

_VERSION: Final = 1
_HEADER, _JOURNAL, _LOCK, _REJECTS = "job.json", "journal.jsonl", "lock", "rejected.csv"
_TURNS, _TURN_S = 60, 0.05


@dataclass(frozen=True)
class Declared:
    """What is imported and as what; two imports that agree in all of it are one."""

    kind: str
    sha256: str
    source: str
    crs: str | None = None
    layout: str | None = None
    mapping: str | None = None
    encoding: str | None = None
    within: tuple[float, float, float, float] | None = None

    @property
    def key(self) -> str:
        """The name of the job's folder; the file may have moved, a mapping must be the same."""
        told = {**asdict(self), "source": "", "version": _VERSION}
        if self.mapping and Path(self.mapping).is_file():
            told["mapping"] = hashlib.sha256(Path(self.mapping).read_bytes()).hexdigest()
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Entry:
    """A line of the journal: a chunk, its rows, its bytes' CRC, and how to go on after it."""

    chunk: int
    rows: int
    crc: int
    state: dict[str, Any]


class ImportJob:
    """One import that lies in `folder`; held by one process at a time."""

    def __init__(self, folder: Path, declared: Declared) -> None:
        self.folder = folder
        self.declared = declared
        self._lock: IO[str] | None = None

    @property
    def rejects(self) -> Path:
        """The refused rows so far."""
        return self.folder / _REJECTS

    @property
    def lock_number(self) -> int:
        """The descriptor of the held lock, for a process that works for this one."""
        if self._lock is None:
            raise StorageFailure("The import's folder is not held.")
        return self._lock.fileno()

    def hold(self) -> None:
        """Make the folder if it is not there, and hold it; raises `Busy` if another does."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = (self.folder / _LOCK).open("w")
        for _ in range(_TURNS):  # the reader of a killed import may need a moment to be gone
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                Event().wait(_TURN_S)
                continue
            self._lock = lock
            header = self.folder / _HEADER
            write_durably(header, json.dumps(asdict(self.declared)).encode())
            return
        lock.close()
        raise Busy(
            f"{Path(self.declared.source).name} is being imported by another program just now.",
            advice="Wait until it is done, or stop it there.",
        )

    def is_free(self) -> bool:
        """Tell whether nobody works in the folder."""
        with (self.folder / _LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False
        return True

    def release(self) -> None:
        """Let go of the folder; what is in it stays."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def remove(self) -> None:
        """Leave no trace of the import."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.release()
        with contextlib.suppress(OSError):
            self.folder.parent.rmdir()  # if no other waits

    def entries(self) -> list[Entry]:
        """Return the journal as far as it and its chunks are whole."""
        found: list[Entry] = []
        for line in _lines(self.folder / _JOURNAL):
            try:
                entry = Entry(**json.loads(line))
            except (ValueError, TypeError):
                break
            if entry.chunk != len(found) + 1 or self._crc(entry.chunk) != entry.crc:
                break
            found.append(entry)
        return found

    def trim(self, entries: list[Entry]) -> None:
        """Make the journal hold just `entries`."""
        lines = "".join(json.dumps(asdict(entry)) + "\n" for entry in entries)
        write_durably(self.folder / _JOURNAL, lines.encode())

    def add(self, number: int, batches: list[pa.RecordBatch], state: dict[str, Any]) -> Entry:
        """Write a chunk and then its line; raises `StorageFailure` if the disk fails."""
        sink = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_file(sink, batches[0].schema, options=options) as writer:
            for batch in batches:
                writer.write_batch(batch)
        data = sink.getvalue()
        entry = Entry(number, sum(b.num_rows for b in batches), zlib.crc32(data), state)
        try:
            write_durably(self.chunk(number), data)
            with (self.folder / _JOURNAL).open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(entry)) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StorageFailure(
                f"The rows read cannot be kept in {self.folder}: {error.strerror}.",
                advice="Make room and run the same import again; it goes on where it was.",
            ) from error
        return entry

    def batches(self, number: int) -> Iterator[pa.RecordBatch]:
        """Yield the batches of a chunk."""
        with pa.ipc.open_file(pa.memory_map(str(self.chunk(number)))) as reader:
            for at in range(reader.num_record_batches):
                yield reader.get_batch(at)

    def chunk(self, number: int) -> Path:
        """Return the file of a chunk."""
        return self.folder / f"chunk-{number:06}.arrow"

    def note(self, name: str, value: dict[str, Any]) -> None:
        """Keep a remark for the run that may follow."""
        write_durably(self.folder / f"{name}.json", json.dumps(value).encode())

    def noted(self, name: str) -> dict[str, Any] | None:
        """Return a remark of an earlier run."""
        path = self.folder / f"{name}.json"
        value: dict[str, Any] | None = json.loads(path.read_bytes()) if path.exists() else None
        return value

    def _crc(self, number: int) -> int | None:
        try:
            return zlib.crc32(self.chunk(number).read_bytes())
        except OSError:
            return None


def staging_root(folder: Path | None, place: str) -> Path:
    """Return where the imports of a city wait: in its folder, of a remote one in one's own."""
    if folder is not None:
        return folder / "staging"
    name = hashlib.sha256(place.encode()).hexdigest()[:16]
    return platformdirs.user_data_path("wangge") / name / "staging"


def unfinished(root: Path) -> list[ImportJob]:
    """Return the imports that wait in `root`."""
    found = []
    for header in sorted(root.glob(f"*/{_HEADER}")):
        try:
            declared = Declared(**json.loads(header.read_bytes()))
        except (ValueError, TypeError):
            continue
        found.append(ImportJob(header.parent, declared))
    return found


def load_job(folder: Path) -> ImportJob:
    """Return the job in `folder`, for the process that reads for it."""
    declared = json.loads((folder / _HEADER).read_bytes())
    return ImportJob(folder, Declared(**declared))


def write_durably(path: Path, data: Any) -> None:
    """Write a file that is there as a whole or, after a crash, as before."""
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []
