"""Rules of counting and selecting: exact against NumPy for any shape, class and state."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.camera import Bounds
from app.engines.citystore import CityStore
from app.engines.citystore.journal import EDIT, edit
from app.engines.citystore.morton import unmorton
from app.engines.tiles_select import count, nearest_parts, select, tally

ALL = np.ones(256, np.uint8)
near = st.floats(-4_600, 4_600)
masks = st.sets(st.integers(0, 120), min_size=1).map(lambda chosen: mask(*chosen))


def mask(*classes: int) -> np.ndarray:
    want = np.zeros(256, np.uint8)
    want[list(classes)] = 1
    return want


def rows(store: CityStore) -> dict[str, np.ndarray]:
    """Return all parts with their places, local metres."""
    found = []
    for parts in store.live.now.pieces:
        i, j = unmorton(parts.key)
        live = parts.index.cell[j.astype(int) * parts.index.side + i] == np.arange(len(i))
        for c in np.flatnonzero(live):
            at = slice(parts.index.start[c], parts.index.start[c] + parts.index.num[c])
            found.append(
                np.stack([(i[c] + parts.x[at] / 65536) * 256, (j[c] + parts.y[at] / 65536) * 256,
                          parts.cls[at], parts.state[at], parts.fid[at]])
            )  # fmt: skip
    x, y, cls, state, fid = np.concatenate(found, axis=1)
    return {"x": x, "y": y, "cls": cls.astype(int), "state": state.astype(int), "fid": fid}


def wanted(all_: dict[str, np.ndarray], want: np.ndarray, states: int) -> np.ndarray:
    return (want[all_["cls"]] > 0) & ((states >> all_["state"]) & 1 > 0)


def inside(all_: dict[str, np.ndarray], ring: np.ndarray) -> np.ndarray:
    """Return by even-odd which parts a ring (relative to the origin) holds."""
    odd = np.zeros(len(all_["x"]), bool)
    for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if y0 != y1:
            crosses = (y0 <= all_["y"]) != (y1 <= all_["y"])
            odd ^= crosses & (x0 + (all_["y"] - y0) * (x1 - x0) / (y1 - y0) > all_["x"])
    return odd


@pytest.fixture(scope="module", autouse=True)
def everything(small_store: CityStore) -> None:
    _KEPT[:] = [small_store, rows(small_store)]


_KEPT: list[object] = []


@settings(max_examples=80, deadline=None)
@given(near, near, near, near, masks, st.integers(0, 15))
def test_that_a_box_is_counted_exactly(
    xa: float, ya: float, xb: float, yb: float, want: np.ndarray, states: int
) -> None:
    store, all_ = _KEPT
    box = Bounds(min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb))
    b = store.relative(box)
    hit = (all_["x"] >= b.x0) & (all_["x"] <= b.x1) & (all_["y"] >= b.y0) & (all_["y"] <= b.y1)
    hit &= wanted(all_, want, states)
    assert count(store, box, want, states) == hit.sum()


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(near, near), min_size=3, max_size=14),
    st.lists(st.tuples(near, near), max_size=5),
    masks,
    st.integers(0, 15),
)
def test_that_polygons_and_lassos_are_counted_and_selected_exactly(
    outer: list[tuple[float, float]],
    hole: list[tuple[float, float]],
    want: np.ndarray,
    states: int,
) -> None:
    store, all_ = _KEPT
    rings = [np.array(outer, float)] + ([np.array(hole, float)] if len(hole) > 2 else [])
    hit = np.zeros(len(all_["x"]), bool)
    for ring in rings:
        hit ^= inside(all_, ring - store.origin)
    hit &= wanted(all_, want, states)
    assert count(store, rings, want, states) == hit.sum()
    chosen = select(store, rings, want, states)
    assert sorted(chosen.fids) == sorted(all_["fid"][hit])
    assert (chosen.by_class == np.bincount(all_["cls"][hit], minlength=256)).all()


def test_that_borders_of_cells_and_blocks_are_counted_once(small_store: CityStore) -> None:
    _, all_ = _KEPT
    ox, oy = small_store.origin
    for x0, x1 in ((0, 256), (256, 2_048), (512, 4_096.0)):
        box = Bounds(ox + x0, oy, ox + x1, oy + 9_000)
        hit = (all_["x"] >= x0) & (all_["x"] <= x1)
        assert count(small_store, box, ALL) == hit.sum()


def test_that_the_whole_city_is_told_by_class_and_state(small_store: CityStore) -> None:
    _, all_ = _KEPT
    told = tally(small_store, small_store.bounds)
    for state in range(4):
        true = np.bincount(all_["cls"][all_["state"] == state], minlength=256)
        assert (told[:, state] == true).all()


@pytest.mark.parametrize(
    "shape",
    [Bounds(1e6, 1e6, 2e6, 2e6), Bounds(10, 10, 0, 0), [], [np.zeros((2, 2))],
     [np.full((4, 2), np.nan)]],
)  # fmt: skip
def test_that_a_shape_beside_the_city_or_of_nothing_holds_nothing(
    small_store: CityStore, shape: Bounds | list[np.ndarray]
) -> None:
    assert count(small_store, shape, ALL) == 0
    assert len(select(small_store, shape, ALL).fids) == 0


def test_that_the_nearest_are_of_the_wanted_state(small_store: CityStore) -> None:
    found = nearest_parts(small_store, 0.0, 0.0, 3_000.0, ALL, most=20, states=0b10)
    assert len(found) == 20
    assert {part.state for part in found} == {1}
    assert [p.distance for p in found] == sorted(p.distance for p in found)


def test_that_edits_are_counted_and_selected_too(fresh_store: CityStore) -> None:
    before = tally(fresh_store, fresh_store.bounds)
    moved = np.concatenate([edit(n, 10.0 * n, -20.0 * n, 200, 2) for n in range(1, 60)])
    assert moved.dtype == EDIT
    fresh_store.live.record(moved)
    told, all_ = tally(fresh_store, fresh_store.bounds), rows(fresh_store)
    assert told.sum() == before.sum() == len(all_["x"])
    assert told[200, 2] == 59
    box = Bounds(-100.0, -700.0, 305.0, 5.0)
    b = fresh_store.relative(box)
    hit = (all_["x"] >= b.x0) & (all_["x"] <= b.x1) & (all_["y"] >= b.y0) & (all_["y"] <= b.y1)
    assert sorted(select(fresh_store, box, ALL).fids) == sorted(all_["fid"][hit])
    assert set(range(1, 31)) <= set(select(fresh_store, box, mask(200)).fids.tolist())
    assert nearest_parts(fresh_store, 100.0, -200.0, 5.0, mask(200))[0].fid == 10
