"""The city's metric frame against PROJ."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.geodesy import SHANGHAI, CityFrame

lons = st.floats(120.5, 122.5)
lats = st.floats(30.5, 32.0)


@pytest.fixture(scope="module")
def proj():
    return pyproj.Transformer.from_crs(
        4326,
        f"+proj=tmerc +lat_0={SHANGHAI.lat0} +lon_0={SHANGHAI.lon0} +k=1 +ellps=GRS80",
        always_xy=True,
    )


@given(lon=lons, lat=lats)
def test_that_it_agrees_with_proj_to_a_tenth_of_a_millimetre(proj, lon, lat):
    assert SHANGHAI.to_xy(lon, lat) == pytest.approx(proj.transform(lon, lat), abs=1e-4)


@given(lon=lons, lat=lats)
def test_that_it_comes_back_to_a_tenth_of_a_millimetre(lon, lat):
    back = SHANGHAI.to_lonlat(*SHANGHAI.to_xy(lon, lat))
    assert back == pytest.approx((lon, lat), abs=1e-9)


def test_that_arrays_go_through_whole():
    lon, lat = np.linspace(121, 122, 50), np.linspace(31, 31.5, 50)
    x, y = SHANGHAI.to_xy(lon, lat)
    assert x.shape == y.shape == (50,)
    assert x[7] == SHANGHAI.to_xy(float(lon[7]), float(lat[7]))[0]


def test_that_the_centre_is_the_origin():
    frame = CityFrame(113.3, 23.1)
    assert frame.to_xy(113.3, 23.1) == pytest.approx((0, 0), abs=1e-9)
