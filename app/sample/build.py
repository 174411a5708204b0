"""Builds a sample city 示意 from a seed: ground, roads, areas, then all that stands on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from app.domain.errors import InvalidInput
from app.sample.areas import Areas, area_batches, make_areas
from app.sample.blocks import Block, cut_blocks
from app.sample.doors import door_batch, make_doors
from app.sample.faces import Faces, make_faces
from app.sample.fast_roads import make_fast_roads
from app.sample.furniture import Way, expected, lay_way, place_parts
from app.sample.grids import Cell, cut_grids, face_mesh, share_out
from app.sample.ground import Ground, read_ground
from app.sample.lattice import make_bend, make_lattice
from app.sample.mesh import Mesh
from app.sample.part_kinds import read_kinds
from app.sample.part_rows import part_batches
from app.sample.roads import Roads, make_roads
from app.sample.scales import SCALES, Scale
from app.sample.streets import assign_streets
from app.sample.tables import CityTables, Total, batch, fixed_bytes, to_degrees, uids, wkb
from app.sample.water import Water, make_water

Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Skeleton:
    """A city before it is furnished, in local metres."""

    ground: Ground
    mesh: Mesh
    cells: list[Cell]
    areas: Areas
    blocks: list[Block]
    roads: Roads
    water: Water


def build_city(
    scale: str, seed: int, *, code: str = "3101", progress: Progress = lambda _step, _share: None
) -> CityTables:
    """Build the city with the four-digit `code` at `scale` (sample, district or full).

    The same arguments give the same bytes. Layers that are huge come as iterators that can be
    read once. Raises InvalidInput for an unknown scale or code.
    """
    if scale not in SCALES:
        raise InvalidInput(
            f"There is no scale {scale!r}.",
            advice=f"Give one of {', '.join(SCALES)}.",
            field="scale",
        )
    plan = SCALES[scale]
    chance = _Chance(seed, code)
    city = _skeleton(plan, code, chance, progress)
    progress("areas", 0.5)
    tables: dict[str, object] = {"area": area_batches(city.ground, city.areas, chance("area"))}
    tables["road"] = [_road_batch(city, chance("road"))]
    tables["water"] = [_water_batch(city, chance("water rows"))]
    progress("parts", 0.6)
    way = _way(plan, city)
    tables["place"] = [
        door_batch(city.areas, city.ground.frame, make_doors(city.roads, way, chance("doors")),
                   chance("places"))
    ]  # fmt: skip
    kinds = read_kinds()
    stretch = expected(city.roads, way, kinds) / (plan.parts * 1.03) if plan.parts else 1.0
    stand = place_parts(city.roads, way, kinds, stretch, chance("parts"))
    tables["part"] = part_batches(
        city.areas, city.ground.frame, stand, kinds, plan.parts, chance("part rows")
    )
    progress("city", 1.0)
    totals = {
        "grids": Total(len(city.areas), plan.grids, "count"),
        "streets": Total(len(city.areas.seeds), 234 if city.ground.is_shanghai else None, "count"),
    }
    return CityTables(tables, city.ground.frame, city.ground.name, code, totals)  # type: ignore[arg-type]


class _Chance:
    """A generator of its own for each step, so that a change in one leaves the others alone."""

    def __init__(self, seed: int, code: str) -> None:
        self._seed = [seed, int(code) if code.isdigit() else 0]

    def __call__(self, step: str) -> np.random.Generator:
        return np.random.default_rng([*self._seed, *step.encode()])


def _skeleton(plan: Scale, code: str, chance: _Chance, progress: Progress) -> Skeleton:
    progress("ground", 0.0)
    ground = read_ground(code, chance("ground"))
    water = make_water(ground, chance("water"))
    progress("roads", 0.1)
    faces, main = _faces(ground, chance)
    street = assign_streets(ground, faces)
    mesh, rings = face_mesh(faces)
    count = _grids_of_faces(plan, ground, faces)
    cells, chords = cut_grids(mesh, rings, count, chance("grids"))
    areas = make_areas(
        ground, mesh, cells, street, plan.duty_grids, plan.every_community, chance("codes")
    )
    progress("blocks", 0.2)
    blocks, lanes = cut_blocks(
        mesh, cells, lambda x, y: plan.block(ground.density(x, y)), chance("blocks")
    )
    fast = make_fast_roads(ground, chance("fast"))
    progress("streets", 0.4)
    roads = make_roads(ground, mesh, chords + lanes, main, fast, water, chance("roads"))
    return Skeleton(ground, mesh, cells, areas, blocks, roads, water)


def _faces(ground: Ground, chance: _Chance) -> tuple[Faces, object]:
    seeds = np.array([(s.x, s.y) for streets in ground.seeds for s in streets])
    gap = np.hypot(*(seeds[:, None] - seeds[None]).transpose(2, 0, 1))
    np.fill_diagonal(gap, np.inf)
    nearest = np.minimum(gap.min(1), 20_000.0)

    def wanted(x: Floats, y: Floats) -> Floats:
        by_density = 560 / (0.10 + ground.density(x, y)) ** 0.75
        away = np.hypot(x[:, None] - seeds[:, 0], y[:, None] - seeds[:, 1])
        at = away.argmin(1)
        by_street = 0.40 * nearest[at] + 0.25 * away.min(1)
        return np.clip(np.minimum(by_density, by_street), 480.0, 3_600.0)

    reach = max(
        float(np.hypot(*shapely.get_coordinates(d.shape).T).max()) for d in ground.districts
    )
    lattice = make_lattice(wanted, make_bend(chance("bend")), reach, chance("lattice"))
    smallest = np.array(
        [max(40_000.0, d.shape.area / len(s) * 0.02)
         for d, s in zip(ground.districts, ground.seeds, strict=True)]
    )  # fmt: skip
    return make_faces(ground.districts, lattice, smallest)


def _grids_of_faces(plan: Scale, ground: Ground, faces: Faces) -> NDArray[np.int64]:
    middle = shapely.get_coordinates(shapely.centroid(faces.shape))
    weight = shapely.area(faces.shape) * (
        ground.density(middle[:, 0], middle[:, 1]) ** 1.35 + plan.rural_grids
    )
    return share_out(weight, max(plan.grids, len(faces)), np.ones(len(faces), dtype=np.int64))


def _way(plan: Scale, city: Skeleton) -> Way:
    """Weigh all roads by how full the scale wants them."""
    xy = shapely.get_coordinates(city.roads.line)
    if plan.core_radius:
        frame = city.ground.frame
        cx, cy = frame.to_xy(121.4440, 31.2085) if city.ground.is_shanghai else (0.0, 0.0)
        away = np.hypot(xy[:, 0] - cx, xy[:, 1] - cy) / plan.core_radius
        fullness = np.exp(-(away**3.0))
    else:
        fullness = np.clip(0.25 + 2.5 * city.ground.density(xy[:, 0], xy[:, 1]), 0, 1)
    return lay_way(city.roads, fullness, plan.background)


def _road_batch(city: Skeleton, rng: np.random.Generator) -> pa.RecordBatch:
    roads = city.roads
    return batch(
        "road",
        {
            "uid": fixed_bytes(uids(rng, len(roads))), "name": roads.name.tolist(),
            "kind": roads.kind.tolist(), "width": roads.width,
            "geom": wkb(to_degrees(city.ground.frame, roads.line)),
        },
    )  # fmt: skip


def _water_batch(city: Skeleton, rng: np.random.Generator) -> pa.RecordBatch:
    water = city.water
    return batch(
        "water",
        {
            "uid": fixed_bytes(uids(rng, len(water.name))), "name": list(water.name),
            "kind": list(water.kind), "geom": wkb(to_degrees(city.ground.frame, water.shape)),
        },
    )  # fmt: skip
