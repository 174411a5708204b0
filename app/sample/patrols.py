"""Live units 动态力量 示意: people and vehicles that go up and down the streets."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.data.map_target import open_map
from app.domain.geodesy import CityFrame
from app.runtime.batches import PositionBatch
from app.sample.chance import uid_of
from app.sample.spots import Spot
from app.services.changes import UnitRow

KINDS = (
    ("patrol", "网格巡查", 2.0),
    ("enforcement", "城管巡逻车", 7.0),
    ("sanitation", "环卫作业车", 4.0),
    ("repair", "抢修车", 9.0),
)
_ROADS = (
    "SELECT geom FROM road WHERE kind IN ('arterial', 'collector', 'local') AND fid IN ({}) "
    "ORDER BY fid"
)
_SHORTEST_M = 250.0
_DRAWN = 900


@dataclass(frozen=True)
class _Path:
    """A way in local metres; `along` is the distance from its start to each vertex."""

    xy: NDArray[np.float64]
    along: NDArray[np.float64]

    def at(self, travelled: float) -> tuple[float, float, float]:
        """Return x, y and heading (degrees from north) after going to and fro for so long."""
        length = float(self.along[-1])
        lap, rest = divmod(travelled, length)
        back = int(lap) % 2 == 1
        distance = length - rest if back else rest
        i = int(np.clip(np.searchsorted(self.along, distance, "right") - 1, 0, len(self.xy) - 2))
        span = float(self.along[i + 1] - self.along[i]) or 1.0
        share = (distance - float(self.along[i])) / span
        step = self.xy[i + 1] - self.xy[i]
        x, y = self.xy[i] + share * step
        heading = float(np.degrees(np.arctan2(step[0], step[1])))
        return float(x), float(y), (heading + 180 * back) % 360


class Patrols:
    """A fixed number of units on fixed ways; the same seed and times give the same places."""

    def __init__(
        self, paths: Sequence[_Path], frame: CityFrame, count: int, seed: int, chance: random.Random
    ) -> None:
        self._frame = frame
        self._units = []
        for number in range(count if paths else 0):
            kind, name, pace = KINDS[number % len(KINDS)]
            uid = uid_of(seed, "live unit", str(number))
            path = paths[chance.randrange(len(paths))]
            pace *= chance.uniform(0.7, 1.2)
            start = chance.uniform(0, float(path.along[-1]) * 2)
            self._units.append((uid, f"{name} {number + 1:03d}", kind, path, pace, start))

    def at(self, at_ms: int, driven_s: float) -> PositionBatch:
        """Return where all are at `at_ms` (Unix ms) after `driven_s` seconds of driving."""
        rows = []
        for uid, name, kind, path, pace, start in self._units:
            x, y, heading = path.at(start + pace * driven_s)
            lon, lat = self._frame.to_lonlat(x, y)
            rows.append(UnitRow(uid, name, kind, float(lon), float(lat), heading, at_ms))
        return PositionBatch(tuple(rows))


def make_patrols(
    place: Path | str,
    frame: CityFrame,
    spots: Sequence[Spot],
    count: int,
    seed: int,
    chance: random.Random,
) -> Patrols:
    """Return units on streets of the city at `place`, or between addresses if it has none."""
    paths = _road_paths(place, frame, chance) or _spot_paths(frame, spots)
    return Patrols(paths, frame, count, seed, chance)


def _road_paths(place: Path | str, frame: CityFrame, chance: random.Random) -> list[_Path]:
    with open_map(place) as tables:
        most = tables.ask("SELECT max(fid) FROM road")[0][0] or 0
        drawn = chance.sample(range(1, most + 1), min(most, _DRAWN))
        rows = tables.ask(_ROADS.format(",".join(map(str, sorted(drawn))))) if drawn else []
        lines = [np.asarray(tables.shape(row[0]).coords)[:, :2] for row in rows]
    paths = (_path(line, frame) for line in lines)
    return [path for path in paths if path.along[-1] >= _SHORTEST_M]


def _spot_paths(frame: CityFrame, spots: Sequence[Spot]) -> list[_Path]:
    pairs = zip(spots[::2], spots[1::2], strict=False)
    lines = (np.array([(a.lon, a.lat), (b.lon, b.lat)]) for a, b in pairs if a != b)
    return [_path(line, frame) for line in lines]


def _path(lonlat: NDArray[np.float64], frame: CityFrame) -> _Path:
    x, y = frame.to_xy(lonlat[:, 0].copy(), lonlat[:, 1].copy())
    xy = np.stack([x, y], axis=1)
    steps = np.hypot(*np.diff(xy, axis=0).T)
    return _Path(xy, np.concatenate([[0.0], np.cumsum(steps)]))
