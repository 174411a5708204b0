"""What lies under a pixel: a case, a part, an area, a place. Frozen facts for signals."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.domain.camera import Bounds, Camera
from app.domain.map_columns import AREA_TIERS
from app.engines.citystore import CityStore
from layers.look import Look

CASE_REACH = 11.0  # pixels
PART_REACH = 9.0
PARTS_FROM = 5.0  # metres a pixel


@dataclass(frozen=True)
class PartPicked:
    """A part: `fid` is its row in map.gpkg, `cls` and `state` as there, place in degrees."""

    fid: int
    cls: int
    state: int
    lon: float
    lat: float


@dataclass(frozen=True)
class CasePicked:
    """A case, by its uid."""

    uid: UUID


@dataclass(frozen=True)
class UnitPicked:
    """A live unit, by its uid."""

    uid: UUID


@dataclass(frozen=True)
class AreaPicked:
    """An area of the tier that the scale shows; `uid` are 16 bytes."""

    uid: bytes
    fid: int
    tier: str
    code: str
    name: str


@dataclass(frozen=True)
class PlaceClicked:
    """A place where nothing lies, degrees WGS 84."""

    lon: float
    lat: float


def part_at(
    store: CityStore, look: Look, camera: Camera, sx: float, sy: float
) -> PartPicked | None:
    """Return the part nearest to a pixel within reach; none where parts are mere density."""
    if not look.shows("parts", camera.m_per_px) or camera.m_per_px > PARTS_FROM:
        return None
    from app.engines.tiles_select import nearest_parts  # slow to import, loaded by the first tile

    x, y = camera.to_world(sx, sy)
    found = nearest_parts(store, x, y, PART_REACH * camera.m_per_px, look.want, states=look.states)
    if not found:
        return None
    part = found[0]
    lon, lat = store.frame.to_lonlat(part.x, part.y)
    return PartPicked(part.fid, part.cls, part.state, float(lon), float(lat))


def part_xy(store: CityStore, row: int) -> tuple[float, float]:
    """Return the local metres of the part in a row of the store's files."""
    x, y = store.parts.place(row)
    return x + store.origin[0], y + store.origin[1]


def tier_at(m_per_px: float) -> str:
    """Return the tier that a click means at this scale."""
    if m_per_px > 20:
        return "district"
    return "street" if m_per_px > 4 else "grid"


def area_at(
    store: CityStore, camera: Camera, sx: float, sy: float, tier: str | None = None
) -> AreaPicked | None:
    """Return the area of `tier` (the scale's own if None) that holds the ground at a pixel."""
    x, y = camera.to_world(sx, sy)
    return area_holding(store, x, y, tier or tier_at(camera.m_per_px))


def area_holding(store: CityStore, x: float, y: float, tier: str) -> AreaPicked | None:
    """Return the area of `tier` that holds a point in local metres, or None."""
    shapes = store.shapes["area"]
    rx, ry = x - store.origin[0], y - store.origin[1]
    wanted = AREA_TIERS.index(tier)
    for row in shapes.within(Bounds(rx, ry, rx, ry)):
        if shapes.kind[row] == wanted and shapes.is_inside(int(row), rx, ry):
            return AreaPicked(
                shapes.uid_of(int(row)), int(shapes.fid[row]), tier,
                shapes.text("code", int(row)), shapes.text("name", int(row)),
            )  # fmt: skip
    return None
