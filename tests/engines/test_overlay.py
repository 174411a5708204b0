"""Rules of edits over the store: seen at once, kept in the journal, folded in without loss."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from app.domain.camera import Bounds
from app.engines.citystore import CityStore, StoreUnusable, build_store, open_store, verify_store
from app.engines.citystore.fold import fold
from app.engines.citystore.journal import EDIT, Journal, edit, removal
from app.engines.citystore.overlay import Overlay
from app.engines.tiles_canvas import Canvas, Ramp
from app.engines.tiles_select import count_parts, nearest_parts, tally
from tests.support.small_map import SmallMap

ALL = np.ones(256, np.uint8)
RAMP = Ramp(np.zeros(256, np.uint32), np.full(256, 255, np.uint8))

Truth = dict[int, tuple[float, float, int, int]]


def truth(store: CityStore) -> dict[int, tuple[int, int]]:
    """Return class and state by fid of all parts that are counted now."""
    found: dict[int, tuple[int, int]] = {}
    last = (1 << store.bits) - 1
    for parts in store.live.now.pieces:
        for j in range(last + 1):
            for i in range(last + 1):
                at = parts.rows_of(i, j)
                for fid, cls, state in zip(
                    parts.fid[at].tolist(), parts.cls[at].tolist(), parts.state[at].tolist(),
                    strict=True,
                ):  # fmt: skip
                    assert fid not in found
                    found[fid] = (cls, state)
    return found


def one_at(store: CityStore, x: float, y: float) -> int:
    found = nearest_parts(store, x, y, 0.5, ALL)
    return found[0].fid if found else 0


def test_that_an_edit_is_seen_at_once_in_picks_counts_and_tiles(fresh_store: CityStore) -> None:
    start = time.perf_counter()
    fresh_store.live.record(edit(77, 111.0, -222.0, 9, 2))
    fresh_store.live.record(edit(1_000_001, 113.0, -222.0, 9, 0))
    fresh_store.live.record(removal(78))
    took = time.perf_counter() - start
    assert took < 0.3
    assert one_at(fresh_store, 111.0, -222.0) == 77
    assert one_at(fresh_store, 113.0, -222.0) == 1_000_001
    assert fresh_store.n_parts == 20_000
    seen = truth(fresh_store)
    assert seen[77] == (9, 2)
    assert 78 not in seen
    total, _ = count_parts(fresh_store, fresh_store.bounds, ALL)
    assert total == 20_000
    for m_per_px in (40.0, 9.0):
        size = int(fresh_store.bounds.width / m_per_px) + 2
        canvas = Canvas(fresh_store, fresh_store.bounds.x0, fresh_store.bounds.y1, m_per_px,
                        size, size)  # fmt: skip
        canvas.clear(0xFFFFFF)
        assert canvas.density(ALL, RAMP) == 20_000


def test_that_only_the_last_word_on_a_part_counts(fresh_store: CityStore) -> None:
    batch = np.concatenate([edit(5, 0.0, 0.0, 1, 1), removal(5), edit(5, 50.0, 60.0, 3, 3)])
    fresh_store.live.record(batch)
    assert truth(fresh_store)[5] == (3, 3)
    fresh_store.live.record(removal(5))
    fresh_store.live.record(edit(5, 50.0, 60.0, 4, 0))
    assert truth(fresh_store)[5] == (4, 0)
    assert one_at(fresh_store, 50.0, 60.0) == 5
    fresh_store.live.record(edit(5, 9e6, 0.0, 4, 0))  # out of the city: not drawn
    assert 5 not in truth(fresh_store)


def test_that_a_reader_keeps_its_picture_while_edits_come(fresh_store: CityStore) -> None:
    before = fresh_store.live.now
    fresh_store.live.record(removal(1))
    assert len(before) == 20_000
    assert len(fresh_store.live.now) == 19_999


def test_that_edits_are_there_after_opening_and_in_another_window(
    fresh_store: CityStore, fresh_folder: Path
) -> None:
    other = open_store(fresh_folder)
    fresh_store.live.record(edit(4, 12.0, 13.0, 7, 1), "small-1", "small-2")
    assert len(other.live.follow().pieces) == 2
    assert truth(other)[4] == (7, 1)
    assert truth(open_store(fresh_folder, "small-2"))[4] == (7, 1)
    with pytest.raises(StoreUnusable, match="changed"):
        open_store(fresh_folder, "small-1")


@pytest.mark.parametrize("seed", range(5))
def test_that_any_edits_give_the_same_before_and_after_folding(
    fresh_folder: Path, seed: int
) -> None:
    rng, folder = np.random.default_rng(seed), fresh_folder
    store = open_store(folder)
    wanted = truth(store)
    for _ in range(3):
        batch = []
        for fid in rng.integers(1, 20_030, 40).tolist():
            if rng.random() < 0.7:
                cls, state = int(rng.integers(121)), int(rng.integers(4))
                batch.append(edit(fid, *rng.uniform(-4_100, 4_100, 2), cls, state))
                wanted[fid] = (cls, state)
            else:
                batch.append(removal(fid))
                wanted.pop(fid, None)
        store.live.record(np.concatenate(batch))
    before = tally(store, store.bounds)
    assert truth(store) == wanted
    assert truth(open_store(folder)) == wanted
    assert fold(folder) > 0
    folded = open_store(folder)
    verify_store(folder)
    assert len(folded.live.now.pieces) == 1
    assert truth(folded) == wanted
    assert (tally(folded, folded.bounds) == before).all()
    assert (folded.cube.sum(axis=0).reshape(256, 4) == before).all()
    assert truth(store) == wanted  # who had it open reads on
    store.live.record(removal(next(iter(wanted))))
    assert len(truth(open_store(folder))) == len(wanted) - 1


def test_that_folding_leaves_the_journal_short_and_keeps_its_count(
    fresh_store: CityStore, fresh_folder: Path
) -> None:
    for n in range(1, 30):
        fresh_store.live.record(edit(n, n * 3.0, 0.0, 1, 0))
    journal = Journal(fresh_folder)
    long = journal.path.stat().st_size
    assert fold(fresh_folder) > 0
    assert journal.path.stat().st_size < long / 10
    assert journal.last == 29
    assert fold(fresh_folder) == 0
    fresh_store.live.record(removal(3))
    assert Journal(fresh_folder).last == 30
    assert 3 not in truth(open_store(fresh_folder))


def test_that_edits_to_a_dead_store_come_back_after_squeezing(
    fresh_store: CityStore, fresh_folder: Path
) -> None:
    for turn in range(6):
        everywhere = [edit(f, 250.0 * (f % 30) - 3_700, 250.0 * (f // 30) - 3_700, 5, turn % 4)
                      for f in range(1, 900)]  # fmt: skip
        fresh_store.live.record(np.concatenate(everywhere))
        fold(fresh_folder)
    store = open_store(fresh_folder)
    assert len(store.parts) == 20_000
    assert len(store.parts.fid) < 45_000
    seen = truth(store)
    assert {seen[f] for f in range(1, 900)} == {(5, 1)}


@pytest.mark.parametrize("cut", [1, 5, 20, 57])
def test_that_a_batch_cut_short_never_counted(
    fresh_store: CityStore, fresh_folder: Path, cut: int
) -> None:
    fresh_store.live.record(edit(1, 0.0, 0.0, 1, 1), "small-1", "small-2")
    fresh_store.live.record(edit(2, 0.0, 5.0, 1, 1), "small-2", "small-3")
    path = Journal(fresh_folder).path
    path.write_bytes(path.read_bytes()[:-cut])
    assert truth(open_store(fresh_folder, "small-2"))[1] == (1, 1)
    with pytest.raises(StoreUnusable, match="changed"):
        open_store(fresh_folder, "small-3")  # the map has it: the store is built anew
    build_store(SmallMap(fingerprint="small-3"), fresh_folder)
    store = open_store(fresh_folder, "small-3")
    store.live.record(removal(9), "small-3", "small-4")
    assert len(open_store(fresh_folder, "small-4").live.now) == 19_999


def test_that_a_flipped_bit_in_the_journal_is_found(
    fresh_store: CityStore, fresh_folder: Path
) -> None:
    for n in (1, 2, 3):
        fresh_store.live.record(removal(n))
    path = Journal(fresh_folder).path
    good = path.read_bytes()
    rng = np.random.default_rng(1)
    for at in rng.integers(0, len(good), 60):
        data = bytearray(good)
        data[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        with pytest.raises(StoreUnusable, match="journal"):
            open_store(fresh_folder, "small-1")
        with pytest.raises(StoreUnusable, match="journal"):
            fold(fresh_folder)
    Journal(fresh_folder).append(removal(4))  # writing on does not hide it
    with pytest.raises(StoreUnusable, match="journal"):
        open_store(fresh_folder)
    build_store(SmallMap(), fresh_folder)
    assert open_store(fresh_folder, "small-1").n_parts == 20_000


def test_that_an_edit_of_the_map_that_nobody_told_is_found(
    fresh_store: CityStore, fresh_folder: Path
) -> None:
    fresh_store.live.record(removal(1), "small-2", "small-3")
    with pytest.raises(StoreUnusable, match="journal"):
        open_store(fresh_folder, "small-3")


def test_that_edits_during_a_build_are_kept(fresh_folder: Path) -> None:
    class Busy(SmallMap):
        def pipes(self):  # type: ignore[no-untyped-def]
            Journal(fresh_folder).append(edit(6, 1.0, 1.0, 33, 3), "small-1", "small-2")
            return super().pipes()

    Journal(fresh_folder).append(removal(7))
    build_store(Busy(), fresh_folder)
    store = open_store(fresh_folder, "small-2")
    assert truth(store)[6] == (33, 3)
    assert 7 in truth(store)  # the map was read after that and has it


def test_that_a_failed_write_changes_nothing(
    fresh_store: CityStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Journal, "append", full)
    with pytest.raises(OSError, match="space"):
        fresh_store.live.record(removal(1))
    assert fresh_store.n_parts == 20_000


def test_that_an_overlay_needs_no_kernel(fresh_store: CityStore) -> None:
    assert isinstance(fresh_store.live, Overlay)
    assert EDIT.itemsize == 24
    box = Bounds(-50, -50, 50, 50)
    fresh_store.live.record(np.concatenate([edit(30_000 + n, n, 0.0, 200, 0) for n in range(20)]))
    assert count_parts(fresh_store, box, ALL)[1][200] == 20
