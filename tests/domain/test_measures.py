"""Lengths and areas drawn on the map are those on the ellipsoid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from app.domain.geodesy import SHANGHAI
from app.domain.measures import area_of, length_of, said_area, said_length

GEOD = Geod(ellps="GRS80")
AROUND = st.tuples(st.floats(-60_000, 60_000), st.floats(-60_000, 60_000))


def degrees(xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    lon, lat = SHANGHAI.to_lonlat(xy[:, 0].copy(), xy[:, 1].copy())
    return lon, lat


@settings(max_examples=300, deadline=None)
@given(st.lists(AROUND, min_size=2, max_size=12))
def test_that_a_length_is_geodesic_to_a_millionth(corners: list[tuple[float, float]]) -> None:
    xy = np.array(corners, np.float64)
    true = GEOD.line_length(*degrees(xy))
    assert length_of(xy, SHANGHAI) == pytest.approx(true, rel=1e-6, abs=1e-6)


@settings(max_examples=300, deadline=None)
@given(AROUND, st.floats(20.0, 30_000.0), st.integers(3, 20), st.floats(0, 6.28))
def test_that_an_area_is_geodesic_to_a_millionth(
    middle: tuple[float, float], radius: float, corners: int, turned: float
) -> None:
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False) + turned
    reach = radius * (0.6 + 0.4 * np.cos(3 * turn))
    xy = np.stack([middle[0] + reach * np.cos(turn), middle[1] + reach * np.sin(turn)], axis=1)
    true, _round = GEOD.polygon_area_perimeter(*degrees(xy))
    assert area_of(xy, SHANGHAI) == pytest.approx(abs(true), rel=1e-6)


@pytest.mark.parametrize(
    ("metres", "said"),
    [(3.456, "3.46 m"), (212.34, "212.3 m"), (1_234.0, "1.23 km"), (123_456.0, "123.5 km")],
)
def test_that_a_length_is_read_in_metres_or_kilometres(metres: float, said: str) -> None:
    assert said_length(metres) == said


@pytest.mark.parametrize(
    ("square", "said"), [(950.0, "950 m²"), (123_400.0, "12.34 ha"), (2_500_000.0, "2.50 km²")]
)
def test_that_an_area_is_read_in_metres_hectares_or_kilometres(square: float, said: str) -> None:
    assert said_area(square) == said


def test_that_nothing_has_no_length_and_no_area() -> None:
    assert (length_of(np.empty((0, 2)), SHANGHAI), area_of(np.empty((2, 2)), SHANGHAI)) == (0, 0)
