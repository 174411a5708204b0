"""The index in a folder: one NumPy file an array, and a manifest that is written last."""

from __future__ import annotations

import json
import os
import shutil
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from app.domain.errors import StorageFailure
from app.engines.gazetteer.build import Arrays

FORM = 4
_MANIFEST = "manifest.json"
_PREFIX = "gazetteer-"


class IndexUnusableError(Exception):
    """There is no index in the folder, or it is torn, of another form or of another city."""


def write(folder: Path, arrays: Arrays, fingerprint: str) -> Path:
    """Write the index under `folder` and remove older ones; raises `StorageFailure`."""
    place = _place(folder, fingerprint)
    draft = folder / f".{place.name}.{os.getpid()}"
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        sums: dict[str, int] = {}
        for name, array in arrays.items():
            np.save(draft / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
            sums[name] = zlib.crc32((draft / f"{name}.npy").read_bytes())
        manifest = {"form": FORM, "fingerprint": fingerprint, "sums": sums}
        (draft / _MANIFEST).write_text(json.dumps(manifest), "utf-8")
        for old in folder.glob(f"{_PREFIX}*"):
            shutil.rmtree(old, ignore_errors=True)
        try:
            draft.replace(place)
        except OSError:
            if not (place / _MANIFEST).is_file():
                raise
            shutil.rmtree(draft, ignore_errors=True)  # somebody else was quicker with the same
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise StorageFailure(
            f"The index for searching could not be written to {folder}: {error.strerror}.",
            advice="Free some space; it is derived and will be built again.",
        ) from error
    return place


def is_there(folder: Path, fingerprint: str) -> bool:
    """Tell whether an index of that fingerprint and of this form was written to `folder`."""
    try:
        said = json.loads((_place(folder, fingerprint) / _MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(said, dict) and said.get("form") == FORM


def newest(folder: Path) -> str:
    """Return the fingerprint of the newest index of this form; raises `IndexUnusableError`."""
    manifests = sorted(folder.glob(f"{_PREFIX}*/{_MANIFEST}"), key=_written_ns, reverse=True)
    for one in manifests:
        try:
            said = json.loads(one.read_text("utf-8"))
            if said["form"] == FORM:
                return str(said["fingerprint"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    raise IndexUnusableError("There is none.")


def built_ms(folder: Path, fingerprint: str) -> int:
    """Return when the index of that fingerprint was written, Unix ms; 0 if it is gone."""
    return _written_ns(_place(folder, fingerprint) / _MANIFEST) // 1_000_000


def _written_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def read(folder: Path, fingerprint: str) -> Arrays:
    """Return the arrays, memory-mapped; raises `IndexUnusableError`."""
    place = _place(folder, fingerprint)
    try:
        manifest: dict[str, Any] = json.loads((place / _MANIFEST).read_text("utf-8"))
        if manifest["form"] != FORM or manifest["fingerprint"] != fingerprint:
            raise IndexUnusableError("of another form")
        return {name: _array(place / f"{name}.npy", crc) for name, crc in manifest["sums"].items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexUnusableError(str(error)) from error


def _array(path: Path, crc: int) -> np.ndarray[Any, np.dtype[np.generic]]:
    with path.open("rb") as file:
        found = 0
        while chunk := file.read(1 << 22):
            found = zlib.crc32(chunk, found)
    if found != crc:
        raise IndexUnusableError(f"{path.name} is damaged")
    if path.stat().st_size <= 256:  # nothing to map
        return np.load(path, allow_pickle=False)  # type: ignore[no-any-return]  # NumPy's stub
    return np.load(path, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]


def _place(folder: Path, fingerprint: str) -> Path:
    return folder / f"{_PREFIX}{fingerprint[:16]}"
