"""Tells other programs which import holds a city's map, and how long it will.

A small file beside the map, locked by the process that imports: what a killed one left behind is
locked by nobody and counts for nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from app.domain.errors import Busy

_EVERY_S: Final = 1.0
TellLeft = Callable[[float | None], None]
"""Called with the seconds that are left, None while nobody can know."""


@dataclass(frozen=True)
class Running:
    """An import that is writing to a map: its source, and the seconds left if they are known."""

    source: str
    left_s: float | None

    def refusal(self) -> Busy:
        """Return the error for who wants to write to the map meanwhile."""
        if self.left_s is None:
            return Busy(
                f"{self.source} is being imported into the map.",
                advice="Reading goes on meanwhile. Write to the map again when the import is done.",
            )
        minutes = max(round(self.left_s / 60), 1)
        return Busy(
            f"{self.source} is being imported into the map; about {minutes} min are left.",
            advice="Reading goes on meanwhile. Write to the map again when the import is done.",
        )


def running_import(map_path: Path) -> Running | None:
    """Return the import that is writing to the map at `map_path` just now, None if none is."""
    try:
        with _notice(map_path).open("r+", encoding="utf-8") as file:
            if not _is_held(file):
                return None
            told = json.loads(file.read())
    except (OSError, ValueError):
        return None
    until = told.get("until")
    left = None if until is None else max(float(until) - time.time(), 0.0)
    return Running(str(told.get("source", "")), left)


@contextlib.contextmanager
def noticed(map_path: Path, source: str) -> Iterator[TellLeft]:
    """Tell, as long as this lasts, that `source` is being imported; the caller holds the map."""
    path = _notice(map_path)
    with path.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        told = [-_EVERY_S]

        def tell(left_s: float | None) -> None:
            now = time.monotonic()
            if now - told[0] >= _EVERY_S:
                told[0] = now
                _write(file, source, left_s)

        tell(None)
        try:
            yield tell
        finally:
            path.unlink(missing_ok=True)


def _write(file: IO[str], source: str, left_s: float | None) -> None:
    until = None if left_s is None else time.time() + left_s
    text = json.dumps({"source": source, "until": until}, ensure_ascii=False)
    file.seek(0)
    file.truncate()
    file.write(text)
    file.flush()


def _is_held(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


def _notice(map_path: Path) -> Path:
    return map_path.with_name(f"{map_path.stem}.importing.json")
