"""The read side of a map in PostGIS: the same answers as `MapIndex` gives for `map.gpkg`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, bindparam, text
from sqlalchemy.exc import SQLAlchemyError

from app.data.map_schema import LAYERS, MapLayer
from app.data.part_rows import PART, part_record
from app.data.place_hits import FULL_CODE, PLACE_COLUMNS, part_hits, place_entry
from app.domain.addresses.register import Entry
from app.domain.areas import Area, Tier, Whereabouts, iso_ms
from app.domain.codes import one_slip
from app.domain.errors import NotFound, StorageFailure
from app.services.views import PartRecord, PlaceHit

_AREA = "uid, tier, code, name, name_en, parent_uid, valid_from, valid_to, platform, sample"
_SQL_TYPES = {
    "string": "text", "binary": "bytea", "int8": "smallint", "uint8": "smallint",
    "int16": "integer", "int64": "bigint", "double": "double precision",
}  # fmt: skip
_REVISION = (
    "CREATE TABLE IF NOT EXISTS map_revision (only_one boolean PRIMARY KEY DEFAULT true "
    "CHECK (only_one), token uuid NOT NULL DEFAULT gen_random_uuid())",
    "INSERT INTO map_revision DEFAULT VALUES ON CONFLICT DO NOTHING",
    "CREATE OR REPLACE FUNCTION map_changed() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN UPDATE map_revision SET token = gen_random_uuid(); RETURN NULL; END$$",
)
_PARTS = "SELECT uid, code, ST_X(geom), ST_Y(geom) FROM part"
_PLACE = f"SELECT {PLACE_COLUMNS}, ST_X(geom), ST_Y(geom) FROM place WHERE uid ="
_NOW = "valid_to IS NULL"
_THEN = 'valid_from COLLATE "C" <= :then AND (valid_to IS NULL OR valid_to COLLATE "C" > :then)'
_POINT = "ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)"


def create_map_tables(connection: Connection) -> None:
    """Create the map's tables, with spatial indexes, in an empty database with PostGIS.

    The token in `map_revision` changes with every statement that touches the map.
    """
    connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
    for statement in _REVISION:
        connection.execute(text(statement))
    for layer in LAYERS.values():
        for statement in _ddl(layer):
            connection.execute(text(statement))


def _ddl(layer: MapLayer) -> list[str]:
    columns = ", ".join(f'"{name}" {_SQL_TYPES[str(kind)]}' for name, kind in layer.columns)
    shape = f", geom geometry({layer.geometry}, 4326)" if layer.geometry else ""
    statements = [
        f'CREATE TABLE IF NOT EXISTS "{layer.name}" (fid bigserial PRIMARY KEY, {columns}{shape})'
    ]
    if layer.geometry:
        statements.append(
            f'CREATE INDEX IF NOT EXISTS "gx_{layer.name}" ON "{layer.name}" USING gist (geom)'
        )
    for column in layer.indexed:
        unique = "UNIQUE" if column == "uid" else ""
        statements.append(
            f'CREATE {unique} INDEX IF NOT EXISTS "ix_{layer.name}_{column}" '
            f'ON "{layer.name}" ("{column}")'
        )
    statements.append(
        "CREATE OR REPLACE TRIGGER map_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE "
        f'ON "{layer.name}" FOR EACH STATEMENT EXECUTE FUNCTION map_changed()'
    )
    return statements


class PostgisMap:
    """Areas and places of a PostgreSQL city; fulfils `ports.AreaIndex`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def close(self) -> None:
        """Nothing of its own to close: the engine belongs to the city."""

    def root(self) -> Area:
        """Return the city itself; raises `NotFound` in a map without areas."""
        rows = self._ask(f"SELECT {_AREA} FROM area WHERE tier = 'city' AND valid_to IS NULL")
        if not rows:
            raise NotFound("The map has no city area yet.", advice="Import areas first.")
        return _area(rows[0])

    def at(self, lon: float, lat: float, at_ms: int | None = None) -> Whereabouts:
        """Return the areas that hold a point (degrees WGS 84); on an edge, the smallest code.

        `at_ms` asks for a past minute, as areas were then.
        """
        rows = self._ask(
            f"SELECT {_AREA} FROM area WHERE {_NOW if at_ms is None else _THEN} "
            f"AND ST_Intersects(geom, {_POINT}) ORDER BY code",
            lon=lon,
            lat=lat,
            **({} if at_ms is None else {"then": iso_ms(at_ms)}),
        )
        found: dict[Tier, Area] = {}
        for row in rows:
            area = _area(row)
            found.setdefault(area.tier, area)
        return Whereabouts.among(lon, lat, found)

    def get(self, uid: UUID) -> Area | None:
        """Return one area by uid."""
        rows = self._ask(f"SELECT {_AREA} FROM area WHERE uid = :uid", uid=uid.bytes)
        return _area(rows[0]) if rows else None

    def children(self, uid: UUID, tier: Tier) -> Sequence[Area]:
        """Return the areas of `tier` below `uid`, by code."""
        rows = self._ask(
            "WITH RECURSIVE below(uid) AS (SELECT CAST(:uid AS bytea) UNION "
            "SELECT area.uid FROM area JOIN below ON area.parent_uid = below.uid "
            "WHERE area.tier <> 'grid' OR :tier = 'grid') "
            f"SELECT {_AREA} FROM area WHERE tier = :tier AND valid_to IS NULL "
            "AND parent_uid IN (SELECT uid FROM below) ORDER BY code",
            uid=uid.bytes,
            tier=tier.value,
        )
        return [_area(row) for row in rows]

    def names(self, uids: Iterable[UUID]) -> dict[UUID, str]:
        """Return names (codes where there is no name) of areas."""
        wanted = [uid.bytes for uid in uids]
        if not wanted:
            return {}
        rows = self._ask(
            f"SELECT {_AREA} FROM area WHERE uid IN :uids", expanding="uids", uids=wanted
        )
        areas = [_area(row) for row in rows]
        return {area.uid: area.name or area.code for area in areas}

    def part(self, fid: int) -> PartRecord | None:
        """Return the record of the part in row `fid`, None if it is gone."""
        rows = self._ask(f"{PART} :fid", fid=fid)
        return part_record(rows[0]) if rows else None

    def parts(self, code: str, limit: int) -> Sequence[PlaceHit]:
        """Return parts whose code begins with `code`, else those one slip of a digit away."""
        rows = self._ask(f"{_PARTS} WHERE code LIKE :like ORDER BY code LIMIT :most",
                         like=f"{code}%", most=limit)  # fmt: skip
        if rows or len(code) < FULL_CODE - 1:
            return part_hits(rows, code)
        slips = [one for one in one_slip(code) if len(one) == FULL_CODE]
        rows = self._ask(f"{_PARTS} WHERE code IN :codes LIMIT :most", expanding="codes",
                         codes=slips, most=limit)  # fmt: skip
        return part_hits(rows, code)

    def place(self, uid: UUID) -> Entry | None:
        """Return a place of the map as the register takes it over, None if there is none."""
        rows = self._ask(f"{_PLACE} :uid", uid=uid.bytes)
        return place_entry(uid, rows[0][:-2], *rows[0][-2:]) if rows else None

    def _ask(self, statement: str, *, expanding: str = "", **values: Any) -> Sequence[Any]:
        query = text(statement)
        if expanding:
            query = query.bindparams(bindparam(expanding, expanding=True))
        try:
            with self._engine.connect() as connection:
                return connection.execute(query, values).fetchall()
        except SQLAlchemyError as error:
            raise StorageFailure(
                f"The remote map did not answer: {error}",
                advice="Check the connection; nothing was changed.",
            ) from error


def _area(row: Any) -> Area:
    uid, tier, code, name, name_en, parent, valid_from, valid_to, platform, sample = row
    return Area(
        uid=UUID(bytes=bytes(uid)),
        tier=Tier(tier),
        code=code or "",
        name=name or "",
        name_en=name_en or "",
        parent=UUID(bytes=bytes(parent)) if parent else None,
        valid_from=datetime.fromisoformat(valid_from),
        valid_to=datetime.fromisoformat(valid_to) if valid_to else None,
        platform=bool(platform),
        sample=bool(sample),
    )
