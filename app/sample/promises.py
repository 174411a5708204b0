"""What the full city promises of its buildings, and how made buildings are brought to it.

Counts are met exactly. Floor area is footprint times storeys times one factor for the whole city
(walls, shafts, roofs), so that its sum is met. The rest of the promises are met where things are
made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from app.sample.buildings import Buildings

TALL = 8


@dataclass(frozen=True)
class Promise:
    """Totals of a city: counts, km of pipes and drains, m² of floor. None: nothing promised."""

    pipes: int | None = None
    pipe_km: float | None = None
    drain_km: float | None = None
    compounds: int | None = None
    curtain_walls: int | None = None
    historic: int | None = None
    tall: int | None = None
    sites: int | None = None
    floor_m2: float | None = None


SHANGHAI = Promise(
    5_000_000, 85_000.0, 27_493.0, 14_020, 13_000, 3_000, 50_000, 4_000, 1_400_000_000.0
)


def keep_promise(buildings: Buildings, promise: Promise, rng: np.random.Generator) -> Buildings:
    """Return the buildings with storeys, flags and floor brought to the totals of `promise`.

    Raises ValueError if there are fewer buildings than a total needs.
    """
    made = buildings
    if promise.tall is not None:
        made = _with_tall(made, promise.tall, rng)
    if promise.curtain_walls is not None:
        glass = _chosen(made.curtain, 1.0 * (made.kind == "office") + 0.5 * (made.kind == "mall")
                        + 0.02 * made.storeys, promise.curtain_walls, rng)  # fmt: skip
        made = replace(made, curtain=glass)
    if promise.historic is not None:
        old = _chosen(made.historic & ~made.curtain, 1.0 * (made.storeys <= 4) - 2.0 * made.curtain,
                      promise.historic, rng)  # fmt: skip
        made = replace(made, historic=old)
    if promise.floor_m2 is not None:
        made = replace(made, floor=made.floor * (promise.floor_m2 / made.floor.sum()))
    return made


def _with_tall(buildings: Buildings, count: int, rng: np.random.Generator) -> Buildings:
    """Make exactly `count` buildings of eight storeys or more: the tallest as they were made."""
    able = np.isin(buildings.kind, ("residential", "office", "hospital", "mall", "public"))
    score = np.where(able, buildings.storeys + rng.random(len(buildings)) * 0.9, 0.0)
    tall = np.zeros(len(buildings), dtype=bool)
    tall[np.argsort(-score, kind="stable")[:count]] = True
    if int((tall & able).sum()) != count:
        raise ValueError(f"only {int(able.sum())} of {count} buildings can be tall")
    storeys = np.where(
        tall, np.maximum(buildings.storeys, TALL), np.minimum(buildings.storeys, TALL - 1)
    )
    ground = buildings.floor / buildings.storeys
    return replace(buildings, storeys=storeys, floor=ground * storeys)


def _chosen(
    first: np.ndarray[tuple[int], np.dtype[np.bool_]],
    liking: np.ndarray[tuple[int], np.dtype[np.float64]],
    count: int,
    rng: np.random.Generator,
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Choose exactly `count`: those in `first` before others, then by `liking` and chance."""
    if count > len(first):
        raise ValueError(f"only {len(first)} of {count} buildings stand")
    score = 100.0 * first + liking + rng.random(len(first))
    out = np.zeros(len(first), dtype=bool)
    out[np.argsort(-score, kind="stable")[:count]] = True
    return out
