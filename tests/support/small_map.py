"""A small made-up map for tests of store, tiles and map view: deterministic, no files, no Qt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.domain.geodesy import SHANGHAI, CityFrame
from app.domain.map_columns import (
    AREA_TIERS,
    ROAD_KINDS,
    PartColumns,
    PipeColumns,
    PointColumns,
    ShapeColumns,
    no_shapes,
)

Line = NDArray[np.float64]


def shapes_of(
    frame: CityFrame,
    features: list[list[Line]],
    kinds: list[int],
    *,
    holes: list[list[bool]] | None = None,
    texts: dict[str, list[str]] | None = None,
    with_uid: bool = False,
) -> ShapeColumns:
    """Return features (rings in local metres) as columns in degrees."""
    rings = [ring for feature in features for ring in feature]
    xy = np.concatenate(rings) if rings else np.empty((0, 2))
    lon, lat = frame.to_lonlat(xy[:, 0].copy(), xy[:, 1].copy())
    n = len(features)
    uid = np.zeros((n if with_uid else 0, 16), np.uint8)
    if with_uid:
        uid[:, 12:] = np.arange(1, n + 1, dtype=">u4").view(np.uint8).reshape(n, 4)
    flags = [h for feature in holes for h in feature] if holes else [False] * len(rings)
    return ShapeColumns(
        np.stack([lon, lat], axis=1),
        np.concatenate([[0], np.cumsum([len(r) for r in rings])]).astype(np.int64),
        np.concatenate([[0], np.cumsum([len(f) for f in features])]).astype(np.int64),
        np.array(flags, np.bool_),
        np.array(kinds, np.uint8),
        np.arange(1, n + 1, dtype=np.uint32),
        np.zeros(n, np.float32),
        {name: np.array(values, object) for name, values in (texts or {}).items()},
        uid,
    )


def square(x: float, y: float, w: float, h: float | None = None) -> Line:
    """Return a closed ring, south west corner first."""
    h = w if h is None else h
    return np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]])


@dataclass
class SmallMap:
    """A city `side` metres square around (0, 0): four districts, sixteen streets, grids, a river.

    Implements `app.domain.map_columns.MapSource`.
    """

    seed: int = 1
    side: float = 8_000.0
    n_parts: int = 20_000
    frame: CityFrame = SHANGHAI
    fingerprint: str = "small-1"
    sample: bool = True
    roads: list[tuple[str, Line]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = np.random.default_rng(self.seed)
        self.roads = list(self._streets())

    def parts(self) -> Iterator[PartColumns]:
        """Yield parts along the roads, in two blocks."""
        xy = self.part_xy()
        lon, lat = self.frame.to_lonlat(xy[:, 0].copy(), xy[:, 1].copy())
        n = len(xy)
        cls = (np.arange(n) * 7 % 121).astype(np.uint8)
        state = (np.arange(n) % 4 == 3).astype(np.uint8)
        fid = np.arange(1, n + 1, dtype=np.uint32)
        for cut in (slice(0, n // 2), slice(n // 2, n)):
            yield PartColumns(lon[cut], lat[cut], cls[cut], state[cut], fid[cut])

    def part_xy(self) -> Line:
        """Return where the parts are, local metres, shape (n, 2)."""
        chance = np.random.default_rng(self.seed + 1)
        lines = [line for _kind, line in self.roads]
        a = np.concatenate([line[:-1] for line in lines])
        b = np.concatenate([line[1:] for line in lines])
        long = np.hypot(*(b - a).T)
        middle = (a + b) / 2
        near = np.exp(-np.hypot(*middle.T) / (self.side * 0.28)) + 0.05
        pick = chance.choice(len(a), self.n_parts, p=long * near / (long * near).sum())
        along = np.round(chance.random(self.n_parts) * long[pick] / 30) * 30 / long[pick]
        spread = np.where(chance.random(self.n_parts) < 0.5, -9, 9)[:, None]
        d = (b - a)[pick] / long[pick][:, None]
        side = np.stack([-d[:, 1], d[:, 0]], axis=1) * spread
        half = self.side / 2 - 1
        return np.clip(a[pick] + (b - a)[pick] * along[:, None] + side, -half, half)

    def shapes(self, layer: str) -> ShapeColumns:
        """Return the features of one layer."""
        match layer:
            case "road":
                kinds = [ROAD_KINDS.index(k) for k, _ in self.roads]
                signs = "东西南北中安宁福寿康乐"
                names = [f"{signs[i % 11]}{signs[i // 11 % 11]}路" for i in range(len(self.roads))]
                return shapes_of(
                    self.frame, [[line] for _, line in self.roads], kinds, texts={"name": names}
                )
            case "area":
                return self._areas()
            case "water":
                return shapes_of(self.frame, [[self._river()]], [0], texts={"name": ["示意江"]})
            case "green":
                s = self.side
                rings = [[square(s * 0.2, s * 0.15, s * 0.08)], [square(-s * 0.3, -s * 0.3, 400)]]
                return shapes_of(self.frame, rings, [0, 0], texts={"name": ["公园", "绿地"]})
            case "building":
                return self._buildings()
        return no_shapes()

    def pipe_lines(self) -> list[Line]:
        """Return the pipes in local metres: beside each road, and one far longer than a cell."""
        lines = [line + np.array([3.0, -2.0]) for _kind, line in self.roads]
        half = self.side / 2
        return [*lines, np.array([[-half + 50, -half + 20], [half - 40, half - 90]])]

    def pipes(self) -> Iterator[PipeColumns]:
        """Yield pipes of kinds 1 to 6, 100 to 1,000 mm, in one block."""
        lines = self.pipe_lines()
        xy = np.concatenate(lines)
        lon, lat = self.frame.to_lonlat(xy[:, 0].copy(), xy[:, 1].copy())
        n = np.arange(len(lines))
        yield PipeColumns(
            np.stack([lon, lat], axis=1),
            np.concatenate([[0], np.cumsum([len(line) for line in lines])]).astype(np.int64),
            (n % 6 + 1).astype(np.uint8), ((n % 10 + 1) * 100).astype(np.float32),
            (n + 1).astype(np.uint32),
        )  # fmt: skip

    def points(self, layer: str) -> PointColumns:
        """Return seven sites or five stations in a row."""
        n = {"site": 7, "station": 5}[layer]
        x, y = np.linspace(-0.3, 0.3, n) * self.side, np.full(n, 0.1 * self.side)
        lon, lat = self.frame.to_lonlat(x, y)
        return PointColumns(
            lon, lat, (np.arange(n) % 2).astype(np.uint8), np.arange(1, n + 1, dtype=np.uint32),
            np.array([f"{layer}{i}" for i in range(n)], object),
        )  # fmt: skip

    def _areas(self) -> ShapeColumns:
        s, rings, kinds, names, codes = self.side, [], [], [], []
        rings.append([square(-s / 2, -s / 2, s)])
        kinds.append(AREA_TIERS.index("city"))
        names.append("示意市")
        codes.append("3101")
        for tier, cuts, word in (("district", 2, "区"), ("street", 4, "街道"), ("grid", 20, "")):
            w = s / cuts
            for n in range(cuts * cuts):
                i, j = n % cuts, n // cuts
                rings.append([square(-s / 2 + i * w, -s / 2 + j * w, w)])
                kinds.append(AREA_TIERS.index(tier))
                names.append(f"第{n + 1}{word}" if word else "")
                codes.append(f"3101{n:04d}")
        texts = {"name": names, "name_en": [f"Area {c}" for c in codes], "code": codes}
        return shapes_of(self.frame, rings, kinds, texts=texts, with_uid=True)

    def _river(self) -> Line:
        y = np.linspace(-self.side / 2, self.side / 2, 60)
        x = self.side * (0.08 * np.sin(y / self.side * 7) + 0.12)
        w = self.side * 0.02
        return np.concatenate(
            [np.stack([x - w, y], 1), np.stack([x + w, y], 1)[::-1], [[x[0] - w, y[0]]]]
        )

    def _buildings(self) -> ShapeColumns:
        chance = np.random.default_rng(self.seed + 2)
        half = self.side / 2 - 60
        at = chance.uniform(-half, half, (int(self.side / 4), 2))
        size = chance.uniform(12, 45, (len(at), 2))
        rings = [[square(x, y, w, h)] for (x, y), (w, h) in zip(at, size, strict=True)]
        return shapes_of(self.frame, rings, [n % 7 for n in range(len(rings))])

    def _streets(self) -> Iterator[tuple[str, Line]]:
        """Yield a bent grid: every sixth line arterial, every third collector, two expressways."""
        half, step = self.side / 2, 200.0
        run = np.linspace(-half, half, 41)
        for n, at in enumerate(np.arange(-half + step / 2, half, step)):
            kind = "arterial" if n % 6 == 0 else "collector" if n % 3 == 0 else "local"
            bend = 0.012 * self.side * np.sin(run / self.side * 5 + at / self.side * 3)
            yield kind, np.stack([run, np.clip(at + bend, -half, half)], 1)
            yield kind, np.stack([np.clip(at - bend, -half, half), run], 1)
        turn = np.linspace(0, 2 * np.pi, 90)
        yield "expressway", np.stack([np.cos(turn), np.sin(turn) * 0.8], 1) * half * 0.6
        yield "expressway", np.stack([run, run * 0.35], 1)
