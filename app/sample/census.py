"""How many people and firms each area has 示意: counts only, never anybody's data.

Counts are drawn for grids by density and chance and added up; people and firms of Shanghai meet
the published figures exactly (nearly 30 million people, more than 2.2 million firms, end of
2020: the article in the project's notes). Households, registered people and those of 60 and more
are shares of the people as the census of 2020 counted them (2.32 people a household, 23.4 % of 60
and more; 49 % registered); for them nothing is promised.
Other cities get 900,000 people a district, about what China's large cities have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from app.sample.areas import Areas
from app.sample.grids import share_out
from app.sample.ground import Ground
from app.sample.masking import mask_cells, rounded
from app.sample.tables import Total, batch, fixed_bytes, uids

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

AS_OF: Final = "2020-12-31"
PEOPLE: Final = 30_000_000
FIRMS: Final = 2_200_000
# Share of all people, and how far a grid's own share may lie from it either way.
_SHARES: Final = {
    "registered": (0.49, 0.35), "households": (1 / 2.32, 0.12), "aged_60": (0.234, 0.30),
}  # fmt: skip
SECTORS: Final = {
    "firms_trade": 0.32, "firms_business": 0.20, "firms_science": 0.16,
    "firms_manufacturing": 0.11, "firms_construction": 0.06, "firms_catering": 0.06,
    "firms_transport": 0.05, "firms_other": 0.04,
}  # fmt: skip
SIZES: Final = {
    "firms_micro": 0.855, "firms_small": 0.115, "firms_medium": 0.022, "firms_large": 0.008,
}  # fmt: skip
MEASURES: Final = ("people", *_SHARES, "firms", *SECTORS, *SIZES)
_A_DISTRICT = 900_000
_LEAST_PEOPLE, _LEAST_FIRMS = 1_000, 400  # of a street
_LEAST_SHOWN = 10  # of each sector and size of a street
_EXACT: Final = ("street", "district", "city")


@dataclass(frozen=True)
class Census:
    """True counts by measure: of grids, shape (g,), and of streets where grids are too small."""

    grids: Mapping[str, Ints]
    streets: Mapping[str, Ints]

    def totals(self, *, promised: bool) -> dict[str, Total]:
        """Return the city's totals, with what Shanghai wants if `promised`."""
        wanted = {"people": PEOPLE, "firms": FIRMS} if promised else {}
        return {
            name: Total(int(count.sum()), wanted.get(name), "count", AS_OF)
            for name, count in self.grids.items()
        }


def make_census(ground: Ground, areas: Areas, rng: np.random.Generator) -> Census:
    """Return the counts of all grids and streets."""
    middle = shapely.get_coordinates(shapely.centroid(areas.metric))
    dense = ground.density(middle[:, 0], middle[:, 1])
    km2 = np.asarray(shapely.area(areas.metric)) / 1e6
    uneven = rng.lognormal(0.0, 0.45, (2, len(areas)))
    living = km2 * (0.006 + dense) * uneven[0]
    working = km2 * (0.0006 + dense**1.45) * uneven[1]
    people = PEOPLE if ground.is_shanghai else _A_DISTRICT * len(ground.districts)
    firms = FIRMS if ground.is_shanghai else round(people * FIRMS / PEOPLE)
    count = {"people": _spread(living, people, areas, _LEAST_PEOPLE)}
    for name, (share, apart) in _SHARES.items():
        own = count["people"] * rng.uniform(1 - apart, 1 + apart, len(areas))
        count[name] = share_out(own, round(people * share), np.zeros(len(areas), np.int64))
    count["firms"] = _spread(working, firms, areas, _LEAST_FIRMS)
    of_street = np.bincount(areas.street, count["firms"], len(areas.seeds)).astype(np.int64)
    return Census(count, _split(of_street, SECTORS, rng) | _split(of_street, SIZES, rng))


def _spread(weight: Floats, total: int, areas: Areas, least: int) -> Ints:
    """Share `total` out to streets, then to their grids, by `weight`."""
    streets = len(areas.seeds)
    least = min(least, total // (4 * streets))
    of_street = np.bincount(areas.street, weight, streets).astype(np.float64)
    share = share_out(of_street, total, np.full(streets, least))
    count = np.zeros(len(areas), dtype=np.int64)
    for street, wanted in enumerate(share.tolist()):
        mine = np.flatnonzero(areas.street == street)
        count[mine] = share_out(weight[mine], wanted, np.zeros(len(mine), np.int64))
    return count


def _split(firms: Ints, kinds: Mapping[str, float], rng: np.random.Generator) -> dict[str, Ints]:
    """Split the firms of each street by kind; not at all where a street has too few to show."""
    least = np.full(len(kinds), _LEAST_SHOWN)
    if int(firms.min()) < 2 * int(least.sum()):
        return {}
    usual = np.array(list(kinds.values()))
    rows = [
        share_out(usual * rng.lognormal(0.0, 0.25, len(kinds)), count, least)
        for count in firms.tolist()
    ]
    return dict(zip(kinds, np.array(rows).T, strict=True))


def census_batches(
    areas: Areas, census: Census, rows: Iterable[pa.RecordBatch], rng: np.random.Generator
) -> list[pa.RecordBatch]:
    """Return the aggregates of all areas in `rows` but duty grids and compounds, masked."""
    uid_of = _uids_by_tier(rows)
    return [
        _batch(tier, uid_of[tier], measure, count, masked, rng)
        for measure in MEASURES
        for tier, count, masked in _tiers(areas, census, measure)
    ]


def _uids_by_tier(rows: Iterable[pa.RecordBatch]) -> dict[str, tuple[list[str], list[bytes]]]:
    """Return codes and uids of each tier, in their order."""
    return {
        one.column("tier")[0].as_py(): (
            one.column("code").to_pylist(), one.column("uid").to_pylist()
        )
        for one in rows if one.num_rows
    }  # fmt: skip


def _tiers(areas: Areas, census: Census, measure: str) -> list[tuple[str, Ints, NDArray[np.bool_]]]:
    """Return true counts and masks of one measure, tier by tier from the city down."""
    district_code = np.array([seed.code[:6] for seed in areas.seeds])
    order = list(dict.fromkeys(district_code.tolist()))
    district = np.array([order.index(code) for code in district_code])
    streets = len(areas.seeds)
    if measure in census.grids:
        grid = census.grids[measure]
        street = np.bincount(areas.street, grid, streets).astype(np.int64)
    elif measure in census.streets:
        grid, street = None, census.streets[measure]
    else:
        return []
    by_district = np.bincount(district, street, len(order)).astype(np.int64)
    found = [
        (tier, count, np.zeros(len(count), dtype=bool))
        for tier, count in zip(
            ("city", "district", "street"), (street.sum(keepdims=True), by_district, street),
            strict=True,
        )
    ]  # fmt: skip
    if grid is None:
        return found
    community = np.bincount(areas.community, grid, len(areas.communities)).astype(np.int64)
    of_street = np.array([one[2] for one in areas.communities])
    upper = mask_cells(community, of_street, np.zeros(streets, dtype=bool))
    lower = mask_cells(grid, areas.community, upper)
    return [*found, ("community", community, upper), ("grid", grid, lower)]


def _batch(
    tier: str,
    named: tuple[list[str], list[bytes]],
    measure: str,
    count: Ints,
    masked: NDArray[np.bool_],
    rng: np.random.Generator,
) -> pa.RecordBatch:
    codes, area_uids = named
    rows = len(count)
    shown = count if tier in _EXACT else rounded(count)
    return batch(
        "aggregate",
        {
            "uid": fixed_bytes(uids(rng, rows)), "area_uid": area_uids, "tier": [tier] * rows,
            "code": codes, "measure": [measure] * rows, "as_of": [AS_OF] * rows,
            "value": pa.array(shown, pa.int64(), mask=masked),
            "masked": masked.astype(np.int8),
        },
    )  # fmt: skip
