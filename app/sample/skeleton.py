"""A city before anything stands in it: ground, water, areas, blocks and roads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from app.sample.areas import Areas, make_areas
from app.sample.blocks import Block, cut_blocks
from app.sample.faces import Faces, MainRoads, make_faces
from app.sample.fast_roads import make_fast_roads
from app.sample.furniture import Demand, Way, lay_way
from app.sample.grids import cut_grids, face_mesh, share_out
from app.sample.ground import Ground, read_ground
from app.sample.lattice import make_bend, make_lattice
from app.sample.mesh import Mesh
from app.sample.roads import Roads, make_roads
from app.sample.scales import Scale
from app.sample.streets import assign_streets
from app.sample.water import Water, make_water

Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]
_SHANGHAI_CORE = (121.4440, 31.2085)
_THIN_REACH = 2.2e7  # metres of road over which far streets may take their few parts


class Chance:
    """A generator of its own for each step, so that a change in one leaves the others alone."""

    def __init__(self, seed: int, code: str) -> None:
        self._seed = [seed, int(code) if code.isdigit() else 0]

    def __call__(self, step: str) -> np.random.Generator:
        """Return the generator of `step`."""
        return np.random.default_rng([*self._seed, *step.encode()])


@dataclass(frozen=True)
class Skeleton:
    """A city before it is furnished, in local metres."""

    ground: Ground
    mesh: Mesh
    areas: Areas
    blocks: list[Block]
    roads: Roads
    water: Water

    @property
    def core(self) -> tuple[float, float]:
        """Where a partly furnished city is fullest."""
        if self.ground.is_shanghai:
            x, y = self.ground.frame.to_xy(*_SHANGHAI_CORE)
            return x, y
        return 0.0, 0.0


def make_skeleton(plan: Scale, code: str, chance: Chance, progress: Progress) -> Skeleton:
    """Cut the city with the four-digit `code` down to its blocks and name its roads."""
    progress("ground", 0.0)
    ground = read_ground(code, chance("ground"))
    water = make_water(ground, chance("water"))
    progress("streets", 0.1)
    faces, main = _faces(ground, chance)
    street = assign_streets(ground, faces)
    mesh, rings = face_mesh(faces)
    count = _grids_of_faces(plan, ground, faces, street)
    cells, chords = cut_grids(mesh, rings, count, chance("grids"))
    progress("grids", 0.2)
    areas = make_areas(
        ground, mesh, cells, street, plan.duty_grids, plan.every_community, chance("codes")
    )
    progress("blocks", 0.3)
    blocks, lanes = cut_blocks(
        mesh, cells, lambda x, y: plan.block(ground.density(x, y)), chance("blocks")
    )
    progress("roads", 0.4)
    fast = make_fast_roads(ground, chance("fast"))
    roads = make_roads(ground, mesh, chords + lanes, main, fast, water, chance("roads"))
    return Skeleton(ground, mesh, areas, blocks, roads, water)


def _faces(ground: Ground, chance: Chance) -> tuple[Faces, MainRoads]:
    seeds = np.array([(s.x, s.y) for streets in ground.seeds for s in streets])
    gap = np.hypot(*(seeds[:, None] - seeds[None]).transpose(2, 0, 1))
    np.fill_diagonal(gap, np.inf)
    nearest = np.minimum(gap.min(1), 20_000.0)
    land = shapely.union_all([d.shape for d in ground.districts])
    shapely.prepare(land)

    def wanted(x: Floats, y: Floats) -> Floats:
        by_density = 560 / (0.10 + ground.density(x, y)) ** 0.75
        away = np.hypot(x[:, None] - seeds[:, 0], y[:, None] - seeds[:, 1])
        at = away.argmin(1)
        by_street = 0.40 * nearest[at] + 0.25 * away.min(1)
        wide = np.clip(np.minimum(by_density, by_street), 480.0, 3_600.0)
        away_from_land = shapely.distance(land, shapely.points(x, y))
        return np.where(away_from_land > 6_000, 4_000.0, wide)

    reach = max(
        float(np.hypot(*shapely.get_coordinates(d.shape).T).max()) for d in ground.districts
    )
    lattice = make_lattice(wanted, make_bend(chance("bend")), reach, chance("lattice"))
    smallest = np.array(
        [
            max(40_000.0, d.shape.area / len(s) * 0.02)
            for d, s in zip(ground.districts, ground.seeds, strict=True)
        ]
    )
    return make_faces(ground.districts, lattice, smallest)


def _grids_of_faces(
    plan: Scale, ground: Ground, faces: Faces, street: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Share the grids out: by density, at least one a face, and one for each real community."""
    middle = shapely.get_coordinates(shapely.centroid(faces.shape))
    weight = shapely.area(faces.shape) * (
        ground.density(middle[:, 0], middle[:, 1]) ** 1.35 + plan.rural_grids
    )
    least = np.ones(len(faces), dtype=np.int64)
    if plan.every_community:
        seeds = [seed for streets in ground.seeds for seed in streets]
        for number, seed in enumerate(seeds):
            mine = street == number
            needed = max(len(seed.communities), int(mine.sum()))
            least[mine] = share_out(weight[mine], needed, least[mine])
    return share_out(weight, max(plan.grids, int(least.sum())), least)


def furnish(plan: Scale, city: Skeleton, demand: Demand) -> Way:
    """Weigh all roads by how full the scale wants them; in `sample` so that the parts suffice."""
    xy = shapely.get_coordinates(city.roads.line)
    dense = city.ground.density(xy[:, 0], xy[:, 1])
    if plan.core == "all":
        return lay_way(city.roads, np.clip(0.25 + 2.5 * dense, 0, 1), plan.background)
    cx, cy = city.core
    if plan.core == "district":
        inside = _in_home(city, xy)
        return lay_way(city.roads, np.where(inside, 1.0, 0.03 * dense), plan.background)
    away = np.hypot(xy[:, 0] - cx, xy[:, 1] - cy)
    thin = min(1.0, _THIN_REACH / float(shapely.length(city.roads.line).sum()))
    low, high = 150.0, 30_000.0
    for _ in range(14):
        radius = (low * high) ** 0.5
        fullness = np.minimum(1 / (1 + (away / radius) ** 4) + 0.006 * thin * dense, 1.0)
        way = lay_way(city.roads, fullness, plan.background * thin)
        if demand.parts(way) < (plan.parts or 0):
            low = radius
        else:
            high = radius
    return way


def _in_home(city: Skeleton, xy: Floats) -> NDArray[np.bool_]:
    """Tell which points lie in the district that holds the core."""
    here = shapely.Point(*city.core)
    homes = [d.shape for d in city.ground.districts if d.shape.contains(here)]
    home = (homes or [city.ground.districts[0].shape])[0].buffer(60.0)
    shapely.prepare(home)
    inside: NDArray[np.bool_] = shapely.intersects_xy(home, xy[:, 0], xy[:, 1])
    return inside
