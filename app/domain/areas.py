"""Areas of the five-level application: city, district, street, grid, compound; community beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID


class Tier(StrEnum):
    """Tier of an area; the first three have platforms."""

    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"
    DUTY_GRID = "duty_grid"
    COMPOUND = "compound"


@dataclass(frozen=True)
class Area:
    """One area without its geometry. Codes are attributes, never keys."""

    uid: UUID
    tier: Tier
    code: str
    name: str
    parent: UUID | None
    valid_from: datetime
    valid_to: datetime | None = None
    platform: bool = False
    sample: bool = False
    name_en: str = ""


@dataclass(frozen=True)
class Whereabouts:
    """The areas that hold a point, from the city down; any may be missing outside the map."""

    lon: float
    lat: float
    city: Area | None = None
    district: Area | None = None
    street: Area | None = None
    community: Area | None = None
    grid: Area | None = None

    @classmethod
    def among(cls, lon: float, lat: float, found: Mapping[Tier, Area]) -> Whereabouts:
        """Return where a point is, given the one area of each tier that holds it."""
        return cls(
            lon,
            lat,
            city=found.get(Tier.CITY),
            district=found.get(Tier.DISTRICT),
            street=found.get(Tier.STREET),
            community=found.get(Tier.COMMUNITY),
            grid=found.get(Tier.GRID),
        )

    def label(self) -> str:
        """Return the names of district and street, as a breadcrumb."""
        named = (self.district, self.street)
        return " › ".join(area.name for area in named if area)


def iso_ms(ms: int) -> str:
    """Return Unix ms as a map writes times: ISO 8601 in UTC; texts sort as times do."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
