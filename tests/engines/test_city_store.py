"""Rules of the derived store: it holds what the map holds, and knows when it cannot be trusted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app.domain.errors import StorageFailure
from app.domain.geodesy import SHANGHAI
from app.domain.map_columns import AREA_TIERS, ShapeColumns
from app.engines.citystore import (
    CityStore,
    StoreUnusable,
    build_store,
    open_store,
    verify_store,
)
from app.engines.citystore.build import STEPS
from app.engines.citystore.morton import bits_for, morton, unmorton
from app.engines.citystore.shapes import widest_spot
from app.engines.citystore.streets import OUTSIDE
from app.engines.tiles_select import nearest_parts
from tests.support.small_map import SmallMap, shapes_of, square


@pytest.fixture
def copy(small_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(small_folder, tmp_path / "store")


def ring_area(ring: np.ndarray) -> float:
    x, y = ring.astype(float).T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)


def test_that_every_part_is_there_with_its_class_state_and_row(
    small_map: SmallMap, small_store: CityStore
) -> None:
    parts = small_store.parts
    fid = np.asarray(parts.fid)
    assert sorted(fid) == list(range(1, small_map.n_parts + 1))
    assert (parts.cls == (fid - 1) * 7 % 121).all()
    assert (parts.state == ((fid - 1) % 4 == 3)).all()


def test_that_parts_lie_where_they_were_to_half_a_centimetre(
    small_map: SmallMap, small_store: CityStore
) -> None:
    parts = small_store.parts
    i, j = (np.repeat(v, parts.index.num) for v in unmorton(parts.key))
    x = small_store.origin[0] + (i + (parts.x.astype(float) + 0.5) / 65536) * 256
    y = small_store.origin[1] + (j + (parts.y.astype(float) + 0.5) / 65536) * 256
    true = small_map.part_xy()[np.asarray(parts.fid) - 1]
    assert np.abs(x - true[:, 0]).max() < 0.005
    assert np.abs(y - true[:, 1]).max() < 0.005


def test_that_the_cube_counts_each_class(small_store: CityStore) -> None:
    counts = small_store.cube.sum(axis=0).reshape(256, 4)
    parts = small_store.parts
    for state in range(4):
        true = np.bincount(parts.cls[parts.state == state], minlength=256)
        assert (counts[:, state] == true).all()


def test_that_shapes_have_true_boxes_and_no_block_spans_two_segments(
    small_store: CityStore,
) -> None:
    for shapes in small_store.shapes.values():
        assert len(shapes) % 64 == 0
        for start in range(0, len(shapes), 64):
            rows = shapes.live[(shapes.live >= start) & (shapes.live < start + 64)]
            low, high = shapes.box[rows, :2].min(axis=0), shapes.box[rows, 2:].max(axis=0)
            assert (shapes.block[start // 64] == [*low, *high]).all()
            assert (np.diff(shapes.kind[rows].astype(int)) >= 0).all()
        for row in shapes.live[::37]:
            xy = np.concatenate(shapes.rings(row))
            assert (shapes.box[row] == [*xy.min(axis=0), *xy.max(axis=0)]).all()


def test_that_each_feature_keeps_its_own_words(small_store: CityStore) -> None:
    areas = small_store.shapes["area"]
    for row in areas.live:
        number = int(areas.uid_of(row)[12:].hex(), 16)
        assert areas.fid[row] == number
        assert areas.text("name_en", row) == f"Area {areas.text('code', row)}"


def test_that_outer_rings_turn_left_and_holes_right(tmp_path: Path) -> None:
    class Pierced(SmallMap):
        def shapes(self, layer: str) -> ShapeColumns:
            if layer != "green":
                return super().shapes(layer)
            rings = [[square(0, 0, 100)[::-1], square(30, 30, 40)]]
            return shapes_of(self.frame, rings, [0], holes=[[False, True]])

    build_store(Pierced(), tmp_path / "s")
    outer, hole = open_store(tmp_path / "s").shapes["green"].rings(0)
    assert ring_area(outer) == pytest.approx(10_000, rel=1e-3)
    assert ring_area(hole) == pytest.approx(-1_600, rel=1e-3)


def test_that_a_label_stands_inside_its_area(small_store: CityStore) -> None:
    areas = small_store.shapes["area"]
    for row in areas.live[::11]:
        assert areas.is_inside(int(row), *map(float, areas.spot[row]))


def test_that_a_label_of_a_crescent_stands_in_its_flesh() -> None:
    turn = np.linspace(0.3, 2 * np.pi - 0.3, 80)
    arc = np.stack([np.cos(turn), np.sin(turn)], 1).astype(np.float32)
    ring = np.concatenate([arc, arc[::-1] * np.float32(0.7)])
    x, y = widest_spot([ring], np.array([-1, -1, 1, 1], np.float32))
    assert 0.69 <= np.hypot(x, y) <= 1.01


def test_that_a_point_belongs_to_one_grid_only(small_store: CityStore) -> None:
    areas = small_store.shapes["area"]
    grids = np.flatnonzero(areas.kind == AREA_TIERS.index("grid"))
    for x, y in np.random.default_rng(4).uniform(600, 7_000, (40, 2)):
        assert sum(areas.is_inside(int(row), x, y) for row in grids) == 1


def test_that_an_empty_map_makes_a_store_that_opens(tmp_path: Path) -> None:
    class Nothing(SmallMap):
        def parts(self):  # type: ignore[no-untyped-def]
            return iter(())

        def shapes(self, layer: str) -> ShapeColumns:
            return shapes_of(self.frame, [], [])

    build_store(Nothing(), tmp_path / "s")
    store = open_store(tmp_path / "s")
    assert len(store.parts) == 0
    assert not any(len(shapes) for shapes in store.shapes.values())


def test_that_parts_without_a_place_are_named(tmp_path: Path) -> None:
    class Holed(SmallMap):
        def parts(self):  # type: ignore[no-untyped-def]
            for block in super().parts():
                lon = block.lon.copy()
                lon[:10] = np.nan
                lon[10:15] = 10.0
                yield replace(block, lon=lon)

    build_store(Holed(n_parts=100), tmp_path / "s")
    store = open_store(tmp_path / "s")
    assert len(store.parts) == 100 - 2 * 15
    assert store.beyond["part"] == [30, *range(1, 16), *range(51, 56)]


def test_that_parts_around_all_areas_are_drawn_and_counted(tmp_path: Path) -> None:
    class Astray(SmallMap):
        def parts(self):  # type: ignore[no-untyped-def]
            for block in super().parts():
                lon = block.lon.copy()
                lon[:4] += 0.4  # about 38 km east
                yield replace(block, lon=lon)

    build_store(Astray(n_parts=100), tmp_path / "s")
    store = open_store(tmp_path / "s")
    assert len(store.parts) == int(store.cube.sum()) == 100
    assert not store.beyond
    assert store.bounds.width < 9_000
    outside = store.segments[-1]
    assert outside.id == OUTSIDE
    around = store.parts.key[store.segment[store.parts.key] == len(store.segments) - 1]
    assert store.parts.index.num[np.isin(store.parts.key, around)].sum() == 8
    east = nearest_parts(store, *astray_at(store, 51), 5.0, np.ones(256, np.uint8))
    assert [one.fid for one in east] == [51]


def astray_at(store: CityStore, fid: int) -> tuple[float, float]:
    (row,) = np.flatnonzero(store.parts.fid == fid)
    x, y = store.parts.place(int(row))
    return x + store.origin[0], y + store.origin[1]


def test_that_a_torn_file_is_found(copy: Path) -> None:
    path = copy / "area" / "xy.bin"
    path.write_bytes(path.read_bytes()[:-64])
    with pytest.raises(StoreUnusable, match="torn"):
        open_store(copy)


def test_that_a_flipped_bit_in_a_small_file_is_found(copy: Path) -> None:
    path = copy / "area" / "kind.bin"
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreUnusable, match=r"kind\.bin"):
        open_store(copy)
    with pytest.raises(StoreUnusable, match=r"kind\.bin"):
        verify_store(copy)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: shutil.rmtree(folder),
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: (folder / "manifest.json").write_text("{"),
        lambda folder: (folder / "manifest.json").write_text("[]"),
        lambda folder: (folder / "parts" / "x.bin").unlink(),
    ],
)
def test_that_a_store_with_something_missing_is_refused(
    copy: Path, spoil: Callable[[Path], object]
) -> None:
    spoil(copy)
    with pytest.raises(StoreUnusable):
        open_store(copy)


def test_that_another_format_and_another_source_are_refused(copy: Path) -> None:
    with pytest.raises(StoreUnusable, match="changed"):
        open_store(copy, "small-2")
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | {"format": 99}))
    with pytest.raises(StoreUnusable, match="99"):
        open_store(copy)


def test_that_a_build_that_fails_leaves_the_old_store(copy: Path) -> None:
    class Broken(SmallMap):
        def shapes(self, layer: str) -> ShapeColumns:
            raise OSError("disk gone")

    with pytest.raises(StorageFailure, match="disk gone"):
        build_store(Broken(), copy)
    assert len(open_store(copy).parts) == 20_000
    assert [p.name for p in copy.parent.iterdir()] == ["store"]


def test_that_a_build_replaces_the_old_store_and_tells_its_progress(copy: Path) -> None:
    told: list[tuple[str, int, int]] = []
    build_store(SmallMap(n_parts=500, fingerprint="new"), copy, lambda *step: told.append(step))
    assert len(open_store(copy, "new").parts) == 500
    assert told[-1][1] == told[-1][2] == STEPS


def test_that_the_arrays_of_a_store_cannot_be_written(small_store: CityStore) -> None:
    with pytest.raises(ValueError, match="read-only"):
        small_store.parts.cls[0] = 1


@given(
    arrays.arrays(np.uint32, 50, elements=st.integers(0, 65_535)),
    arrays.arrays(np.uint32, 50, elements=st.integers(0, 65_535)),
)
def test_that_morton_keys_tell_cells_apart(i: np.ndarray, j: np.ndarray) -> None:
    cells = len(set(zip(i.tolist(), j.tolist(), strict=True)))
    assert len(set(morton(i, j).tolist())) == cells


@given(st.integers(1, 60_000))
def test_that_the_bits_number_all_cells(cells: int) -> None:
    assert 1 << bits_for(cells) >= cells


def test_that_boxes_relative_to_the_origin_start_near_zero(small_store: CityStore) -> None:
    box = small_store.relative(small_store.bounds)
    assert 0 <= box.x0 <= 256
    assert 0 <= box.y0 <= 256
    assert small_store.frame == SHANGHAI
