"""The real places of `shared/data/shanghai` as columns for a gazetteer, kept and held back."""

from __future__ import annotations

import csv
import json
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from app.data.gazetteer_source import address_rules
from app.domain.addresses.columns import AreaColumns, PlaceColumns
from app.domain.addresses.parse import parse
from app.domain.errors import NotFound
from app.engines.gazetteer.build import arrays_of
from app.engines.gazetteer.changed import coded
from app.engines.gazetteer.opened import Gazetteer
from app.engines.gazetteer.pinyin import make_sounds

BOUNDARIES = "districts_detailed.geojson"
_PARTS_OF = 5  # one in so many is held back
_DOOR = ("road", "lane", "number", "building", "unit", "room")


@dataclass(frozen=True)
class Poi:
    """One place as its source tells it; `held` if it is kept back to check with."""

    name: str
    address: str
    district: str
    kind: str
    lon: float
    lat: float
    held: bool


def shared_folder() -> Path:
    """Return the folder of the real data of Shanghai; raises `NotFound` without them."""
    root = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("WANGGE_SHARED_DATA") or root) / "shanghai"
    if not folder.is_dir():
        raise NotFound(
            f"No real data in {folder}.", advice="Name their folder in WANGGE_SHARED_DATA."
        )
    return folder


def read_poi(folder: Path) -> list[Poi]:
    """Return all places, each once; a hash of name and address says which are held back."""
    found: dict[tuple[str, str, str, str], Poi] = {}
    for file in sorted(folder.glob("poi_*.csv")):
        with file.open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                said = f"{row['name']}|{row['address']}"
                found[(row["name"], row["address"], row["lon"], row["lat"])] = Poi(
                    row["name"], row["address"], row["adname"], row["type"],
                    float(row["lon"]), float(row["lat"]),
                    zlib.crc32(said.encode()) % _PARTS_OF == 0,
                )  # fmt: skip
    return list(found.values())


class Districts:
    """The districts of one file of boundaries."""

    def __init__(self, file: Path) -> None:
        features = json.loads(file.read_text("utf-8"))["features"]
        self.name = [str(one["properties"]["name"]) for one in features]
        self.code = [str(one["properties"]["adcode"]) for one in features]
        self.shape = np.array(
            [shapely.from_geojson(json.dumps(one["geometry"])) for one in features], dtype=object
        )
        self._tree = shapely.STRtree(self.shape)

    def of(self, poi: Sequence[Poi]) -> list[str]:
        """Return the district whose boundary holds each place, empty where none does."""
        points = shapely.points([one.lon for one in poi], [one.lat for one in poi])
        at, holder = self._tree.query(points, predicate="intersects")
        found = [""] * len(poi)
        for i, h in zip(at.tolist(), holder.tolist(), strict=True):
            found[i] = self.name[h]
        return found

    def columns(self) -> AreaColumns:
        """Return the districts as areas."""
        count = len(self.name)
        bounds = shapely.bounds(self.shape)
        uid = np.zeros((count, 16), np.uint8)
        uid[:, 0], uid[:, 15] = 1, np.arange(count)
        return AreaColumns(
            uid, ["district"] * count, self.code, self.name, np.full(count, -1, np.int32),
            bounds[:, [0, 2]].mean(axis=1), bounds[:, [1, 3]].mean(axis=1), np.full(count, 1e4),
        )  # fmt: skip


def gazetteer_of(poi: Sequence[Poi], districts: Districts) -> Gazetteer:
    """Return a gazetteer of `poi`, each in the district that its source says."""
    rules = address_rules()
    read = [parse(one.address, rules) for one in poi]
    row = {name: i for i, name in enumerate(districts.name)}
    places = PlaceColumns(
        uid=_uids(len(poi)),
        name=[one.name for one in poi],
        address=[one.address for one in poi],
        other=(),
        **{field: coded(one.get(field) for one in read) for field in _DOOR},
        kind=coded(one.kind for one in poi),
        lon=np.array([one.lon for one in poi]),
        lat=np.array([one.lat for one in poi]),
        area=np.array([row.get(one.district, -1) for one in poi], np.int32),
    )
    arrays = arrays_of(districts.columns(), None, places, rules, make_sounds(rules))
    return Gazetteer(arrays, rules)


def _uids(count: int) -> NDArray[np.uint8]:
    uid = np.zeros((count, 16), np.uint8)
    uid[:, 0] = 2
    uid[:, 12:] = np.arange(count, dtype=">u4").view(np.uint8).reshape(-1, 4)
    return uid
