"""Builds the map of a sample city 示意 from a seed: areas, roads and all that stands there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from app.domain.errors import InvalidInput
from app.sample.addresses import place_batch
from app.sample.areas import area_batches
from app.sample.buildings import Buildings, make_buildings
from app.sample.census import PEOPLE, Census, census_batches, make_census
from app.sample.compounds import (
    Compounds,
    compound_batch,
    compound_uids,
    house_numbers,
    make_compounds,
    with_gates,
)  # fmt: skip
from app.sample.doors import Doors, make_doors
from app.sample.flows import daily_totals
from app.sample.furniture import Way, demand_of, place_parts
from app.sample.greens import Greens, make_greens
from app.sample.land import Land, make_land
from app.sample.part_kinds import PartKind, read_kinds
from app.sample.part_rows import part_batches
from app.sample.pipes import DRAINS, Pipes, make_pipes, pipe_batches
from app.sample.promises import SHANGHAI, TALL, Promise, keep_promise
from app.sample.roads import Roads
from app.sample.scales import SCALES, Scale
from app.sample.sites import Sites, make_sites, site_batch
from app.sample.skeleton import Chance, Progress, Skeleton, furnish, make_skeleton
from app.sample.stations import make_stations
from app.sample.tables import CityTables, Total, batch, fixed_bytes, to_degrees, uids, wkb
from app.sample.water import Water

_SPARE = 1.06  # how many more parts are stood than kept


def build_city(
    scale: str, seed: int, *, code: str = "3101", progress: Progress = lambda _step, _share: None
) -> CityTables:
    """Build the city with the four-digit `code` at `scale` (sample, district or full).

    The same arguments give the same bytes. Layers that are huge come as iterators that can be
    read once. Totals that `full` promises are checked here; raises ValueError if one is missed,
    InvalidInput for an unknown scale or code.
    """
    if scale not in SCALES:
        raise InvalidInput(
            f"There is no scale {scale!r}.",
            advice=f"Give one of {', '.join(SCALES)}.",
            field="scale",
        )
    plan, chance = SCALES[scale], Chance(seed, code)
    promise = SHANGHAI if scale == "full" and code == "3101" else Promise()
    city = make_skeleton(plan, code, chance, progress)
    things = _fill(plan, promise, city, chance, progress)
    totals = _totals(plan, promise, city, things)
    tables = _tables(plan, city, things, chance)
    progress("city", 1.0)
    return CityTables(tables, city.ground.frame, city.ground.name, code, totals)


@dataclass(frozen=True)
class _Things:
    """All that stands in a city, in local metres; parts are still to be placed along the way."""

    way: Way
    kinds: tuple[PartKind, ...]
    expected_parts: float
    land: Land
    greens: Greens
    buildings: Buildings
    doors: Doors
    compounds: Compounds
    sites: Sites
    pipes: Pipes
    census: Census


def _fill(
    plan: Scale, promise: Promise, city: Skeleton, chance: Chance, progress: Progress
) -> _Things:
    kinds = read_kinds()
    demand = demand_of(city.roads, kinds)
    way = furnish(plan, city, demand)
    progress("buildings", 0.55)
    land = make_land(city.ground, city.mesh, city.blocks, city.water, chance("land"))
    land, greens = make_greens(city.ground, land, city.water, chance("greens"))
    built = _built_blocks(plan, city, land)
    buildings = make_buildings(land, city.roads, city.water, built, chance("buildings"))
    buildings = keep_promise(buildings, promise, chance("promise"))
    progress("addresses", 0.7)
    doors = make_doors(city.roads, way, plan.door_spacing, city.ground.frame, chance("doors"))
    compounds = make_compounds(land, buildings, doors, promise.compounds, chance("compounds"))
    doors = with_gates(doors, compounds)
    sites = make_sites(land, doors, promise.sites, chance("sites"))
    progress("pipes", 0.85)
    pipes = make_pipes(city.roads, way, promise.pipes, promise.pipe_km, chance("pipes"))
    return _Things(
        way, kinds, demand.parts(way), land, greens, buildings, doors, compounds, sites, pipes,
        make_census(city.ground, city.areas, chance("census")),
    )  # fmt: skip


def _tables(
    plan: Scale, city: Skeleton, things: _Things, chance: Chance
) -> dict[str, Iterable[pa.RecordBatch]]:
    frame, compounds = city.ground.frame, things.compounds
    areas = area_batches(city.ground, city.areas, chance("area"))
    return {
        "area": [*areas, compound_batch(city.areas, things.land, compounds, frame)],
        "road": [_road_batch(city, city.roads, chance("road"))],
        "water": [_shape_batch("water", city, city.water, chance("water rows"))],
        "green": [_shape_batch("green", city, things.greens, chance("green rows"))],
        "building": [_building_batch(city, things.buildings, compounds, chance("building rows"))],
        "site": [site_batch(things.sites, frame, chance("site rows"))],
        "place": [
            place_batch(
                city.areas, frame, things.doors, things.buildings, compounds, plan.houses,
                make_stations(city.roads, things.doors), chance("places"),
            )
        ],
        "part": _parts(plan, city, things, chance),
        "pipe": pipe_batches(things.pipes, frame, chance("pipe rows")),
        "aggregate": census_batches(city.areas, things.census, areas, chance("census rows")),
    }  # fmt: skip


def _parts(
    plan: Scale, city: Skeleton, things: _Things, chance: Chance
) -> Iterator[pa.RecordBatch]:
    """Yield parts; nothing is computed before the first is asked for."""
    stretch = 1.0
    if plan.parts is not None:
        stretch = things.expected_parts / (plan.parts * _SPARE)
    stand = place_parts(city.roads, things.way, things.kinds, stretch, chance("parts"))
    yield from part_batches(
        city.areas, city.ground.frame, stand, things.kinds, plan.parts, chance("part rows")
    )


def _built_blocks(plan: Scale, city: Skeleton, land: Land) -> NDArray[np.bool_]:
    """Tell which blocks get buildings: all, or those where the city is dense or near the core."""
    x, y = land.middle.T
    cx, cy = city.core
    near = np.hypot(x - cx, y - cy) < 3_600
    return np.asarray(near | (city.ground.density(x, y) > plan.built_density))


def _road_batch(city: Skeleton, roads: Roads, rng: np.random.Generator) -> pa.RecordBatch:
    return batch(
        "road",
        {
            "uid": fixed_bytes(uids(rng, len(roads))), "name": roads.name.tolist(),
            "kind": roads.kind.tolist(), "width": roads.width,
            "geom": wkb(to_degrees(city.ground.frame, roads.line)),
        },
    )  # fmt: skip


def _shape_batch(
    layer: str, city: Skeleton, shapes: Water | Greens, rng: np.random.Generator
) -> pa.RecordBatch:
    return batch(
        layer,
        {
            "uid": fixed_bytes(uids(rng, len(shapes.name))), "name": list(shapes.name),
            "kind": list(shapes.kind), "geom": wkb(to_degrees(city.ground.frame, shapes.shape)),
        },
    )  # fmt: skip


def _building_batch(
    city: Skeleton, buildings: Buildings, compounds: Compounds, rng: np.random.Generator
) -> pa.RecordBatch:
    compound, number = house_numbers(buildings, compounds)
    name = [
        f"{compounds.name[c]}{k}号楼" if c >= 0 else ""
        for c, k in zip(compound.tolist(), number.tolist(), strict=True)
    ]
    return batch(
        "building",
        {
            "uid": fixed_bytes(uids(rng, len(buildings))), "name": name,
            "kind": buildings.kind.tolist(), "storeys": buildings.storeys.astype(np.int16),
            "floor_m2": buildings.floor, "curtain_wall": buildings.curtain.astype(np.int8),
            "historic": buildings.historic.astype(np.int8),
            "compound_uid": compound_uids(compounds, compound),
            "geom": wkb(to_degrees(city.ground.frame, buildings.shape)),
        },
    )  # fmt: skip


def _totals(plan: Scale, promise: Promise, city: Skeleton, things: _Things) -> dict[str, Total]:
    """Count what was made and hold it against what was promised."""
    roads = shapely.length(city.roads.line)
    buildings, pipes = things.buildings, things.pipes
    totals = {
        "districts": Total(len(city.ground.districts), None, "count"),
        "streets": Total(len(city.areas.seeds), None, "count"),
        "platforms": Total(sum(seed.platform for seed in city.areas.seeds), None, "count"),
        "communities": Total(len(city.areas.communities), None, "count"),
        "grids": Total(len(city.areas), plan.grids if promise.pipes else None, "count"),
        "duty_grids": Total(len(city.areas.duties), None, "count"),
        "road_km": Total(float(roads.sum()) / 1000, None, "km"),
        "buildings": Total(len(buildings), None, "count"),
        "tall_buildings": Total(int((buildings.storeys >= TALL).sum()), promise.tall, "count"),
        "curtain_walls": Total(int(buildings.curtain.sum()), promise.curtain_walls, "count"),
        "historic": Total(int(buildings.historic.sum()), promise.historic, "count"),
        "floor_m2": Total(float(buildings.floor.sum()), promise.floor_m2, "m²"),
        "compounds": Total(len(things.compounds), promise.compounds, "count"),
        "sites": Total(len(things.sites), promise.sites, "count"),
        "pipes": Total(len(pipes), promise.pipes, "count"),
        "pipe_km": Total(pipes.kilometres(), promise.pipe_km, "km"),
        "drain_km": Total(pipes.kilometres(*DRAINS), promise.drain_km, "km"),
    }
    people = things.census.totals(promised=city.ground.is_shanghai)
    share = people["people"].value / PEOPLE
    totals |= people | daily_totals(share, promised=city.ground.is_shanghai)
    if plan.parts is not None:  # `part_batches` stands for the count
        totals["parts"] = Total(plan.parts, plan.parts, "count")
    missed = [name for name, total in totals.items() if not total.kept]
    if missed:
        raise ValueError(f"totals missed: {', '.join(f'{n} {totals[n].value}' for n in missed)}")
    return totals
