"""Photos and files by content hash, each written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import Protocol

from app.data.errors import translated_files
from app.domain.errors import InvalidInput, NotFound, StorageFailure

MOST_BYTES = 64 * 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")


class CityBlobs(Protocol):
    """Photos and files of a city, local or remote, by SHA-256 (64 hex digits)."""

    def put(self, data: bytes, name: str) -> str:
        """Keep `data` (1 to `MOST_BYTES`, else `InvalidInput`) durably and return its hash."""
        ...

    def get(self, digest: str) -> bytes:
        """Return the bytes; `NotFound` if not here, `StorageFailure` if altered or unreachable."""
        ...

    def has(self, digest: str) -> bool:
        """Tell whether the file is here."""
        ...

    def drop(self, digest: str) -> bool:
        """Delete the file for good; False if it was not here."""
        ...


class FileBlobs:
    """Fulfils `CityBlobs` in a folder: `ab/abcdef….` holds the bytes of that SHA-256."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes, name: str) -> str:
        """Keep `data` and return its hash; `name` names it in messages.

        Durable at return. Raises `InvalidInput` for nothing or too much, `StorageFailure` if the
        disk is full or fails; then nothing stays.
        """
        if not data or len(data) > MOST_BYTES:
            raise InvalidInput(
                f"{name} holds {len(data)} bytes; 1 to {MOST_BYTES} can be kept.", field="photos"
            )
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        with translated_files(path):
            if not path.exists():
                write_whole(path, data)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes; raises `NotFound`, or `StorageFailure` if they were altered."""
        path = self._path(digest)
        with translated_files(path):
            if not path.exists():
                raise NotFound(f"The file {digest[:12]}… is not here (yet).")
            data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != digest:
            raise StorageFailure(
                f"The file {path} was altered or is broken.", advice="Restore it from a backup."
            )
        return data

    def has(self, digest: str) -> bool:
        """Tell whether the file is here."""
        return self._path(digest).exists()

    def drop(self, digest: str) -> bool:
        """Delete the file for good; False if it was not here."""
        path = self._path(digest)
        with translated_files(path):
            if not path.exists():
                return False
            path.unlink()
            sync_folder(path.parent)
        return True

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise InvalidInput("That is no SHA-256 of a file.", field="photos")
        return self._folder / digest[:2] / digest


def put_file(blobs: CityBlobs, path: Path) -> str:
    """Keep the bytes of a file among `blobs` and return their hash.

    Raises `InvalidInput` if it is no plain file that can be read, or not 1 to `MOST_BYTES`.
    """
    try:
        if not path.is_file():
            raise InvalidInput(f"There is no file {path}.", field="photo")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be read ({error}).", field="photo") from error
    return blobs.put(data, path.name)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole and durable, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
