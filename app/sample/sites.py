"""Building sites: points on blocks under construction, named after the nearest door."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from app.domain.geodesy import CityFrame
from app.sample.doors import Doors
from app.sample.land import Land
from app.sample.road_names import stems
from app.sample.shapes import points
from app.sample.tables import batch, fixed_bytes, point_wkb, uids

_KINDS = ("房建", "市政", "装修", "拆除", "绿化")
_ODDS = (0.5, 0.2, 0.15, 0.1, 0.05)
_NEAR = 150.0


@dataclass(frozen=True)
class Sites:
    """Sites in local metres: float64 (n, 2), names and kinds (n,)."""

    middle: NDArray[np.float64]
    name: tuple[str, ...]
    kind: tuple[str, ...]

    def __len__(self) -> int:
        """How many."""
        return len(self.name)


def make_sites(land: Land, doors: Doors, count: int | None, rng: np.random.Generator) -> Sites:
    """Put a site on each block under construction; exactly `count` if given, others joining in."""
    blocks = land.of("site")
    if count is not None:
        others = rng.permutation(np.setdiff1d(land.of("slab", "works", "office", "tower"), blocks))
        blocks = np.concatenate([rng.permutation(blocks), others])[:count]
        if len(blocks) < count:
            raise ValueError(f"only {len(blocks)} of {count} sites can stand")
    middle = shapely.get_coordinates(shapely.point_on_surface(land.shape[blocks]))
    address = [""] * len(blocks)
    if len(doors):
        tree = shapely.STRtree(points(doors.x, doors.y))
        found, at = tree.query_nearest(
            shapely.points(middle), max_distance=_NEAR, all_matches=False
        )
        for i, door in zip(found.tolist(), at.tolist(), strict=True):
            address[i] = f"{doors.road[door]}{doors.number[door]}号"
    kind = [_KINDS[i] for i in rng.choice(len(_KINDS), len(blocks), p=_ODDS).tolist()]
    pairs = stems(rng)
    name = [f"{at or next(pairs) + '地块'}{k}工地" for at, k in zip(address, kind, strict=True)]
    return Sites(middle, tuple(name), tuple(kind))


def site_batch(sites: Sites, frame: CityFrame, rng: np.random.Generator) -> pa.RecordBatch:
    """Return sites as rows of the map."""
    lon, lat = frame.to_lonlat(sites.middle[:, 0].copy(), sites.middle[:, 1].copy())
    return batch(
        "site",
        {
            "uid": fixed_bytes(uids(rng, len(sites))), "name": list(sites.name),
            "kind": list(sites.kind), "geom": point_wkb(lon, lat),
        },
    )  # fmt: skip
