"""The last positions of live units, left for other processes: here in `signs/positions.json`.

Not a record: each write replaces the one before, and a crash may lose the last second.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Protocol
from uuid import UUID

from app.data.errors import translated_files
from app.services.changes import UnitRow


class Positions(Protocol):
    """The last positions of live units, of a city local or remote."""

    def put(self, units: Sequence[UnitRow]) -> None:
        """Bring the units' positions up to date; raises `StorageFailure` if that fails."""
        ...

    def changed(self) -> tuple[UnitRow, ...] | None:
        """Return all positions if somebody wrote since the last look, else None."""
        ...

    def known(self, since_ms: int) -> tuple[UnitRow, ...]:
        """Return the units seen since then, as last put here or read; nothing is read now."""
        ...


class PositionFile:
    """Positions of one city folder; fulfils `Positions`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "positions.json"
        self._seen_ns = 0
        self._units: dict[UUID, UnitRow] = {}
        self._read: dict[UUID, UnitRow] = {}

    def put(self, units: Sequence[UnitRow]) -> None:
        """Bring the units' positions up to date; raises `StorageFailure` if the disk fails."""
        self._units.update((unit.uid, unit) for unit in units)
        rows = [{**asdict(unit), "uid": str(unit.uid)} for unit in self._units.values()]
        draft = self._path.with_suffix(".part")
        with translated_files(self._path):
            draft.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
            draft.replace(self._path)

    def changed(self) -> tuple[UnitRow, ...] | None:
        """Return all positions if somebody wrote since the last look, else None."""
        try:
            written_ns = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        if written_ns == self._seen_ns:
            return None
        self._seen_ns = written_ns
        with translated_files(self._path):
            rows = json.loads(self._path.read_text("utf-8"))
        units = tuple(UnitRow(**{**row, "uid": UUID(row["uid"])}) for row in rows)
        self._read = {unit.uid: unit for unit in units}
        return units

    def known(self, since_ms: int) -> tuple[UnitRow, ...]:
        """Return the units seen since then, as last put here or read; the file is not touched."""
        units = {**self._read, **self._units}.values()
        return tuple(unit for unit in units if unit.at_ms >= since_ms)
