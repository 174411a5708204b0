"""GCJ-02 and BD-09 round trips, and a point whose shift is known from outside."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.offsets import (
    bd09_to_gcj02,
    bd09_to_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    wgs84_to_bd09,
    wgs84_to_gcj02,
)

METRES_A_DEGREE = 111_320.0
lons = st.floats(73.5, 135.0)
lats = st.floats(3.9, 53.5)


@pytest.mark.parametrize(
    ("there", "back"),
    [
        (wgs84_to_gcj02, gcj02_to_wgs84),
        (gcj02_to_bd09, bd09_to_gcj02),
        (wgs84_to_bd09, bd09_to_wgs84),
    ],
)
@given(lon=lons, lat=lats)
def test_that_a_round_trip_stays_under_three_hundredths_of_a_millimetre(there, back, lon, lat):
    x, y = back(*there(lon, lat))
    assert np.hypot(x - lon, y - lat) * METRES_A_DEGREE < 0.00003


def test_that_shanghai_comes_back_within_three_hundredths_of_a_millimetre():
    lon, lat = np.meshgrid(np.linspace(120.8, 122.2, 200), np.linspace(30.6, 31.9, 200))
    for there, back in ((wgs84_to_gcj02, gcj02_to_wgs84), (wgs84_to_bd09, bd09_to_wgs84)):
        x, y = back(*there(lon, lat))
        assert np.hypot(x - lon, y - lat).max() * METRES_A_DEGREE < 0.00003


def test_that_the_shift_in_shanghai_is_what_is_measured_there():
    lon, lat = wgs84_to_gcj02(121.49, 31.24)
    east = (lon - 121.49) * METRES_A_DEGREE * np.cos(np.radians(31.24))
    north = (lat - 31.24) * METRES_A_DEGREE
    assert 472 <= np.hypot(east, north) <= 485


def test_that_tiananmen_agrees_with_the_published_pair():
    lon, lat = wgs84_to_gcj02(116.404, 39.915)
    assert (float(lon), float(lat)) == pytest.approx((116.41024449916938, 39.91640428150164))
    lon, lat = gcj02_to_bd09(116.404, 39.915)
    assert (float(lon), float(lat)) == pytest.approx((116.41036949371029, 39.92133699351021))


def test_that_points_outside_china_are_not_shifted():
    lon, lat = wgs84_to_bd09([24.94, -73.9], [60.17, 40.7])
    assert lon.tolist() == [24.94, -73.9]
    assert lat.tolist() == [60.17, 40.7]
