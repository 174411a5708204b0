"""Reads the dated counts of people and firms of one area, from `map.gpkg` or PostGIS."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect, text
from sqlcipher3 import dbapi2

from app.data.city import SqlCity
from app.data.errors import translated
from app.domain.errors import NotFound

_AREA = (
    "SELECT uid, tier, code, name, name_en, sample FROM area "
    "WHERE code = :code AND valid_to IS NULL"
)
_COUNTS = (
    "SELECT measure, value, masked, as_of FROM aggregate WHERE area_uid = :uid ORDER BY as_of, fid"
)
_HAS_TABLE = "SELECT count(*) FROM sqlite_master WHERE name = 'aggregate'"


def area_aggregates(city: SqlCity, code: str) -> dict[str, Any]:
    """Return the area with `code` and its counts: measure, value, masked, as_of.

    `value` is None where it is masked. A map made before there were counts has none. Raises
    `NotFound` if no area of today has the code, `StorageFailure` if the map cannot be read.
    """
    rows, counts = _local(city, code) if city.folder is not None else _remote(city, code)
    if not rows:
        raise NotFound(
            f"No area has the code {code!r}.",
            advice="Codes have 6 digits for a district, 9 for a street, 12 for a community, "
            "15 for a grid.",
            field="area",
        )
    _, tier, found, name, name_en, sample = rows[0]
    return {
        "code": found,
        "tier": tier,
        "name": name or "",
        "name_en": name_en or "",
        "sample": bool(sample),
        "counts": [
            {"name": measure, "value": value, "masked": bool(masked), "date": as_of}
            for measure, value, masked, as_of in counts
        ],
    }


def _local(city: SqlCity, code: str) -> tuple[list[Any], list[Any]]:
    path = f"{city.folder}/map.gpkg"
    with translated(path):
        connection = dbapi2.connect(f"file:{path}?mode=ro", uri=True)
        try:
            rows: list[Any] = connection.execute(_AREA, {"code": code}).fetchall()
            if not rows or not connection.execute(_HAS_TABLE).fetchone()[0]:
                return rows, []
            return rows, connection.execute(_COUNTS, {"uid": rows[0][0]}).fetchall()
        finally:
            connection.close()


def _remote(city: SqlCity, code: str) -> tuple[list[Any], list[Any]]:
    with city.begin(write=False) as uow:
        ask = uow.connection
        rows = list(ask.execute(text(_AREA), {"code": code}))
        if not rows or not inspect(ask).has_table("aggregate"):
            return rows, []
        return rows, list(ask.execute(text(_COUNTS), {"uid": bytes(rows[0][0])}))
