"""All roads of a city: main roads, streets, lanes and expressways; named, cut at the water."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from app.sample.blocks import strands
from app.sample.faces import MainRoads
from app.sample.fast_roads import FastRoad
from app.sample.grids import Chord
from app.sample.ground import Ground
from app.sample.mesh import Mesh
from app.sample.road_names import main_names, name_known, runs_east, section_names, stems
from app.sample.shapes import lines as polylines
from app.sample.water import Water

Floats = NDArray[np.float64]
_SECTION = 2_600.0
_STREET = 900.0
_MAIN_WIDTH = (18.0, 24.0, 30.0, 36.0)
_WIDTH = {"collector": 16.0, "local": 11.0, "alley": 6.0}


@dataclass(frozen=True)
class Roads:
    """Roads in local metres.

    Attributes:
        line: shapely lines, object array, shape (n,); run west to east or south to north.
        name, kind: shape (n,); name is empty for lanes without one.
        width: float64, metres, shape (n,).
    """

    line: NDArray[np.object_]
    name: NDArray[np.object_]
    kind: NDArray[np.object_]
    width: Floats

    def __len__(self) -> int:
        """How many roads."""
        return len(self.line)

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> Roads:
        """Return some of the roads."""
        return Roads(self.line[which], self.name[which], self.kind[which], self.width[which])


def make_roads(
    ground: Ground,
    mesh: Mesh,
    chords: list[Chord],
    main: MainRoads,
    fast: list[FastRoad],
    water: Water,
    rng: np.random.Generator,
) -> Roads:
    """Join cuts and main roads into roads, name them and cut them at the water."""
    trunk, trunk_strand, rank = _trunks(ground, main)
    street, kind = _streets(ground, mesh, chords)
    lines = np.concatenate([trunk, street])
    is_main = np.arange(len(lines)) < len(trunk)
    names = _names(ground, lines, is_main, trunk_strand, rng)
    roads = Roads(
        np.concatenate([lines, np.array([f.line for f in fast], dtype=object)]),
        np.concatenate([names, np.array([f.name for f in fast], dtype=object)]),
        np.concatenate([_trunk_kind(ground, trunk, rank), kind, [f.kind for f in fast]]),
        np.concatenate([
            np.array(_MAIN_WIDTH)[np.minimum(rank, 3)], [_WIDTH[k] for k in kind],
            [f.width for f in fast],
        ]),
    )  # fmt: skip
    bridge = np.concatenate([rank >= 3, np.zeros(len(kind), bool), np.ones(len(fast), bool)])
    return _at_water(roads, bridge, water)


def _eastward(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Turn lines so that they run west to east, or south to north where they are steep."""
    first = shapely.get_coordinates(shapely.get_point(lines, 0))
    last = shapely.get_coordinates(shapely.get_point(lines, -1))
    step = last - first
    wide = np.abs(step[:, 0]) >= np.abs(step[:, 1])
    backward = np.where(wide, step[:, 0], step[:, 1]) < 0
    out = lines.copy()
    out[backward] = shapely.reverse(lines[backward])
    return out


def _joined(
    lines: NDArray[np.object_], strand: NDArray[np.int64]
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Join the pieces of each strand end to end; return lines and their strands."""
    order = np.argsort(strand, kind="stable")
    ids = np.unique(strand[order], return_inverse=True)
    merged = shapely.line_merge(shapely.multilinestrings(lines[order], indices=ids[1]))
    parts, owner = shapely.get_parts(merged, return_index=True)
    return parts, ids[0][owner]


def _trunks(
    ground: Ground, main: MainRoads
) -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.int64]]:
    """Return main roads in sections of some kilometres, with strand and rank."""
    rank_of = np.zeros(int(main.strand.max()) + 1, dtype=np.int64)
    rank_of[main.strand] = main.rank
    parts, owner = _joined(main.line, main.strand)
    parts = _eastward(parts)
    lines, of = _in_sections(parts, _SECTION)
    return lines, of, rank_of[owner[of]]


def _in_sections(
    lines: NDArray[np.object_], length: float
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Cut lines at corners into sections of about `length` metres; return them and their lines."""
    found: list[shapely.LineString] = []
    owner: list[int] = []
    for number, line in enumerate(lines):
        if line.length < 1.5 * length:
            found.append(line)
            owner.append(number)
            continue
        xy = shapely.get_coordinates(line)
        run = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
        count = max(1, round(run[-1] / length))
        cut = np.searchsorted(run, run[-1] * np.arange(count + 1) / count)
        cut = np.unique(np.append(cut[:-1], len(xy) - 1))
        for a, b in itertools.pairwise(cut.tolist()):
            found.append(shapely.LineString(xy[a : b + 1]))
            owner.append(number)
    return np.array(found, dtype=object), np.array(owner, dtype=np.int64)


def _trunk_kind(
    ground: Ground, lines: NDArray[np.object_], rank: NDArray[np.int64]
) -> NDArray[np.object_]:
    middle = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    dense = ground.density(middle[:, 0], middle[:, 1]) > 0.12
    arterial = (rank >= 2) | ((rank == 1) & dense)
    return np.where(arterial, "arterial", "collector").astype(object)


def _streets(
    ground: Ground, mesh: Mesh, chords: list[Chord]
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    paths = [mesh.path(chord.start, chord.end) for chord in chords]
    strand = strands(mesh, chords, paths)
    corners = mesh.corners()
    owner = np.repeat(np.arange(len(paths)), [len(path) for path in paths])
    lines = polylines(corners[np.concatenate(paths)], owner)
    depth = np.full(int(strand.max()) + 1, 99)
    np.minimum.at(depth, strand, [chord.depth for chord in chords])
    parts, who = _joined(lines, strand)
    parts, of = _in_sections(_eastward(parts), _STREET)
    who = who[of]
    middle = shapely.get_coordinates(shapely.line_interpolate_point(parts, 0.5, normalized=True))
    dense = ground.density(middle[:, 0], middle[:, 1])
    length = shapely.length(parts)
    lane = (length < 170) & (depth[who] > 1)
    collector = (depth[who] == 0) & (dense > 0.05) & (length > 400)
    kind = np.where(lane, "alley", np.where(collector, "collector", "local")).astype(object)
    return parts, kind


def _names(
    ground: Ground,
    lines: NDArray[np.object_],
    is_main: NDArray[np.bool_],
    strand: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.object_]:
    names = np.full(len(lines), "", dtype=object)
    known = name_known(lines, is_main, ground.frame) if ground.is_shanghai else {}
    stem = main_names(rng)
    for group in np.split(np.arange(len(strand)), np.flatnonzero(np.diff(strand)) + 1):
        for at in range(0, len(group), 5):
            run = group[at : at + 5]
            names[run] = section_names(next(stem), runs_east(lines[run[0]]), len(run))
    minor = stems(rng)
    length = shapely.length(lines)
    for i in np.flatnonzero(~is_main & (length > 110)).tolist():
        names[i] = f"{next(minor)}路"
    for i, name in known.items():
        names[i] = name
    return names


def _at_water(roads: Roads, bridge: NDArray[np.bool_], water: Water) -> Roads:
    """Cut roads at water but for bridges: main roads over rivers, wide ones over creeks."""
    kinds = np.array(water.kind, dtype=object)
    minor = np.isin(roads.kind, ("local", "alley"))
    fast = np.isin(roads.kind, ("expressway", "metro"))
    lines = roads.line.copy()
    for kind, cut in (("river", ~bridge), ("lake", ~fast), ("creek", minor)):
        shapes = water.shape[kinds == kind]
        if not len(shapes):
            continue
        body = shapely.union_all(shapes)
        shapely.prepare(body)
        wet = cut & shapely.intersects(body, lines)
        lines[wet] = shapely.difference(lines[wet], body)
    parts, owner = shapely.get_parts(lines, return_index=True)
    sound = (shapely.length(parts) > 12) & (shapely.get_type_id(parts) == 1)
    kept = roads.take(owner[sound])
    return Roads(parts[sound], kept.name, kept.kind, kept.width)
