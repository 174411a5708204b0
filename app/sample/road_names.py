"""What roads are called: known names where they are known to be, and names that sound alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from app.domain.geodesy import CityFrame
from app.sample.gazetteer import gazetteer


def name_known(
    lines: NDArray[np.object_], main: NDArray[np.bool_], frame: CityFrame
) -> dict[int, str]:
    """Give known names to the roads that run nearest to where they should and the same way."""
    tree = shapely.STRtree(lines)
    taken: dict[int, str] = {}
    for road in gazetteer().roads:
        name, east = road.name, road.east
        x, y = frame.to_xy(road.lon, road.lat)
        here = shapely.Point(x, y)
        best, cost = -1, 520.0
        for i in tree.query(here, predicate="dwithin", distance=500.0).tolist():
            if i in taken or runs_east(lines[i]) != east or lines[i].length < 180:
                continue
            wide = name.endswith(("中路", "东路", "西路", "北路", "大道"))
            price = lines[i].distance(here) + (0 if main[i] == wide else 60)
            middle = lines[i].interpolate(0.5, normalized=True)
            price += (0.05 if main[i] else 0.3) * middle.distance(here)
            price += 0.25 * max(0.0, 700 - lines[i].length)
            if price < cost:
                best, cost = i, price
        if best >= 0:
            taken[best] = name
    return taken


def runs_east(line: shapely.LineString) -> bool:
    """Tell whether a line runs more from west to east than from south to north."""
    (x0, y0), (x1, y1) = line.coords[0], line.coords[-1]
    return bool(abs(x1 - x0) >= abs(y1 - y0))


def main_names(rng: np.random.Generator) -> Iterator[str]:
    """Yield stems for main roads without end: places first, then pairs of good characters."""
    known = {road.name[:2] for road in gazetteer().roads}
    places = gazetteer().places
    yield from (places[i] for i in rng.permutation(len(places)) if places[i] not in known)
    yield from stems(rng)


def stems(rng: np.random.Generator) -> Iterator[str]:
    """Yield pairs of good characters without end, in an order of chance."""
    known = {road.name[:2] for road in gazetteer().roads}
    words = gazetteer()
    pairs = [a + b for a in words.first for b in words.second if a != b and a + b not in known]
    while True:
        yield from (pairs[i] for i in rng.permutation(len(pairs)))


def section_names(stem: str, east: bool, count: int) -> Sequence[str]:
    """Return the names of a road's sections from west to east or from south to north."""
    if count == 1:
        return (f"{stem}路",)
    if count == 2:
        return (f"{stem}西路", f"{stem}东路") if east else (f"{stem}南路", f"{stem}北路")
    low, high = ("西", "东") if east else ("南", "北")
    third = count / 3
    return [
        f"{stem}{low if i < third else high if i >= count - third else '中'}路"
        for i in range(count)
    ]
