"""The areas of a city, from grids up: everything larger is a union of grids, so all fits."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from app.engines.english import english
from app.sample.grids import Cell, gather, reading_order
from app.sample.ground import Ground, StreetSeed
from app.sample.mesh import Mesh
from app.sample.shapes import polygons
from app.sample.tables import MADE_ON, batch, fixed_bytes, maybe_uids, uids, wkb

Ints = NDArray[np.int64]
_CELLS_A_COMMUNITY = 4.0


@dataclass(frozen=True)
class Areas:
    """Grids in their final order (by street, then community, then number) and what they form.

    Attributes:
        cell: int64, shape (g,): index of each grid's cell in the order they were cut.
        code: 15-digit codes, shape (g,).
        street, community, duty: int64, shape (g,): index into the tiers below.
        shape: grids in degrees WGS 84, shapely polygons, shape (g,).
        metric: the same in local metres.
        uid: uint8, shape (g, 16).
        seeds: the streets, in order.
        communities: (code, name, street) in order; duty grids: (code, name, street).
    """

    cell: Ints
    code: NDArray[np.object_]
    street: Ints
    community: Ints
    duty: Ints
    shape: NDArray[np.object_]
    metric: NDArray[np.object_]
    uid: NDArray[np.uint8]
    seeds: tuple[StreetSeed, ...]
    communities: tuple[tuple[str, str, int], ...]
    duties: tuple[tuple[str, str, int], ...]

    def __len__(self) -> int:
        """How many grids."""
        return len(self.code)

    def county(self) -> Ints:
        """Return the six-digit county code of each grid as a number, shape (g,)."""
        of_street = np.array([int(seed.code[:6]) for seed in self.seeds])
        return of_street[self.street]


def make_areas(
    ground: Ground,
    mesh: Mesh,
    cells: list[Cell],
    street_of_face: Ints,
    duty_count: int,
    every_community: bool,
    rng: np.random.Generator,
) -> Areas:
    """Gather cells into communities and duty grids, number and code them.

    With `every_community` all real communities are used, else about one for four grids.
    """
    corners = mesh.corners()
    rings = [mesh.expand(cell.ring) for cell in cells]
    owner = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    xy = corners[np.concatenate(rings)]
    metric = polygons(xy, owner)
    middle = shapely.get_coordinates(shapely.centroid(metric))
    size = np.asarray(shapely.area(metric))
    street = street_of_face[[cell.face for cell in cells]]
    seeds = tuple(seed for streets in ground.seeds for seed in streets)
    book = _Book(seeds, every_community, rng)
    duty_share = duty_count / len(cells)
    for number in range(len(seeds)):
        mine = np.flatnonzero(street == number)
        book.add_street(number, mine, middle[mine], size[mine], duty_share)
    order, code, community, duty = book.columns()
    lonlat = np.column_stack(ground.frame.to_lonlat(corners[:, 0].copy(), corners[:, 1].copy()))
    shape = polygons(lonlat[np.concatenate(rings)], owner)
    return Areas(
        order, code, street[order], community, duty, shape[order], metric[order],
        uids(rng, len(order)), seeds, tuple(book.communities), tuple(book.duties),
    )  # fmt: skip


class _Book:
    """Collects the grids of street after street with their codes."""

    def __init__(
        self, seeds: tuple[StreetSeed, ...], every_community: bool, rng: np.random.Generator
    ) -> None:
        self._seeds = seeds
        self._every = every_community
        self._rng = rng
        self.communities: list[tuple[str, str, int]] = []
        self.duties: list[tuple[str, str, int]] = []
        self._cell: list[Ints] = []
        self._code: list[str] = []
        self._community: list[Ints] = []
        self._duty: list[Ints] = []

    def columns(self) -> tuple[Ints, NDArray[np.object_], Ints, Ints]:
        """Return cell, code, community and duty grid of each grid."""
        return (
            np.concatenate(self._cell), np.array(self._code, dtype=object),
            np.concatenate(self._community), np.concatenate(self._duty),
        )  # fmt: skip

    def add_street(
        self,
        number: int,
        mine: Ints,
        middle: NDArray[np.float64],
        size: NDArray[np.float64],
        duty_share: float,
    ) -> None:
        """Take the grids `mine` of a street, with their middles (metres) and sizes (m²)."""
        seed = self._seeds[number]
        real = seed.communities
        count = max(1, round(len(mine) / _CELLS_A_COMMUNITY))
        count = min(len(real), len(mine)) if self._every and real else min(count, len(real) or 99)
        count = max(count, -(-len(mine) // 900))
        group = gather(middle[:, 0], middle[:, 1], np.ones(len(mine)), count)
        duty = gather(
            middle[:, 0], middle[:, 1], np.ones(len(mine)), max(1, round(len(mine) * duty_share))
        )
        first_duty = len(self.duties)
        self.duties += [
            (f"{seed.code}Z{k + 1:02d}", f"{seed.name}第{k + 1}责任网格", number)
            for k in range(int(duty.max()) + 1)
        ]
        for k, (code, name) in enumerate(self._named(seed, int(group.max()) + 1)):
            inside = np.flatnonzero(group == k)
            order = reading_order(
                middle[inside, 0], middle[inside, 1], float(np.sqrt(size[inside].mean()))
            )
            ordered = inside[order]
            self._cell.append(mine[ordered])
            self._code += [f"{code}{i + 1:03d}" for i in range(len(ordered))]
            self._community.append(np.full(len(ordered), len(self.communities)))
            self._duty.append(first_duty + duty[ordered])
            self.communities.append((code, name, number))

    def _named(self, seed: StreetSeed, count: int) -> list[tuple[str, str]]:
        if len(seed.communities) >= count:
            step = len(seed.communities) / count
            return [seed.communities[int(i * step)] for i in range(count)]
        kind = "社区居委会" if seed.name.endswith("街道") else "村委会"
        made = [
            (f"{seed.code}{i + 1:03d}", f"{seed.name[:2]}第{i + 1}{kind}") for i in range(count)
        ]
        return [*seed.communities, *made[len(seed.communities) :]]


def area_batches(ground: Ground, areas: Areas, rng: np.random.Generator) -> list[pa.RecordBatch]:
    """Return city, districts, streets, communities, duty grids and grids, in that order."""
    seeds = areas.seeds
    district_of = np.repeat(np.arange(len(ground.seeds)), [len(s) for s in ground.seeds])
    city, district, street = uids(rng, 1), uids(rng, len(ground.districts)), uids(rng, len(seeds))
    streets = _unions(areas.shape, areas.street, len(seeds))
    districts = _unions(streets, district_of, len(ground.districts))
    head = [
        _tier("city", city, [f"{ground.code}00"], [ground.name], np.full(1, -1), city,
              _unions(districts, np.zeros(len(districts), np.int64), 1), np.ones(1, int)),
        _tier("district", district, [d.code for d in ground.districts],
              [d.name for d in ground.districts], np.zeros(len(districts), np.int64), city,
              districts, np.ones(len(districts), int)),
        _tier("street", street, [s.code for s in seeds], [s.name for s in seeds], district_of,
              district, streets, np.array([int(s.platform) for s in seeds])),
    ]  # fmt: skip
    for tier, rows, index in (
        ("community", areas.communities, areas.community), ("duty_grid", areas.duties, areas.duty)
    ):  # fmt: skip
        parent = np.array([row[2] for row in rows])
        head.append(
            _tier(tier, uids(rng, len(rows)), [r[0] for r in rows], [r[1] for r in rows], parent,
                  street, _unions(areas.shape, index, len(rows)), np.zeros(len(rows), int))
        )  # fmt: skip
    names = [
        f"{seeds[s].name}{code[9:]}网格" for s, code in zip(areas.street, areas.code, strict=True)
    ]
    head.append(
        _tier("grid", areas.uid, areas.code.tolist(), names, areas.street, street, areas.shape,
              np.zeros(len(areas), int))
    )  # fmt: skip
    return head


def _unions(shapes: NDArray[np.object_], index: Ints, count: int) -> NDArray[np.object_]:
    order = np.argsort(index, kind="stable")
    bounds = np.searchsorted(index[order], np.arange(count + 1))
    return np.array(
        [shapely.coverage_union_all(shapes[order[a:b]]) for a, b in itertools.pairwise(bounds)],
        dtype=object,
    )


def _tier(
    tier: str,
    uid: NDArray[np.uint8],
    code: list[str],
    name: list[str],
    parent: Ints,
    parents: NDArray[np.uint8],
    shape: NDArray[np.object_],
    platform: Ints,
) -> pa.RecordBatch:
    return area_batch(tier, uid, code, name, maybe_uids(parents, parent), shape, platform)


def area_batch(
    tier: str,
    uid: NDArray[np.uint8],
    code: list[str],
    name: list[str],
    parent: pa.Array,
    shape: NDArray[np.object_],
    platform: Ints,
) -> pa.RecordBatch:
    """Return areas of one tier; `shape` in degrees WGS 84, `parent` a column of uids."""
    many = np.array(
        [s if s.geom_type == "MultiPolygon" else shapely.MultiPolygon([s]) for s in shape],
        dtype=object,
    )
    return batch(
        "area",
        {
            "uid": fixed_bytes(uid), "tier": [tier] * len(name), "code": code, "name": name,
            "name_en": [english(one) for one in name],
            "parent_uid": parent, "valid_from": [f"{MADE_ON}T00:00:00+00:00"] * len(name),
            "platform": platform, "geom": wkb(many),
        },
    )  # fmt: skip
