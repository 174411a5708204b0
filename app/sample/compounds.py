"""Compounds 小区: residential blocks with a name and a gate on a street."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from app.domain.geodesy import CityFrame
from app.sample.areas import Areas, area_batch
from app.sample.buildings import Buildings
from app.sample.doors import WANTED_HOUSES, Doors
from app.sample.land import HOMES, USES, Land
from app.sample.road_names import stems
from app.sample.shapes import points
from app.sample.tables import maybe_uids, to_degrees, uids

Ints = NDArray[np.int64]
_ENDINGS = {
    "lane": ("里", "坊", "邨"), "slab": ("新村", "小区", "公寓"),
    "midrise": ("苑", "花园", "小区"), "tower": ("名苑", "豪庭", "公寓"),
}  # fmt: skip
_GATE = 140.0  # metres within which a compound's gate is looked for


@dataclass(frozen=True)
class Compounds:
    """Compounds in local metres.

    Attributes:
        block: int64, shape (c,): the block each stands on.
        shape: shapely polygons; name: texts; uid: uint8, shape (c, 16).
        gate: int64, shape (c,): the door that is its gate, -1 where no street is near.
        of_block: int64, shape (b,): the compound on each block, -1 for none.
    """

    block: Ints
    shape: NDArray[np.object_]
    name: NDArray[np.object_]
    uid: NDArray[np.uint8]
    gate: Ints
    of_block: Ints

    def __len__(self) -> int:
        """How many."""
        return len(self.block)


def make_compounds(
    land: Land,
    buildings: Buildings,
    doors: Doors,
    count: int | None,
    rng: np.random.Generator,
) -> Compounds:
    """Make compounds of residential blocks with two houses or more; `count` of them if given.

    Raises ValueError if there are fewer such blocks.
    """
    houses = np.bincount(buildings.block, minlength=len(land.use))
    block = land.of(*HOMES)
    block = block[houses[block] >= 2]
    if count is not None:
        if len(block) < count:
            raise ValueError(f"only {len(block)} of {count} compounds can stand")
        block = np.sort(block[np.argsort(-houses[block], kind="stable")[:count]])
    shape = shapely.buffer(land.plot[block], 4.0, join_style="mitre")
    shape = np.array([max(shapely.get_parts(s), key=shapely.area) for s in shape], dtype=object)
    pairs = stems(rng)
    ending = rng.integers(0, 3, len(block))
    name = [
        next(pairs) + _ENDINGS[USES[use]][end]
        for use, end in zip(land.use[block].tolist(), ending.tolist(), strict=True)
    ]
    gate = _gates(shape, houses[block], doors)
    of_block = np.full(len(land.use), -1, dtype=np.int64)
    of_block[block] = np.arange(len(block))
    return Compounds(
        block, shape, np.array(name, dtype=object), uids(rng, len(block)), gate, of_block
    )


def _gates(shape: NDArray[np.object_], houses: Ints, doors: Doors) -> Ints:
    """Return for each compound the nearest door that is no other's gate, -1 if none is near.

    Lanes that must exist go to the compound with most houses near their doors.
    """
    gate = np.full(len(shape), -1, dtype=np.int64)
    if not len(doors):
        return gate
    door = points(doors.x, doors.y)
    taken = set(np.flatnonzero(doors.kept).tolist())
    for road, number in sorted(WANTED_HOUSES):
        for i in np.flatnonzero((doors.road == road) & (doors.number == number)).tolist():
            near = np.flatnonzero(shapely.dwithin(shape, door[i], 260.0) & (gate < 0))
            if len(near):
                gate[near[np.argmax(houses[near])]] = i
                taken.add(i)
    compound, at = shapely.STRtree(door).query(shape, predicate="dwithin", distance=_GATE)
    away = shapely.distance(shape[compound], door[at])
    for k in np.argsort(away, kind="stable").tolist():
        if gate[compound[k]] < 0 and int(at[k]) not in taken:
            gate[compound[k]] = at[k]
            taken.add(int(at[k]))
    return gate


def with_gates(doors: Doors, compounds: Compounds) -> Doors:
    """Return the doors, those that are gates of compounds as lanes 弄."""
    lane = np.zeros(len(doors), dtype=np.int64)
    lane[compounds.gate[compounds.gate >= 0]] = 1
    return Doors(doors.x, doors.y, doors.road, doors.number, lane, doors.kept)


def compound_batch(
    areas: Areas, land: Land, compounds: Compounds, frame: CityFrame
) -> pa.RecordBatch:
    """Return compounds as areas below their grids; their codes are the grid's and three digits."""
    grid_of_cell = np.empty(len(areas), dtype=np.int64)
    grid_of_cell[areas.cell] = np.arange(len(areas))
    grid = grid_of_cell[land.cell[compounds.block]]
    order = np.argsort(grid, kind="stable")
    first = np.searchsorted(grid[order], grid[order])
    number = np.arange(len(order)) - first + 1
    code = [f"{areas.code[g]}{k:03d}" for g, k in zip(grid[order], number, strict=True)]
    return area_batch(
        "compound", compounds.uid[order], code, compounds.name[order].tolist(),
        maybe_uids(areas.uid, grid[order]), to_degrees(frame, compounds.shape[order]),
        np.zeros(len(order), dtype=np.int64),
    )  # fmt: skip


def house_numbers(buildings: Buildings, compounds: Compounds) -> tuple[Ints, Ints]:
    """Return for each building its compound (-1 for none) and its number there, from 1."""
    compound = compounds.of_block[buildings.block]
    order = np.argsort(compound, kind="stable")
    first = np.searchsorted(compound[order], compound[order])
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order)) - first + 1
    return compound, number


def compound_uids(compounds: Compounds, compound: Ints) -> pa.Array:
    """Return the uid of each building's compound as a column, null for none."""
    if not len(compounds):
        return pa.nulls(len(compound), pa.binary())
    return maybe_uids(compounds.uid, compound)
