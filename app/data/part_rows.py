"""How the record of a part is read, the same for both maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.services.views import PartRecord

# A fid follows.
PART = """
SELECT part.fid, part.uid, part.code, part.class, part.state, area.code, area.name, part.source,
       part.initial_date, part.accuracy, part.sample
FROM part LEFT JOIN area ON area.uid = part.grid_uid WHERE part.fid =
"""


def part_record(row: Sequence[Any]) -> PartRecord:
    """Return the record of a row that `PART` found."""
    fid, uid, code, cls, state, grid_code, grid_name, source, initial_date, accuracy, sample = row
    return PartRecord(
        fid=int(fid),
        uid=UUID(bytes=bytes(uid)),
        code=code or "",
        cls=int(cls),
        state=int(state),
        grid_code=grid_code or "",
        grid_name=grid_name or "",
        source=source or "",
        initial_date=initial_date or "",
        accuracy=accuracy or "",
        sample=bool(sample),
    )
