"""Imported cases of another system: kept as history, searchable and countable, not movable.

What the source calls closed gets the step `closed`; what it left open gets `imported`, since
it cannot be worked on here without its actions. A case without a place stands at 0, 0.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pyarrow as pa

from app.data.bulk_cases import SCHEMA, bulk_cases
from app.data.city import SqlCity
from app.data.map_target import Added
from app.data.readers import ImportStream, derived_uid
from app.domain.areas import Area, Tier
from app.domain.people import Unit
from app.domain.rules import RuleBook

CLOSED, LEFT_OPEN = "closed", "imported"
_CLOSED_WORDS = ("closed", "结案", "已结案", "已办结", "归档")


@dataclass
class _Archive:
    """Turns rows as read into rows as stored, and remembers the units they name."""

    city: SqlCity
    rules: RuleBook
    units: dict[str, Unit] = field(default_factory=dict)
    outside: int = 0
    taken: int = 0

    def __post_init__(self) -> None:
        self._matters = {matter.name_zh: matter.code for matter in self.rules.matters}
        root = self.city.areas.root()
        self._root = root.uid
        self._named: dict[str, Area] = {}
        for tier in (Tier.STREET, Tier.DISTRICT):
            for area in self.city.areas.children(root.uid, tier):
                self._named[area.name] = area

    def batch(self, read: pa.RecordBatch) -> pa.RecordBatch:
        """Return the batch in `bulk_cases.SCHEMA`."""
        rows = [self._row(row) for row in read.to_pylist()]
        self.taken += len(rows)
        return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)

    def _row(self, row: dict[str, Any]) -> dict[str, Any]:
        reported = _ms(row["reported_at"]) or 0
        closed = _ms(row["closed_at"])
        done = closed is not None or (row["status"] or "").lower() in _CLOSED_WORDS
        matters = [row[name] for name in ("matter1", "matter2", "matter3") if row[name]]
        return {
            "uid": row["uid"],
            "receipt": row["source_key"],
            "number": row["number"],
            "step": CLOSED if done else LEFT_OPEN,
            "matter": self._matters.get(matters[-1], "") if matters else "",
            "matter_name": matters[-1] if matters else "",
            "lon": row["lon"] or 0.0,
            "lat": row["lat"] or 0.0,
            **self._areas(row),
            "unit": self._unit(row["unit"]),
            "person": None,
            "source": row["source"] or "import",
            "reported_ms": reported,
            "closed_ms": closed,
            "returned": 0,
            "reworked": 0,
            "auto": False,
            "urgent": False,
            "sample": bool(row["sample"]),
            "words": row["words"] or " › ".join(matters),
            "address": row["address"],
        }

    def _areas(self, row: dict[str, Any]) -> dict[str, Any]:
        street = self._named.get(row["street"] or "")
        district = self._named.get(row["district"] or "")
        grid = None
        if row["lon"] is not None:
            where = self.city.areas.at(row["lon"], row["lat"])
            street, district, grid = where.street or street, where.district or district, where.grid
            self.outside += where.city is None
        return {
            "street": street.uid.bytes if street else None,
            "district": district.uid.bytes if district else None,
            "grid": grid.uid.bytes if grid else None,
            "grid_code": grid.code if grid else "",
        }

    def _unit(self, name: str | None) -> bytes | None:
        if not name:
            return None
        if name not in self.units:
            uid: UUID = derived_uid(f"unit:{name}")
            self.units[name] = Unit(uid, name, "imported", self._root)
        return self.units[name].uid.bytes


def archive_cases(
    city: SqlCity, stream: ImportStream, read_: Iterator[pa.RecordBatch], digest: str
) -> Added:
    """Add the cases of `stream`, read as `read_`, to the city's history under one signed action.

    `digest` is the SHA-256 of the file; the same one again adds nothing, and is read all the same
    so that every row is told as known.
    """
    with city.begin(write=False) as uow:
        archive = _Archive(city, uow.rules.current())

    def batches() -> Iterator[pa.RecordBatch]:
        for one in read_:
            yield archive.batch(one)

    added = bulk_cases(city, batches(), source=stream.path.name, digest=digest)
    if archive.units:
        with city.begin(write=True) as uow:
            uow.directory.put_units(archive.units.values())
            uow.commit()
    if not archive.taken:
        deque(read_, maxlen=0)  # the file was known by its hash: count its rows
    return Added(added, stream.summary().taken - added, archive.outside)


def _ms(moment: Any) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
