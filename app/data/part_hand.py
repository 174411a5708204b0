"""Rows of a map read and written one by one: `map.gpkg` and PostGIS in the same words of SQL."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, text
from sqlcipher3 import dbapi2

from app.data.gpkg_rows import decode_geometry, encode_geometries, register_functions
from app.data.map_schema import GEOMETRY

_MARK = "map_taken"
_MAKE_MARK = (
    f"CREATE TABLE IF NOT EXISTS {_MARK} (only_one INTEGER PRIMARY KEY, journal TEXT NOT NULL, "
    "number BIGINT NOT NULL)"
)
_SET_MARK = (
    f"INSERT INTO {_MARK} (only_one, journal, number) VALUES (1, :journal, :number) "
    "ON CONFLICT (only_one) DO UPDATE SET journal = excluded.journal, number = excluded.number"
)


class MapHand(ABC):
    """A connection to a map. SQL names its values `:name`; `geom` is `shape_sql` in a SELECT."""

    shape_sql: str
    geom_value: str

    @abstractmethod
    def ask(self, statement: str, **values: Any) -> list[Sequence[Any]]:
        """Return the rows of a statement."""

    @abstractmethod
    def near(self, layer: str) -> str:
        """Return a condition for rows of a layer whose box meets :x0 :y0 :x1 :y1."""

    @abstractmethod
    def shape(self, value: Any) -> BaseGeometry:
        """Return the shape in a value of `shape_sql`."""

    @abstractmethod
    def value(self, wkb: bytes) -> Any:
        """Return what `geom_value` takes for a shape."""

    @abstractmethod
    def _has_mark(self) -> bool: ...

    def taken(self) -> tuple[str, int]:
        """Return how far the map has taken in which journal; ("", 0) for not at all."""
        if not self._has_mark():
            return "", 0
        rows = self.ask(f"SELECT journal, number FROM {_MARK}")
        return (str(rows[0][0]), int(rows[0][1])) if rows else ("", 0)

    def set_taken(self, journal: str, number: int) -> None:
        """Note how far the map has taken; part of the same transaction."""
        if not self._has_mark():
            self.ask(_MAKE_MARK)
        self.ask(_SET_MARK, journal=journal, number=number)

    @abstractmethod
    def begins(self) -> str:
        """Return a condition for rows whose code begins with :low and stays below :high."""

    @abstractmethod
    def touch(self, layer: str) -> None:
        """Note that a layer has changed, where the map's file has a place for that."""


class GeoPackageHand(MapHand):
    """A hand on `map.gpkg`; for writing the connection holds the writers' lock."""

    shape_sql = GEOMETRY
    geom_value = ":geom"

    def __init__(self, connection: Any) -> None:
        self._db = connection

    @classmethod
    def opened(cls, path: Path, *, wait_s: float, write: bool) -> GeoPackageHand:
        """Open the file; in a transaction if `write`. Raises sqlcipher3's errors."""
        mode = "rw" if write else "ro"
        db = dbapi2.connect(f"file:{path}?mode={mode}", uri=True, timeout=wait_s,
                            isolation_level=None)  # fmt: skip
        try:
            if write:
                register_functions(db)
                db.execute("BEGIN IMMEDIATE")
        except BaseException:
            db.close()
            raise
        return cls(db)

    def commit(self) -> None:
        """End the transaction."""
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file; what was not committed is undone."""
        if self._db.in_transaction:
            with suppress(dbapi2.Error):
                self._db.execute("ROLLBACK")
        self._db.close()

    def ask(self, statement: str, **values: Any) -> list[Sequence[Any]]:
        """See `MapHand.ask`."""
        rows: list[Sequence[Any]] = self._db.execute(statement, values).fetchall()
        return rows

    def near(self, layer: str) -> str:
        """See `MapHand.near`."""
        return (
            f"fid IN (SELECT id FROM rtree_{layer}_{GEOMETRY} "
            "WHERE minx <= :x1 AND maxx >= :x0 AND miny <= :y1 AND maxy >= :y0)"
        )

    def shape(self, value: Any) -> BaseGeometry:
        """See `MapHand.shape`."""
        return decode_geometry(bytes(value))

    def value(self, wkb: bytes) -> Any:
        """See `MapHand.value`."""
        return encode_geometries([wkb])[0]

    def begins(self) -> str:
        """See `MapHand.begins`."""
        return "code >= :low AND code < :high"

    def touch(self, layer: str) -> None:
        """Say in the contents that a layer has changed."""
        self.ask(
            "UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') "
            "WHERE table_name = :name",
            name=layer,
        )

    def _has_mark(self) -> bool:
        return bool(self.ask("SELECT 1 FROM sqlite_master WHERE name = :name", name=_MARK))


class PostgisHand(MapHand):
    """A hand on the map of a remote city, inside one transaction."""

    shape_sql = f"ST_AsBinary({GEOMETRY})"
    geom_value = "ST_GeomFromWKB(:geom, 4326)"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ask(self, statement: str, **values: Any) -> list[Sequence[Any]]:
        """See `MapHand.ask`."""
        result = self._connection.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []

    def near(self, layer: str) -> str:
        """See `MapHand.near`."""
        return f"{GEOMETRY} && ST_MakeEnvelope(:x0, :y0, :x1, :y1, 4326)"

    def begins(self) -> str:
        """See `MapHand.begins`."""
        return "code LIKE CAST(:low AS text) || '%' AND :high <> ''"

    def touch(self, layer: str) -> None:
        """See `MapHand.touch`: triggers change the map's token."""

    def shape(self, value: Any) -> BaseGeometry:
        """See `MapHand.shape`."""
        found: BaseGeometry = shapely.from_wkb(bytes(value))
        return found

    def value(self, wkb: bytes) -> Any:
        """See `MapHand.value`."""
        return wkb

    def _has_mark(self) -> bool:
        return bool(self.ask("SELECT to_regclass(:name)", name=_MARK)[0][0])
