"""Which street each field belongs to: the nearest seed's, mended so that streets hang together."""

from __future__ import annotations

from collections import Counter, deque

import numpy as np
import shapely
from numpy.typing import NDArray

from app.sample.faces import Faces
from app.sample.ground import Ground

Ints = NDArray[np.int64]
Pairs = NDArray[np.int64]


def assign_streets(ground: Ground, faces: Faces) -> Ints:
    """Return for each face the number of its street, counted over all districts' seeds in turn."""
    street = np.full(len(faces), -1, dtype=np.int64)
    middle = shapely.get_coordinates(shapely.centroid(faces.shape))
    pairs, sides = neighbours(faces)
    first = 0
    for number, seeds in enumerate(ground.seeds):
        mine = np.flatnonzero(faces.district == number)
        at = np.array([(s.x, s.y) for s in seeds])
        gap = np.hypot(middle[mine, None, 0] - at[:, 0], middle[mine, None, 1] - at[:, 1])
        street[mine] = first + _nearest_with_none_empty(gap)
        first += len(seeds)
    _mend(street, faces, pairs, sides)
    return street


def neighbours(faces: Faces) -> tuple[Pairs, NDArray[np.float64]]:
    """Return pairs of faces with a common side, shape (p, 2), and its length in metres."""
    ring = shapely.get_exterior_ring(faces.shape)
    xy, owner = shapely.get_coordinates(ring, return_index=True)
    same = owner[1:] == owner[:-1]
    key = np.round(xy * 100).astype(np.int64)
    a, b = key[:-1][same], key[1:][same]
    flip = (a[:, 0] > b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] > b[:, 1]))
    low, high = np.where(flip[:, None], b, a), np.where(flip[:, None], a, b)
    who = owner[:-1][same]
    order = np.lexsort((high[:, 1], high[:, 0], low[:, 1], low[:, 0]))
    row = np.column_stack([low, high])[order]
    twin = np.flatnonzero((row[1:] == row[:-1]).all(1))
    length = np.hypot(*(row[twin, :2] - row[twin, 2:]).T) / 100
    two = np.sort(np.column_stack([who[order][twin], who[order][twin + 1]]), axis=1)
    found, inverse = np.unique(two, axis=0, return_inverse=True)
    return found.astype(np.int64), np.bincount(
        inverse.ravel(), weights=length, minlength=len(found)
    ).astype(np.float64)


def _nearest_with_none_empty(gap: NDArray[np.float64]) -> Ints:
    """Give each face (row) its nearest seed (column), then feed seeds that got none."""
    chosen: Ints = np.asarray(gap.argmin(1), dtype=np.int64)
    for seed in range(gap.shape[1]):
        if (chosen == seed).any():
            continue
        count = np.bincount(chosen, minlength=gap.shape[1])
        spare = np.flatnonzero(count[chosen] > 1)
        if len(spare):
            chosen[spare[gap[spare, seed].argmin()]] = seed
    return chosen


def _mend(street: Ints, faces: Faces, pairs: Pairs, sides: NDArray[np.float64]) -> None:
    """Hand pieces cut off from their street to the neighbour with the longest common side."""
    beside: list[list[tuple[int, float]]] = [[] for _ in street]
    for (a, b), side in zip(pairs.tolist(), sides.tolist(), strict=True):
        if faces.district[a] == faces.district[b]:
            beside[a].append((b, side))
            beside[b].append((a, side))
    area = shapely.area(faces.shape)
    for _ in range(3):
        moved = 0
        for pieces in _pieces(street, beside).values():
            pieces.sort(key=lambda piece: -float(area[piece].sum()))
            for piece in pieces[1:]:
                moved += _hand_over(piece, street, beside)
        if not moved:
            return


def _pieces(street: Ints, beside: list[list[tuple[int, float]]]) -> dict[int, list[list[int]]]:
    seen = np.zeros(len(street), dtype=bool)
    found: dict[int, list[list[int]]] = {}
    for start in range(len(street)):
        if seen[start]:
            continue
        seen[start] = True
        piece, queue = [], deque([start])
        while queue:
            face = queue.popleft()
            piece.append(face)
            for other, _ in beside[face]:
                if not seen[other] and street[other] == street[start]:
                    seen[other] = True
                    queue.append(other)
        found.setdefault(int(street[start]), []).append(piece)
    return found


def _hand_over(piece: list[int], street: Ints, beside: list[list[tuple[int, float]]]) -> bool:
    border: Counter[int] = Counter()
    for face in piece:
        for other, side in beside[face]:
            if street[other] != street[face]:
                border[int(street[other])] += side  # type: ignore[assignment] # metres
    if not border:
        return False
    street[piece] = border.most_common(1)[0][0]
    return True
