"""A kill at any moment of recording, folding or squeezing loses no edit that was kept."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from app.engines.citystore import CityStore, build_store, open_store, verify_store
from app.engines.citystore.fold import fold
from tests.support.fold_job import HALF, PARTS, batch_of, shapes_of
from tests.support.small_map import SmallMap

ROOT = Path(__file__).resolve().parents[2]
LONGEST_S = 0.6

Rows = dict[int, tuple[int, int]]  # class and state by fid
Shapes = dict[tuple[str, int], tuple[int, str, float, float]]


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("folding") / "store"
    build_store(SmallMap(side=2 * HALF + 200, n_parts=PARTS), folder)
    return folder


def kill_at_work(folder: Path, seed: int) -> int:
    """Let the job work, kill it at a random moment; returns the last batch it had kept."""
    command = [sys.executable, "-m", "tests.support.fold_job", str(folder), str(seed)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        moment = random.Random(seed).uniform(0.0, LONGEST_S)
        threading.Event().wait(moment)
        process.send_signal(signal.SIGKILL)
        shown = [first, *process.stdout.readlines()]
    return int([line for line in shown if line.endswith(b"\n")][-1])


def seen(store: CityStore) -> Rows:
    """Return class and state of all parts by fid."""
    found: Rows = {}
    for parts in store.live.now.pieces:
        for c in parts.index.cell[parts.index.cell >= 0].tolist():
            at = slice(parts.index.start[c], parts.index.start[c] + parts.index.num[c])
            rows = zip(parts.cls[at].tolist(), parts.state[at].tolist(), strict=True)
            found |= dict(zip(parts.fid[at].tolist(), rows, strict=True))
    return found


def seen_shapes(store: CityStore) -> Shapes:
    """Return kind, name and first vertex (metres from the origin) of all features."""
    return {
        (layer, int(shapes.fid[row])): (
            int(shapes.kind[row]), shapes.text("name", int(row)), *shapes.rings(int(row))[0][0]
        )
        for layer, shapes in store.shapes.items() for row in shapes.live
    }  # fmt: skip


def same_shapes(store: CityStore, before: Shapes, seed: int, last: int) -> bool:
    """Whether the features are those of `before` after batches 1 to `last`, each drawn once."""
    want = dict(before)
    for number in range(1, last + 1):
        for one in shapes_of(seed, number):
            want.pop(one.name, None)
            if not one.gone:
                x, y = one.rings[0][0] - store.origin
                want[one.name] = (one.kind, dict(one.texts).get("name", ""), x, y)
    found = seen_shapes(store)
    live = sum(len(shapes.live) for shapes in store.shapes.values())
    return live == len(found) == len(want) and all(
        found[name][:2] == one[:2] and np.allclose(found[name][2:], one[2:], atol=0.01)
        for name, one in want.items()
    )


def expected(
    before: dict[int, tuple[int, int]], seed: int, last: int
) -> dict[int, tuple[int, int]]:
    """Return what must be there after batches 1 to `last`."""
    want = dict(before)
    for number in range(1, last + 1):
        for one in batch_of(seed, number):
            if one["gone"]:
                want.pop(int(one["fid"]), None)
            else:
                want[int(one["fid"])] = (int(one["cls"]), int(one["state"]))
    return want


def test_that_no_kill_while_folding_loses_an_edit(proof, pristine: Path, tmp_path: Path) -> None:
    before, shapes = seen(open_store(pristine)), seen_shapes(open_store(pristine))
    kills = proof("folding", full=1000, quick=6)
    for trial in kills:
        folder = tmp_path / str(trial) / "store"
        shutil.copytree(pristine, folder)
        kept = kill_at_work(folder, trial)
        store = open_store(folder)
        last = store.live.now.number
        verify_store(folder)
        ok = last in (kept, kept + 1) and seen(store) == expected(before, trial, last)
        ok = ok and same_shapes(store, shapes, trial, last)
        fold(folder)
        again = open_store(folder)
        verify_store(folder)
        ok = ok and seen(again) == expected(before, trial, last)
        ok = ok and same_shapes(again, shapes, trial, last)
        ok = ok and int(np.asarray(again.cube).sum()) == len(again.parts)
        kills.record(trial, kept=kept, last=last, lost=not ok)
        shutil.rmtree(folder.parent)
    rows = kills.rows()
    assert rows
    assert not [row for row in rows if row["lost"]]
