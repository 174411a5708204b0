"""The read side of a local map: which areas hold a point, what a name points to.

Opens `map.gpkg` read-only. One object belongs to one thread (the database thread).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import shapely
from shapely.geometry.base import BaseGeometry
from sqlcipher3 import dbapi2

from app.data.gpkg_rows import decode_geometry
from app.data.part_rows import PART, part_record
from app.data.place_hits import FULL_CODE, PLACE_COLUMNS, part_hits, place_entry
from app.domain.addresses.register import Entry
from app.domain.areas import Area, Tier, Whereabouts, iso_ms
from app.domain.codes import one_slip
from app.domain.errors import NotFound, StorageFailure
from app.services.views import PartRecord, PlaceHit

_AREA = "fid, uid, tier, code, name, name_en, parent_uid, valid_from, valid_to, platform, sample"
_AT = f"""
SELECT {_AREA}, geom FROM area WHERE {{when}} AND fid IN (
  SELECT id FROM rtree_area_geom WHERE minx <= ? AND maxx >= ? AND miny <= ? AND maxy >= ?)
ORDER BY code
"""
_NOW = "valid_to IS NULL"
_THEN = "valid_from <= ? AND (valid_to IS NULL OR valid_to > ?)"
_PARTS = "SELECT p.uid, p.code, r.minx, r.miny FROM part p JOIN rtree_part_geom r ON r.id = p.fid"
_PLACE = f"SELECT {PLACE_COLUMNS}, geom FROM place WHERE uid ="


class MapIndex:
    """Areas and places of one `map.gpkg`; fulfils `ports.AreaIndex`.

    A large import puts another file in the map's place; the next question opens that one.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "map.gpkg"
        self._open()

    def _open(self) -> None:
        path = self._path
        if not path.exists():
            raise StorageFailure(
                f"{path} is missing.", advice="Restore it from a copy, or build the city anew."
            )
        try:
            self._file = path.stat().st_ino
            self._opened = dbapi2.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=True)
            self._opened.execute("PRAGMA query_only = 1")
            self._seen = self._version()
            self._root = self._find_root()
        except (dbapi2.Error, ValueError) as error:  # also text or a tier that is none
            raise StorageFailure(
                f"{path} cannot be read: {error}",
                advice="It is damaged or no GeoPackage; restore it from a copy.",
            ) from error
        self._areas: dict[UUID, Area] = {}
        self._shapes: dict[int, BaseGeometry] = {}

    @property
    def _db(self) -> Any:
        """The open file; the one that stands there now."""
        with suppress(FileNotFoundError):
            if self._path.stat().st_ino != self._file:
                self._opened.close()
                self._open()
        if self._version() != self._seen:  # somebody edited the file: what is kept may be old
            self._areas.clear()
            self._shapes.clear()
            self._seen = self._version()
        return self._opened

    def _version(self) -> int:
        return int(self._opened.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._opened.close()

    def root(self) -> Area:
        """Return the city itself; raises `NotFound` in a map without areas."""
        if self._root is None:
            raise NotFound("The map has no city area yet.", advice="Import areas first.")
        return self._root

    def at(self, lon: float, lat: float, at_ms: int | None = None) -> Whereabouts:
        """Return the areas that hold a point (degrees WGS 84); on an edge, the smallest code.

        `at_ms` asks for a past minute, as areas were then.
        """
        point = shapely.Point(lon, lat)
        found: dict[Tier, Area] = {}
        query = _AT.format(when=_NOW if at_ms is None else _THEN)
        then = () if at_ms is None else (iso_ms(at_ms),) * 2
        for row in self._db.execute(query, (*then, lon, lon, lat, lat)):
            tier = Tier(row[2])
            if tier not in found and self._shape(row[0], row[-1]).intersects(point):
                found[tier] = self._area(row)
        return Whereabouts.among(lon, lat, found)

    def get(self, uid: UUID) -> Area | None:
        """Return one area by uid."""
        if uid not in self._areas:
            query = f"SELECT {_AREA} FROM area WHERE uid = ?"
            row = self._db.execute(query, (uid.bytes,)).fetchone()
            if row is None:
                return None
            self._areas[uid] = self._area(row)
        return self._areas[uid]

    def children(self, uid: UUID, tier: Tier) -> Sequence[Area]:
        """Return the areas of `tier` whose parent, or parent's parent, is `uid`, by code."""
        query = f"""
        WITH RECURSIVE below(uid) AS (
          SELECT ? UNION SELECT area.uid FROM area JOIN below ON area.parent_uid = below.uid
          WHERE area.tier <> 'grid' OR ? = 'grid')
        SELECT {_AREA} FROM area WHERE tier = ? AND valid_to IS NULL
        AND parent_uid IN (SELECT uid FROM below) ORDER BY code
        """
        rows = self._db.execute(query, (uid.bytes, tier.value, tier.value)).fetchall()
        return [self._area(row) for row in rows]

    def names(self, uids: Iterable[UUID]) -> dict[UUID, str]:
        """Return names (codes where there is no name) of areas."""
        areas = (self.get(uid) for uid in uids)
        return {area.uid: area.name or area.code for area in areas if area is not None}

    def part(self, fid: int) -> PartRecord | None:
        """Return the record of the part in row `fid`, None if it is gone."""
        row = self._db.execute(f"{PART} ?", (fid,)).fetchone()
        return part_record(row) if row else None

    def parts(self, code: str, limit: int) -> Sequence[PlaceHit]:
        """Return parts whose code begins with `code`, else those one slip of a digit away."""
        rows = self._db.execute(f"{_PARTS} WHERE p.code >= ? AND p.code < ? LIMIT ?",
                                (code, code + ":", limit)).fetchall()  # fmt: skip
        if rows or len(code) < FULL_CODE - 1:
            return part_hits(rows, code)
        slips = sorted(one for one in one_slip(code) if len(one) == FULL_CODE)
        marks = ", ".join("?" * len(slips))
        rows = self._db.execute(f"{_PARTS} WHERE p.code IN ({marks}) LIMIT ?", (*slips, limit))
        return part_hits(rows.fetchall(), code)

    def place(self, uid: UUID) -> Entry | None:
        """Return a place of the map as the register takes it over, None if there is none."""
        row = self._db.execute(f"{_PLACE} ?", (uid.bytes,)).fetchone()
        if row is None:
            return None
        point = decode_geometry(row[-1])
        return place_entry(uid, row[:-1], float(shapely.get_x(point)), float(shapely.get_y(point)))

    def _find_root(self) -> Area | None:
        query = f"SELECT {_AREA} FROM area WHERE tier = 'city' AND valid_to IS NULL LIMIT 1"
        row = self._db.execute(query).fetchone()
        return self._area(row) if row else None

    def _shape(self, fid: int, blob: bytes) -> BaseGeometry:
        if fid not in self._shapes:
            shape = decode_geometry(blob)
            shapely.prepare(shape)
            self._shapes[fid] = shape
        return self._shapes[fid]

    @staticmethod
    def _area(row: Any) -> Area:
        return Area(
            uid=UUID(bytes=row[1]),
            tier=Tier(row[2]),
            code=row[3] or "",
            name=row[4] or "",
            name_en=row[5] or "",
            parent=UUID(bytes=row[6]) if row[6] else None,
            valid_from=datetime.fromisoformat(row[7]),
            valid_to=datetime.fromisoformat(row[8]) if row[8] else None,
            platform=bool(row[9]),
            sample=bool(row[10]),
        )
