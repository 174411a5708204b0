"""A process that edits a store and folds it, until it is killed: prints each batch it has kept."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from app.engines.citystore import open_store
from app.engines.citystore.fold import fold
from app.engines.citystore.journal import Edits, edit, removal

PARTS = 3_000
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


def work(folder: Path, seed: int) -> None:
    """Edit and fold without end."""
    while True:
        store = open_store(folder)
        for _ in range(3):
            number = store.live.now.number + 1
            store.live.record(batch_of(seed, number))
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
        fold(folder)


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]))
