"""Cuts and joins the shapes of grids so that no gap and no overlap comes between neighbours.

Shapes are WKB in degrees WGS 84. A cut puts the same vertices into both pieces, so they share
their edge to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence

import shapely
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.ops import split as cut

_LEAST_SHARE = 1e-6  # of the whole: what is smaller is a crumb of rounding


def split_shape(wkb: bytes, line: Sequence[tuple[float, float]]) -> list[bytes]:
    """Return the pieces into which `line` (degrees) cuts a shape, largest first.

    One piece if the line does not cross it.
    """
    whole = shapely.from_wkb(wkb)
    if len(line) < 2 or not LineString(line).is_valid:
        return [wkb]
    pieces: list[Polygon] = []
    for polygon in shapely.get_parts(whole):
        found = cut(polygon, LineString(line)).geoms
        pieces += [one for one in found if isinstance(one, Polygon) and one.area > 0]
    crumbs = [one for one in pieces if one.area < whole.area * _LEAST_SHARE]
    pieces = [one for one in pieces if one.area >= whole.area * _LEAST_SHARE]
    for crumb in crumbs:
        _give(pieces, crumb)
    pieces.sort(key=lambda one: (-one.area, one.bounds))
    return [_multi(one) for one in pieces]


def merge_shapes(wkbs: Sequence[bytes]) -> bytes | None:
    """Return the union of neighbours; None if they do not hang together along edges."""
    whole = shapely.union_all(shapely.from_wkb(list(wkbs)))
    return _multi(whole) if isinstance(whole, Polygon) else None


def shape_without(wkb: bytes, taken: Sequence[bytes]) -> bytes | None:
    """Return a shape less what was taken from it, None if nothing is left of it."""
    whole = shapely.from_wkb(wkb)
    left = shapely.difference(whole, shapely.union_all(shapely.from_wkb(list(taken))))
    least = whole.area * _LEAST_SHARE
    pieces = [
        one for one in shapely.get_parts(left) if isinstance(one, Polygon) and one.area > least
    ]
    return bytes(shapely.to_wkb(MultiPolygon(pieces), byte_order=1)) if pieces else None


def shape_with(wkb: bytes, added: Sequence[bytes]) -> bytes:
    """Return the union of a shape and what was added to it, in as many pieces as it takes."""
    whole = shapely.union_all(shapely.from_wkb([wkb, *added]))
    pieces = [one for one in shapely.get_parts(whole) if isinstance(one, Polygon)]
    return bytes(shapely.to_wkb(MultiPolygon(pieces), byte_order=1))


def _give(pieces: list[Polygon], crumb: Polygon) -> None:
    """Join a crumb to the piece with which it shares the longest edge."""
    if not pieces:
        return
    at = max(range(len(pieces)), key=lambda i: pieces[i].intersection(crumb).length)
    joined = pieces[at].union(crumb)
    if isinstance(joined, Polygon):
        pieces[at] = joined


def _multi(shape: Polygon) -> bytes:
    return bytes(shapely.to_wkb(MultiPolygon([shape]), byte_order=1))
