"""Rules of values over the map: filled areas, heat, clusters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app.domain.map_columns import AREA_TIERS
from app.engines import tiles_fields
from app.engines.citystore import CityStore
from app.engines.tiles_canvas import Canvas, Ramp
from app.engines.tiles_clusters import clusters, hour_weights, quantile_limits

COLOURS = np.array([0x0000FF, 0x00FF00, 0xFF0000], np.uint32)
FULL = np.full(3, 255, np.uint8)
LIMITS = np.array([10.0, 20.0], np.float32)
RAMP = Ramp(np.full(256, 0xFF0000, np.uint32), np.arange(256, dtype=np.uint8))


def canvas(store: CityStore, m_per_px: float = 20.0, size: int = 420) -> Canvas:
    made = Canvas(store, -size * m_per_px / 2, size * m_per_px / 2, m_per_px, size, size)
    made.clear(0xFFFFFF)
    return made


def streets(store: CityStore, *values: float) -> np.ndarray:
    """Return values for the first streets, NaN for all other areas."""
    out = np.full(len(store.shapes["area"]), np.nan, np.float32)
    rows = np.flatnonzero(store.shapes["area"].kind == AREA_TIERS.index("street"))
    out[rows[: len(values)]] = values
    return out


def test_that_each_area_takes_the_colour_of_its_value(small_store: CityStore) -> None:
    areas, made = small_store.shapes["area"], canvas(small_store)
    values = streets(small_store, 9.9, 10.0, 19.0, 20.0, np.nan, 500.0)
    assert made.fill_values(areas, values, LIMITS, COLOURS, FULL) == 5
    for row in np.flatnonzero(np.isfinite(values)):
        x, y = areas.spot[row] + np.array(small_store.origin)
        pixel = made.image[int(210 - y / 20), int(210 + x / 20)] & 0xFFFFFF
        assert pixel == COLOURS[np.searchsorted(LIMITS, values[row], side="right")]


def test_that_filled_areas_cover_what_they_are_and_no_more(small_store: CityStore) -> None:
    made = canvas(small_store)
    made.fill_values(small_store.shapes["area"], streets(small_store, 1.0), LIMITS, COLOURS, FULL)
    blue = (made.image & 255).astype(float) - (made.image >> 8 & 255)
    assert blue.sum() / 255 == pytest.approx((2_000 / 20) ** 2, rel=0.01)
    fresh = canvas(small_store)
    assert fresh.fill_values(
        small_store.shapes["area"], streets(small_store), LIMITS, COLOURS, FULL
    ) == 0  # fmt: skip
    assert (fresh.image == 0xFFFFFFFF).all()


def test_that_tiles_of_filled_areas_meet_without_a_seam(small_store: CityStore) -> None:
    areas = small_store.shapes["area"]
    values = np.arange(len(areas), dtype=np.float32) % 30
    values[areas.kind != AREA_TIERS.index("grid")] = np.nan

    def picture(x0: float, width: int) -> np.ndarray:
        made = Canvas(small_store, x0, 900.0, 7.0, width, 200)
        made.clear(0xFFFFFF)
        made.fill_values(areas, values, LIMITS, COLOURS, np.full(3, 128, np.uint8))
        return made.image

    halves = np.concatenate([picture(-700.0, 100), picture(0.0, 100)], axis=1)
    away = np.abs(picture(-700.0, 200).view(np.uint8).astype(int) - halves.view(np.uint8))
    assert away.max() <= 3


@given(st.integers(1, 60), st.floats(2.0, 20.0))
def test_that_heat_holds_the_weight_of_its_points(n: int, radius: float) -> None:
    store = _KEPT[0]
    rng = np.random.default_rng(n)
    points, weights = rng.uniform(-2_000, 2_000, (n, 2)), rng.random(n).astype(np.float32)
    made = canvas(store)
    field = np.zeros(made.image.shape, np.float32)
    total = tiles_fields.heat(
        (points - store.origin).astype(np.float32), weights, made._x0, made._y1, made._inv,
        radius, field,
    )  # fmt: skip
    assert total == pytest.approx(weights.sum(), rel=1e-4)
    assert field.sum() == pytest.approx(weights.sum(), rel=0.12)


def test_that_heat_is_hottest_where_most_happens(small_store: CityStore) -> None:
    rng = np.random.default_rng(2)
    crowd = rng.normal(0, 150, (300, 2)) + np.array([1_000, 0])
    points = np.concatenate([crowd, rng.uniform(-4e3, 4e3, (50, 2))])
    made = canvas(small_store)
    inside = made.heat(points, np.ones(len(points), np.float32), 20.0, RAMP, 1.0)
    assert inside == pytest.approx(len(points), abs=3)
    row, col = np.unravel_index(np.argmin(made.image & 255), made.image.shape)
    assert np.hypot(col - 260, row - 210) < 12
    again = canvas(small_store)
    again.heat(points, np.ones(len(points), np.float32), 20.0, RAMP, 1.0)
    assert (again.image == made.image).all()  # nothing is left over for the next tile


def test_that_the_heat_of_an_hour_goes_round_midnight() -> None:
    told = hour_weights(np.array([23.5, 0.0, 0.5, 2.0, 12.0]), 0.0)
    assert told.tolist() == [0.5, 1.0, 0.5, 0.0, 0.0]


@given(arrays.arrays(np.float64, 30, elements=st.floats(0, 23.99)))
def test_that_a_day_of_heat_counts_each_moment_once(hours: np.ndarray) -> None:
    whole = sum(hour_weights(hours, float(hour)) for hour in range(24))
    assert whole == pytest.approx(np.ones(30), abs=1e-5)


@given(
    arrays.arrays(np.float64, st.tuples(st.integers(0, 80), st.just(2)),
                  elements=st.floats(-1e5, 1e5) | st.just(float("nan"))),
    st.floats(1.0, 5_000.0),
)  # fmt: skip
def test_that_clusters_count_every_point_once(points: np.ndarray, size: float) -> None:
    found = clusters(points, size)
    placed = np.isfinite(points).all(axis=1)
    assert found.count.sum() == placed.sum()
    assert ((found.member >= 0) == placed).all()
    assert (np.bincount(found.member[placed], minlength=len(found.count)) == found.count).all()
    for number, middle in enumerate(found.xy):
        mine = points[found.member == number]
        assert middle == pytest.approx(mine.mean(axis=0), abs=1e-6)
        assert np.ptp(np.floor(mine / size), axis=0).max() == 0


def test_that_classes_hold_as_many_areas_each() -> None:
    values = np.random.default_rng(1).gamma(1.0, 9.0, 1_000).astype(np.float32)
    values[::50] = np.nan
    known = values[np.isfinite(values)]
    sizes = np.bincount(np.searchsorted(quantile_limits(values, 5), known, "right"))
    assert len(sizes) == 5
    assert np.ptp(sizes) <= 2
    assert len(quantile_limits(np.full(9, 3.0, np.float32), 5)) == 0
    assert len(quantile_limits(np.full(9, np.nan, np.float32), 5)) == 0


_KEPT: list[CityStore] = []


@pytest.fixture(autouse=True)
def keep_store(small_store: CityStore) -> None:
    _KEPT[:] = [small_store]
