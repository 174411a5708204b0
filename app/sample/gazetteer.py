"""What the sample city knows by name: roads, waters, parks, lines; read from a table once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from app.domain.errors import StorageFailure
from app.domain.geodesy import CityFrame

TABLE: Final = Path(__file__).resolve().parents[2] / "resources" / "sample_shanghai.toml"


@dataclass(frozen=True)
class Spot:
    """A named place: degrees WGS 84 and how far it reaches in metres."""

    name: str
    lon: float
    lat: float
    reach: float

    def xy(self, frame: CityFrame) -> tuple[float, float]:
        """Return its middle in local metres."""
        x, y = frame.to_xy(self.lon, self.lat)
        return x, y


@dataclass(frozen=True)
class Line:
    """A named line: its kind, width in metres, whether it is a ring, degrees of shape (n, 2)."""

    name: str
    kind: str
    width: float
    closed: bool
    lonlat: NDArray[np.float64]

    def xy(self, frame: CityFrame) -> NDArray[np.float64]:
        """Return its corners in local metres, shape (n, 2)."""
        return np.column_stack(frame.to_xy(self.lonlat[:, 0].copy(), self.lonlat[:, 1].copy()))


@dataclass(frozen=True)
class KnownRoad:
    """A road by name: where its middle is, whether it runs east-west, numbers it has for sure."""

    name: str
    lon: float
    lat: float
    east: bool
    numbers: tuple[int, ...]

    def point(self, frame: CityFrame) -> shapely.Point:
        """Return its middle in local metres."""
        return shapely.Point(*frame.to_xy(self.lon, self.lat))


@dataclass(frozen=True)
class Gazetteer:
    """All of it. `places`, `first`, `second` and `towns` are words that names are made of."""

    places: tuple[str, ...]
    first: tuple[str, ...]
    second: tuple[str, ...]
    towns: tuple[str, ...]
    lakes: tuple[Spot, ...]
    parks: tuple[Spot, ...]
    centres: tuple[Spot, ...]
    roads: tuple[KnownRoad, ...]
    streams: tuple[Line, ...]
    fast: tuple[Line, ...]


@cache
def gazetteer() -> Gazetteer:
    """Return the table; raises StorageFailure if it is missing or broken."""
    try:
        with TABLE.open("rb") as file:
            data = tomllib.load(file)
        return _gazetteer(data)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise StorageFailure(
            f"The table {TABLE.name} cannot be read: {error}.",
            advice=f"Put resources/{TABLE.name} back as it was installed.",
        ) from error


def _gazetteer(data: dict[str, Any]) -> Gazetteer:
    return Gazetteer(
        places=tuple(data["places"].split()),
        first=tuple(data["first"].split()),
        second=tuple(data["second"].split()),
        towns=tuple(data["towns"].split()),
        lakes=tuple(_spot(row) for row in data["lake"]),
        parks=tuple(_spot(row) for row in data["park"]),
        centres=tuple(_spot(row) for row in data["centre"]),
        roads=tuple(
            KnownRoad(**(row | {"numbers": tuple(row.get("numbers", ()))})) for row in data["road"]
        ),
        streams=tuple(_line(row) for row in data["stream"]),
        fast=tuple(_line(row) for row in data["fast"]),
    )


def _spot(row: dict[str, Any]) -> Spot:
    return Spot(str(row.get("name", "")), row["lon"], row["lat"], row["reach"])


def _line(row: dict[str, Any]) -> Line:
    lonlat = np.array([pair.split(",") for pair in row["way"].split()], dtype=float)
    width = 34.0 if row["kind"] == "expressway" else 10.0
    return Line(
        row["name"], row["kind"], row.get("width", width), bool(row.get("closed", False)), lonlat
    )
