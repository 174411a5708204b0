"""A process that edits a store and folds it, until it is killed: prints each batch it has kept."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from app.engines.citystore import open_store
from app.engines.citystore.fold import fold
from app.engines.citystore.journal import Edits, edit, removal
from app.engines.citystore.shapes import ShapeEdit

PARTS = 3_000
ROADS = 40
HALF = 1_400.0


def batch_of(seed: int, number: int) -> Edits:
    """Return the edits of a batch: the same in every process."""
    rng = np.random.default_rng([seed, number])
    some = []
    for fid in rng.integers(1, PARTS + 50, 12).tolist():
        if rng.random() < 0.8:
            x, y = rng.uniform(-HALF, HALF, 2)
            some.append(edit(fid, x, y, int(rng.integers(121)), int(rng.integers(4))))
        else:
            some.append(removal(fid))
    return np.concatenate(some)


def shapes_of(seed: int, number: int) -> list[ShapeEdit]:
    """Return the features of a batch: roads and houses put, moved and taken out."""
    rng = np.random.default_rng([seed, number, 7])
    some = []
    for layer, most in (("road", ROADS), ("building", ROADS), ("area", 300)):
        for fid in rng.integers(1, most + 20, 3).tolist():
            x, y = rng.uniform(-HALF, HALF - 90, 2)
            ring = np.array([[x, y], [x + 40, y], [x + 40, y + 50], [x, y + 50], [x, y]])
            kind = 4 if layer == "area" else int(rng.integers(6))  # never a street
            gone = bool(rng.random() < 0.3)
            shape = () if gone else (ring[:3] if layer == "road" else ring,)
            uid = fid.to_bytes(16, "big") if layer == "area" else b""
            texts = () if layer == "building" else (("name", f"n{seed}-{number}"),)
            holes = () if gone else (False,)
            some.append(ShapeEdit(layer, fid, kind, gone, 9.0, uid, texts, shape, holes))
    return some


def work(folder: Path, seed: int) -> None:
    """Edit and fold without end."""
    while True:
        store = open_store(folder)
        for _ in range(3):
            number = store.live.now.number + 1
            store.live.record(batch_of(seed, number), shapes=shapes_of(seed, number))
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
        fold(folder)


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]))
