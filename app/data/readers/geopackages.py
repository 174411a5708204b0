"""What OGR does not tell of a GeoPackage: shapes that bear another system than their layer."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Final

_FIRST: Final = (
    "SELECT g.table_name, g.column_name, g.srs_id FROM gpkg_geometry_columns g "
    "JOIN gpkg_contents c ON c.table_name = g.table_name ORDER BY c.rowid LIMIT 1"
)
_HEADS: Final = 'SELECT substr("{column}", 4, 5), count(*) FROM "{table}" GROUP BY 1'
_HEAD: Final = 5  # flags, and the number of the system in four bytes
_UNKNOWN: Final = (0, -1)


def strangers(path: Path) -> list[str]:
    """Return a remark on the first layer's shapes whose own system is not that of the layer.

    They are read as the layer's, as OGR and QGIS do; a number that says nothing is passed over.
    A file that SQLite cannot read so is left to OGR's own remarks.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            table, column, own = db.execute(_FIRST).fetchone() or ("", "", None)
            if own is None:
                return []
            heads = db.execute(_HEADS.format(table=_quoted(table), column=_quoted(column)))
            found = Counter[int]()
            for head, count in heads:
                if head is not None and len(head) == _HEAD:
                    found[_system(bytes(head))] += count
    except (sqlite3.Error, TypeError):
        return []
    others = {number: count for number, count in found.items() if number not in (own, *_UNKNOWN)}
    return [
        f"{count:,} shapes say they are in system {number}, not in their layer's {own}: taken as"
        " the layer's"
        for number, count in sorted(others.items())
    ]


def _system(head: bytes) -> int:
    return int.from_bytes(head[1:], "little" if head[0] & 1 else "big", signed=True)


def _quoted(name: str) -> str:
    return name.replace('"', '""')
