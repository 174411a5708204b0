"""Places written as coordinates: which is which, in which system, and what is none."""

from __future__ import annotations

import pytest

from app.domain.addresses.coordinates import written_place
from app.domain.errors import InvalidInput


@pytest.mark.parametrize(
    "text",
    ["31.2,121.4", "121.4 31.2", "31.2，121.4", "（121.4，31.2）", "31°12′00″N 121°24′00″E",
     "北纬31度12分，东经121度24分", "lat=31.2 lon=121.4", "WGS84 121.4;31.2",
     "１２１．４，３１．２"],
)  # fmt: skip
def test_that_both_orders_and_all_ways_of_writing_mean_one_place(text: str) -> None:
    found = written_place(text)
    assert found is not None
    assert (found.lon, found.lat) == pytest.approx((121.4, 31.2))


@pytest.mark.parametrize(("text", "system"), [
    ("高德 121.4737,31.2304", "GCJ02"), ("GCJ-02: 31.2304, 121.4737", "GCJ02"),
    ("百度坐标 121.48,31.24", "BD09"),
])  # fmt: skip
def test_that_a_declared_shift_is_undone(text: str, system: str) -> None:
    found = written_place(text)
    assert found is not None
    assert found.system == system
    assert 121.468 < found.lon < 121.470
    assert 31.231 < found.lat < 31.237


@pytest.mark.parametrize("text", ["12 18", "12,18", "121.4", "汾阳路150号", "1e5,3", "1.1,2.2,3.3",
                                  "nan,nan", "", "9" * 10_000])  # fmt: skip
def test_that_other_numbers_are_no_place(text: str) -> None:
    assert written_place(text) is None


def test_that_degrees_that_do_not_exist_are_told() -> None:
    with pytest.raises(InvalidInput) as caught:
        written_place("999.1, 31.2")
    assert caught.value.field == "text"
