"""Blocks within grids, and the streets that the cuts between them are."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.sample.grids import Cell, Chord
from app.sample.mesh import Mesh, Ring

Floats = NDArray[np.float64]
Wanted = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class Block:
    """A block as a ring of the mesh, the number of its grid, and the way its streets run."""

    ring: Ring
    cell: int
    angle: float


def cut_blocks(
    mesh: Mesh, cells: list[Cell], wanted: Wanted, rng: np.random.Generator
) -> tuple[list[Block], list[Chord]]:
    """Cut cells until blocks are about as large as `wanted` (x, y) says there, in m²."""
    middle = np.array([_middle(mesh, cell.ring) for cell in cells])
    size = wanted(middle[:, 0], middle[:, 1])
    blocks: list[Block] = []
    chords: list[Chord] = []
    chance = rng.random(1 << 16).tolist()
    at = 0
    for number, (cell, target) in enumerate(zip(cells, size.tolist(), strict=True)):
        todo = [(cell.ring, 1)]
        snap = min(0.22 * math.sqrt(target), 45.0)
        while todo:
            ring, depth = todo.pop()
            at = (at + 2) % (1 << 16)
            cut = None
            if mesh.area(ring) > target * (1.0 + 1.1 * chance[at]):
                share = 0.42 + 0.16 * chance[at - 1]
                cut = mesh.halve(ring, cell.angle, share, snap)
            if cut is None:
                blocks.append(Block(ring, number, cell.angle))
                continue
            chords.append(Chord(cut.start, cut.end, depth))
            todo += [(cut.first, depth + 1), (cut.second, depth + 1)]
    return blocks, chords


def strands(mesh: Mesh, chords: list[Chord], paths: list[Ring]) -> NDArray[np.int64]:
    """Number the streets that go on straight across a crossing alike; shape (n,).

    `paths` are the corners of each chord. Ends match where they meet at less than 25°.
    """
    ends: dict[int, list[tuple[int, float]]] = {}
    for number, path in enumerate(paths):
        for here, there in ((path[0], path[1]), (path[-1], path[-2])):
            out = math.atan2(mesh.y[there] - mesh.y[here], mesh.x[there] - mesh.x[here])
            ends.setdefault(here, []).append((number, out))
    root = list(range(len(chords)))
    for meeting in ends.values():
        free = list(meeting)
        while len(free) > 1:
            number, out = free.pop()
            for other in free:
                bend = abs((other[1] - out) % (2 * math.pi) - math.pi)
                if bend < math.radians(25):
                    root[_find(root, number)] = _find(root, other[0])
                    free.remove(other)
                    break
    return np.unique([_find(root, i) for i in range(len(root))], return_inverse=True)[1]


def _find(root: list[int], i: int) -> int:
    while root[i] != i:
        root[i] = root[root[i]]
        i = root[i]
    return i


def _middle(mesh: Mesh, ring: Ring) -> tuple[float, float]:
    n = len(ring)
    return sum(mesh.x[i] for i in ring) / n, sum(mesh.y[i] for i in ring) / n
