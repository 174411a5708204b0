"""Rules of segments: one street can be put anew or fetched alone, and a torn one is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.domain.map_columns import PartColumns
from app.engines.citystore import CityStore, StoreUnusable, open_store, verify_store
from app.engines.citystore.manifest import read_manifest, write_manifest
from app.engines.citystore.segments import (
    lacking,
    read_segment,
    rebuild_segments,
    squeeze,
    take_segments,
)
from app.engines.citystore.streets import REST
from tests.support.small_map import SmallMap


class Repainted(SmallMap):
    """The small map with all parts of another class."""

    def parts(self) -> Iterator[PartColumns]:
        for block in super().parts():
            yield replace(block, cls=np.full(len(block), 222, np.uint8))


def number_of_rows(store: CityStore) -> np.ndarray:
    """Return the number of the segment of each live row, by fid."""
    parts, out = store.parts, np.full(len(store.parts) + 1, -1)
    for c in range(len(parts.key)):
        if c in set(parts.index.cell.tolist()):
            at = slice(parts.index.start[c], parts.index.start[c] + parts.index.num[c])
            out[parts.fid[at]] = store.segment[parts.key[c]]
    return out[1:]


def test_that_each_street_is_a_segment_and_the_rest_and_the_outside_one_more(
    small_store: CityStore,
) -> None:
    assert small_store.segments[0].id == REST
    assert len(small_store.segments) == 18
    assert len({one.id for one in small_store.segments}) == 18
    assert small_store.segments[3].name.endswith("街道")


def test_that_parts_lie_in_their_street_but_for_cells_on_its_border(
    small_map: SmallMap, small_store: CityStore
) -> None:
    xy, number = small_map.part_xy(), number_of_rows(small_store)
    assert (number > 0).all()
    width = small_map.side / 4
    inside = np.abs((xy + small_map.side / 2) % width - width / 2).max(axis=1) < width / 2 - 260
    i, j = ((xy + small_map.side / 2) // width).astype(int).T
    for street in range(16):
        mine = inside & (j * 4 + i == street)
        assert len(set(number[mine])) == 1


def test_that_one_street_is_put_anew_alone(fresh_folder: Path) -> None:
    before = open_store(fresh_folder)
    old = np.array(before.parts.cls)
    one = before.segments[5]
    source = Repainted()
    rebuild_segments(fresh_folder, [one.id], source.parts(), source.pipes())
    after = open_store(fresh_folder, "small-1")
    verify_store(fresh_folder)
    assert (np.asarray(before.parts.cls) == old).all()
    mine = number_of_rows(before) == 5
    assert len(after.parts) == len(before.parts)
    assert after.cube[:, 222 * 4 : 223 * 4].sum() == mine.sum() > 0
    assert after.cube.sum() == len(after.parts)
    squeeze(fresh_folder)
    verify_store(fresh_folder)
    smaller = open_store(fresh_folder, "small-1")
    assert len(smaller.parts.cls) == len(smaller.parts) == len(before.parts)
    assert np.count_nonzero(smaller.parts.cls == 222) == mine.sum()


def test_that_a_desk_fetches_only_the_streets_it_lacks(
    fresh_folder: Path, small_folder: Path
) -> None:
    source = Repainted()
    changed = [one.id for one in open_store(fresh_folder).segments[2:4]]
    rebuild_segments(fresh_folder, changed, source.parts(), source.pipes())
    theirs = read_manifest(small_folder)
    assert lacking(fresh_folder, theirs) == changed
    got = {one: read_segment(small_folder, one) for one in changed}
    take_segments(fresh_folder, theirs, got)
    assert lacking(fresh_folder, theirs) == []
    verify_store(fresh_folder)
    mine, other = open_store(fresh_folder), open_store(small_folder)
    assert (mine.cube == other.cube).all()
    assert len(mine.pipes) == len(other.pipes)


def test_that_a_segment_that_came_torn_is_refused(fresh_folder: Path, small_folder: Path) -> None:
    theirs = read_manifest(small_folder)
    one = theirs.segments[4].id
    data = bytearray(read_segment(small_folder, one))
    wrong = read_segment(small_folder, theirs.segments[6].id)
    for bad in (bytes(data[:-40]), wrong, b""):
        with pytest.raises(StoreUnusable, match="torn"):
            take_segments(fresh_folder, theirs, {one: bad})
    assert lacking(fresh_folder, theirs) == []


def test_that_an_unknown_segment_is_named(fresh_folder: Path) -> None:
    with pytest.raises(StoreUnusable, match="nowhere"):
        read_segment(fresh_folder, "nowhere")


def test_that_no_flipped_bit_stays_unseen(small_folder: Path, fresh_folder: Path) -> None:
    """Each file in turn: found at opening where kernels step by it, by the check otherwise."""
    rng = np.random.default_rng(6)
    files = [path for path in fresh_folder.rglob("*") if path.is_file()]
    assert len(files) > 60
    for path in files:
        data = bytearray(path.read_bytes())
        if not data:
            continue
        good = bytes(data)
        data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        with pytest.raises(StoreUnusable):
            open_and_check(fresh_folder)
        path.write_bytes(good)
    verify_store(fresh_folder)


def open_and_check(folder: Path) -> None:
    open_store(folder, "small-1")
    verify_store(folder)


def test_that_an_interrupted_swap_is_taken_back(fresh_folder: Path) -> None:
    fresh_folder.rename(fresh_folder.with_name("store.old"))
    assert len(open_store(fresh_folder, "small-1").parts) == 20_000


def test_that_a_manifest_goes_in_and_out_whole(fresh_folder: Path) -> None:
    manifest = read_manifest(fresh_folder)
    write_manifest(fresh_folder, manifest)
    assert read_manifest(fresh_folder) == manifest
