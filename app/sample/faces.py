"""Fields between main roads and district borders, as polygons that share corners exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from app.sample.ground import District
from app.sample.lattice import Lattice
from app.sample.shapes import pieces

_GRID = 0.01  # metres to which corners are rounded
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Faces:
    """Polygons that tile the districts, without holes.

    Attributes:
        shape: shapely polygons, object array of shape (n,); corners shared bit by bit.
        district: int64, shape (n,): index of the district.
    """

    shape: NDArray[np.object_]
    district: Ints

    def __len__(self) -> int:
        """How many faces."""
        return len(self.shape)


@dataclass(frozen=True)
class MainRoads:
    """Pieces of main roads within the city, as the faces see them.

    Attributes:
        line: shapely lines, shape (n,).
        strand: int64, shape (n,): pieces of one road share a number.
        rank: int64, shape (n,), of the lattice's line.
    """

    line: NDArray[np.object_]
    strand: Ints
    rank: Ints


def make_faces(
    districts: tuple[District, ...], lattice: Lattice, smallest: NDArray[np.float64]
) -> tuple[Faces, MainRoads]:
    """Cut `districts` along `lattice`; pieces below `smallest` m² (a district) join neighbours."""
    lines = pieces(lattice.start, lattice.end)
    shapes = [d.shape for d in districts]
    shapely.prepare(shapes)
    city = shapely.union_all(shapes).buffer(1)
    shapely.prepare(city)
    lines_in = lines[shapely.intersects(city, lines)]
    borders = shapely.boundary(np.array(shapes, dtype=object))
    network = shapely.get_parts(shapely.union_all([*lines_in, *borders], grid_size=_GRID))
    polygons = shapely.get_parts(shapely.polygonize(network.tolist()))
    polygons = shapely.orient_polygons(polygons)
    district = _districts_of(polygons, shapes)
    polygons, district = _without_holes(polygons[district >= 0], district[district >= 0])
    polygons, district = _merged(polygons, district, smallest)
    return Faces(polygons, district), _roads(network, lines, lattice, city)


def _districts_of(polygons: NDArray[np.object_], shapes: list[shapely.MultiPolygon]) -> Ints:
    found = np.full(len(polygons), -1, dtype=np.int64)
    inside = shapely.STRtree(shapely.point_on_surface(polygons))
    for number, shape in enumerate(shapes):
        found[inside.query(shape, predicate="contains")] = number
    return found


def _without_holes(
    polygons: NDArray[np.object_], district: Ints
) -> tuple[NDArray[np.object_], Ints]:
    """Cut polygons with holes (an enclave within one field) until none is left."""
    out, owner = [], []
    for polygon, d in zip(polygons, district.tolist(), strict=True):
        pieces = _opened(polygon)
        out += pieces
        owner += [d] * len(pieces)
    return np.array(out, dtype=object), np.array(owner, dtype=np.int64)


def _opened(polygon: shapely.Polygon) -> list[shapely.Polygon]:
    if not polygon.interiors:
        return [polygon]
    _west, south, _east, north = polygon.bounds
    x = shapely.Polygon(polygon.interiors[0]).representative_point().x
    cut = shapely.LineString([(x, south - 1), (x, north + 1)])
    network = shapely.union_all([polygon.boundary, cut], grid_size=_GRID)
    parts = shapely.get_parts(shapely.polygonize(shapely.get_parts(network).tolist()))
    inner = [p for p in shapely.orient_polygons(parts) if polygon.contains(p.point_on_surface())]
    return [piece for part in inner for piece in _opened(part)]


def _merged(
    polygons: NDArray[np.object_], district: Ints, smallest: NDArray[np.float64]
) -> tuple[NDArray[np.object_], Ints]:
    """Join slivers to the neighbour of the same district with the longest common side."""
    shapes: list[shapely.Polygon | None] = polygons.tolist()
    tree = shapely.STRtree(polygons)
    into = np.arange(len(polygons))
    area = shapely.area(polygons)
    thin = area / np.maximum(shapely.length(polygons), 1) < 45
    order = np.argsort(area, kind="stable")
    for i in order[(area < smallest[district])[order] | thin[order]].tolist():
        if shapes[i] is None:
            continue
        near = {_root(into, j) for j in tree.query(shapes[i], predicate="intersects").tolist()}
        best, longest = None, 1.0
        for j in sorted(near - {i}):
            if district[j] != district[i]:
                continue
            side = shapely.intersection(shapes[i], shapes[j]).length
            if side > longest:
                joined = shapely.coverage_union_all([shapes[i], shapes[j]])
                parts = shapely.get_parts(joined)
                if len(parts) == 1 and not parts[0].interiors:
                    best, longest = (j, parts[0]), side
        if best is not None:
            shapes[best[0]], shapes[i] = best[1], None
            into[i] = best[0]
    kept = np.array([shape is not None for shape in shapes])
    left = np.array([shape for shape in shapes if shape is not None], dtype=object)
    return shapely.orient_polygons(left), district[kept]


def _root(into: Ints, i: int) -> int:
    while into[i] != i:
        i = int(into[i])
    return i


def _roads(
    network: NDArray[np.object_],
    lines: NDArray[np.object_],
    lattice: Lattice,
    city: shapely.Geometry,
) -> MainRoads:
    """Tell which pieces of the network lie on the lattice, and on which of its lines."""
    middle = shapely.line_interpolate_point(network, 0.5, normalized=True)
    tree = shapely.STRtree(lines)
    pairs = tree.query(middle, predicate="dwithin", distance=0.05)
    first, at = np.unique(pairs[0], return_index=True)
    source = pairs[1][at]
    inside = shapely.contains(city, middle[first])
    first, source = first[inside], source[inside]
    return MainRoads(network[first], lattice.line[source], lattice.rank[source])
