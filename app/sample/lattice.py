"""The first lines of a city: a lattice of main roads, dense in the middle, bent like real ones.

Lines are drawn straight in a plane (u, v), halved wherever a field is larger than wanted, and the
plane is then turned and bent smoothly. All lengths are metres.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Wanted = Callable[[Floats, Floats], Floats]

UNIT = 512.0
_CELLS = 512
_TILT = np.radians(8.0)
_WAVES = 7


@dataclass(frozen=True)
class Bend:
    """A smooth map of the plane: a turn and a few long waves.

    `wave` has one row a wave: direction x, y (rad/m), phase, amplitude in x and in y (m).
    """

    wave: Floats

    def __call__(self, u: Floats, v: Floats) -> tuple[Floats, Floats]:
        """Map lattice metres to city metres, arrays of one shape."""
        c, s = np.cos(_TILT), np.sin(_TILT)
        x, y = c * u - s * v, s * u + c * v
        dx, dy = np.zeros_like(x), np.zeros_like(y)
        for kx, ky, phase, ax, ay in self.wave:
            swing = np.sin(kx * x + ky * y + phase)
            dx += ax * swing
            dy += ay * swing
        return x + dx, y + dy


@dataclass(frozen=True)
class Lattice:
    """Edges of the lattice in city metres.

    Attributes:
        start, end: float64, shape (n, 2).
        line: int64, shape (n,): edges of one line of the lattice share a number.
        rank: int64, shape (n,): 0 for lines that only part the smallest fields, more for longer.
    """

    start: Floats
    end: Floats
    line: Ints
    rank: Ints


def make_bend(rng: np.random.Generator) -> Bend:
    """Draw the waves that bend a city's lattice."""
    length = np.array([30e3, 22e3, 16e3, 11e3, 8e3, 6e3, 4.5e3])[:_WAVES]
    turn = rng.uniform(0, 2 * np.pi, _WAVES)
    size = np.minimum(length * rng.uniform(0.012, 0.024, _WAVES), length**1.5 / 6_500)
    swing = rng.uniform(0, 2 * np.pi, _WAVES)
    rows = (
        2 * np.pi / length * np.cos(turn), 2 * np.pi / length * np.sin(turn),
        rng.uniform(0, 2 * np.pi, _WAVES), size * np.cos(swing), size * np.sin(swing),
    )  # fmt: skip
    return Bend(np.column_stack(rows))


def make_lattice(wanted: Wanted, bend: Bend, reach: float, rng: np.random.Generator) -> Lattice:
    """Halve the plane until each field is about as wide as `wanted` (x, y) says there.

    `reach` is the farthest point of the city from its middle.
    """
    cells = _CELLS
    while cells * UNIT / 2 < reach * 1.15:
        cells *= 2
    along = _positions(cells, rng)
    across = _positions(cells, rng)
    leaves = _leaves(cells, along, across, wanted, bend)
    return _edges(leaves, along, across, bend)


def _positions(cells: int, rng: np.random.Generator) -> Floats:
    """Return where the lines 0..cells run: even, with some play."""
    index = np.arange(cells + 1)
    play = np.where(index % 2, 0.2, 0.3) * rng.uniform(-1, 1, cells + 1)
    return np.asarray((index - cells / 2 + play) * UNIT)


def _leaves(cells: int, along: Floats, across: Floats, wanted: Wanted, bend: Bend) -> Ints:
    """Return fields as rows (left, right, bottom, top) of line numbers, level by level."""
    fields = np.array([[0, cells, 0, cells]], dtype=np.int64)
    done: list[Ints] = []
    while len(fields):
        width = along[fields[:, 1]] - along[fields[:, 0]]
        height = across[fields[:, 3]] - across[fields[:, 2]]
        x, y = bend(along[fields[:, :2]].mean(1), across[fields[:, 2:]].mean(1))
        size = wanted(x, y) * (0.85 + 0.5 * _hash(fields))
        nearest = np.hypot(x, y) - np.hypot(width, height) / 2
        size = np.where(width * height > 20e6, np.minimum(size, 300 + np.abs(nearest)), size)
        split = (width * height > 1.6 * size**2) & ((fields[:, 1::2] - fields[:, ::2]).max(1) > 1)
        done.append(fields[~split])
        fields = _halve(fields[split])
    return np.concatenate(done)


def _hash(fields: Ints) -> Floats:
    mixed = (fields * (73856093, 19349663, 83492791, 49979687)).sum(1)
    return np.asarray((mixed % 9973) / 9973)


def _halve(fields: Ints) -> Ints:
    if not len(fields):
        return fields
    wide = fields[:, 1] - fields[:, 0] >= fields[:, 3] - fields[:, 2]
    first, second = fields.copy(), fields.copy()
    for low, mask in ((0, wide), (2, ~wide)):
        middle = (fields[mask, low] + fields[mask, low + 1]) // 2
        first[mask, low + 1] = middle
        second[mask, low] = middle
    return np.concatenate([first, second])


def _edges(leaves: Ints, along: Floats, across: Floats, bend: Bend) -> Lattice:
    """Cut the sides of all fields at one another's corners and at fine steps; map them."""
    pieces: dict[tuple[int, int], set[tuple[int, int]]] = {}
    for left, right, bottom, top in leaves.tolist():
        for line in (left, right):
            pieces.setdefault((0, line), set()).add((bottom, top))
        for line in (bottom, top):
            pieces.setdefault((1, line), set()).add((left, right))
    starts, ends, lines, ranks = [], [], [], []
    for number, ((axis, line), spans) in enumerate(sorted(pieces.items())):
        place = across if axis == 0 else along
        knots = sorted({k for span in spans for k in span})
        covered = _covered(knots, spans)
        for k0, k1 in covered:
            steps = max(1, round((place[k1] - place[k0]) / 260))
            run = np.linspace(place[k0], place[k1], steps + 1)
            rest = np.full(steps + 1, along[line] if axis == 0 else across[line])
            uv = np.column_stack((rest, run) if axis == 0 else (run, rest))
            starts.append(uv[:-1])
            ends.append(uv[1:])
            lines.append(np.full(steps, number))
            ranks.append(np.full(steps, (line & -line).bit_length() - 1 if line else 9))
    start, end = (
        np.column_stack(bend(uv[:, 0], uv[:, 1]))
        for uv in (np.concatenate(starts), np.concatenate(ends))
    )
    return Lattice(start, end, np.concatenate(lines), np.concatenate(ranks))


def _covered(knots: list[int], spans: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return neighbouring knots that lie within a span."""
    at = {k: i for i, k in enumerate(knots)}
    keep = [False] * (len(knots) - 1)
    for low, high in spans:
        for i in range(at[low], at[high]):
            keep[i] = True
    return [(knots[i], knots[i + 1]) for i, kept in enumerate(keep) if kept]
