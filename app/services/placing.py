"""Where a place lies, for handlers that take only what lies in the city."""

from __future__ import annotations

from app.domain.areas import Whereabouts
from app.domain.errors import InvalidInput
from app.services.ports import City


def inside(city: City, lon: float, lat: float) -> Whereabouts:
    """Return the areas at a place (degrees WGS 84); raises `InvalidInput` outside the city."""
    where = city.areas.at(lon, lat)
    if where.city is None:
        raise InvalidInput(
            f"The place {lon:.5f}, {lat:.5f} lies outside the city.",
            advice="Give longitude and latitude in WGS 84 degrees, longitude first.",
            field="lon",
            code="outside_city",
        )
    return where
