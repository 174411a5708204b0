"""Grids: each street's fields cut into exactly so many cells, gathered, numbered and coded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from app.sample.faces import Faces
from app.sample.mesh import Mesh, Ring

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Cell:
    """A grid as a ring of the mesh, the face it was cut from, and the way its streets run."""

    ring: Ring
    face: int
    angle: float


@dataclass(frozen=True)
class Chord:
    """A cut: from corner to corner of the mesh, and its depth (0 between grids)."""

    start: int
    end: int
    depth: int


def share_out(weight: Floats, total: int, least: Ints) -> Ints:
    """Split `total` in whole numbers by `weight`, each at least `least`; shape (n,).

    Largest remainders win. Raises ValueError if the least parts already exceed the total.
    """
    if int(least.sum()) > total:
        raise ValueError(f"{total} cannot hold {int(least.sum())}")
    out = least.astype(np.int64).copy()
    open_ = np.ones(len(weight), dtype=bool)
    while True:
        room = total - int(out[~open_].sum())
        ideal = np.where(open_, weight * room / max(float(weight[open_].sum()), 1e-12), 0.0)
        low = open_ & (ideal < least)
        if not low.any():
            break
        open_ &= ~low
    out[open_] = np.floor(ideal[open_]).astype(np.int64)
    missing = total - int(out.sum())
    rest = np.where(open_, ideal - np.floor(ideal), -1.0)
    out[np.argsort(-rest, kind="stable")[:missing]] += 1
    return out


def face_mesh(faces: Faces) -> tuple[Mesh, list[Ring]]:
    """Return the faces as rings of one mesh."""
    ring = shapely.get_exterior_ring(faces.shape)
    xy, owner = shapely.get_coordinates(ring, return_index=True)
    last = np.append(owner[1:] != owner[:-1], True)
    key = np.round(xy * 100).astype(np.int64)
    corner, number = np.unique(key[~last], axis=0, return_inverse=True)
    rings = np.split(number.ravel(), np.cumsum(np.bincount(owner[~last]))[:-1])
    return Mesh(corner / 100), [ring.tolist() for ring in rings]


def grain(mesh: Mesh, ring: Ring) -> float:
    """Return the direction (radians) in which most of a ring's sides run, folded at 90°."""
    x, y = np.array([mesh.x[i] for i in ring]), np.array([mesh.y[i] for i in ring])
    dx, dy = np.roll(x, -1) - x, np.roll(y, -1) - y
    turn, weight = np.arctan2(dy, dx), np.hypot(dx, dy) ** 2
    return (
        float(np.arctan2((weight * np.sin(4 * turn)).sum(), (weight * np.cos(4 * turn)).sum())) / 4
    )


def cut_grids(
    mesh: Mesh, rings: list[Ring], count: Ints, rng: np.random.Generator
) -> tuple[list[Cell], list[Chord]]:
    """Cut face i into `count[i]` cells of like size; return cells in order of faces."""
    cells: list[Cell] = []
    chords: list[Chord] = []
    for face, (ring, wanted) in enumerate(zip(rings, count.tolist(), strict=True)):
        angle = grain(mesh, ring) + float(rng.normal(0, 0.02))
        todo = [(ring, wanted)]
        while todo:
            part, n = todo.pop()
            cut = None
            if n > 1:
                share = (n // 2) / n
                snap = min(0.25 * (mesh.area(part) / n) ** 0.5, 90.0)
                cut = mesh.halve(part, angle, share * float(rng.uniform(0.94, 1.06)), snap)
            if cut is None:
                if n > 1:
                    raise ValueError(f"face {face} cannot be cut into {n} more")
                cells.append(Cell(part, face, angle))
                continue
            chords.append(Chord(cut.start, cut.end, 0))
            a, b = mesh.area(cut.first), mesh.area(cut.second)
            k = min(max(round(n * a / (a + b)), 1), n - 1)
            todo += [(cut.first, k), (cut.second, n - k)]
    return cells, chords


def gather(x: Floats, y: Floats, weight: Floats, groups: int) -> Ints:
    """Part points into `groups` compact groups of like weight, none empty; return their numbers.

    Halves the points across their wider extent until there are enough groups.
    """
    number = np.zeros(len(x), dtype=np.int64)
    todo = [(np.arange(len(x)), min(groups, len(x)))]
    found = 0
    while todo:
        mine, n = todo.pop()
        if n == 1:
            number[mine] = found
            found += 1
            continue
        wide = np.ptp(x[mine]) >= np.ptp(y[mine])
        order = mine[np.lexsort((mine, x[mine] if wide else y[mine]))]
        k = n // 2
        rise = np.cumsum(weight[order])
        at = int(np.searchsorted(rise, rise[-1] * k / n)) + 1
        at = min(max(at, k), len(order) - (n - k))
        todo += [(order[:at], k), (order[at:], n - k)]
    return number


def reading_order(x: Floats, y: Floats, height: float) -> Ints:
    """Return points in the order in which grids are numbered: W→E in bands from N to S.

    `height` is the height of a band in metres.
    """
    band = np.floor((y.max() - y) / max(height, 1.0)).astype(np.int64)
    return np.lexsort((x, band))
