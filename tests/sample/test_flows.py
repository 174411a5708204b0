"""Trips and flights add up to the published day and come when people travel."""

from __future__ import annotations

import numpy as np
import pytest

from app.domain.signs import Sign
from app.sample.flows import FLOWS, daily_totals
from app.sample.sign_curves import SignCurves

DISTRICTS = ("310101", "310105", "310112", "310115", "310151")
AT_MS = 1_790_130_600_000
FLOW = {flow.code: flow for flow in FLOWS}


def _sign(code: str) -> Sign:
    return Sign(code, code, code, "traffic", "/h", 0, 1400, 1500, 1650, 1800, "gateway")


def _reading(code: str, hour: float, *, working: bool = True, seed: int = 1, **more):
    curves = SignCurves([_sign("x"), _sign(code)], "310100", DISTRICTS, seed, **more)
    batch = curves.at(AT_MS, hour, 1.0, working=working)
    return dict(zip(batch.areas, batch.value[batch.sign == 1].tolist(), strict=True))


def test_that_a_mean_day_has_the_published_rides_and_flights():
    totals = daily_totals(1.0, promised=True)
    assert totals["metro_trips"].wanted == 10_000_000
    assert totals["flights"].wanted == 2_000
    for code, total in totals.items():
        assert total.kept
        assert total.value == pytest.approx(FLOW[code].daily, rel=1e-4)


def test_that_a_smaller_city_promises_nothing_and_travels_less():
    totals = daily_totals(0.1, promised=False)
    assert totals["metro_trips"].value == pytest.approx(1_000_000)
    assert all(total.wanted is None for total in totals.values())


def test_that_a_working_day_has_two_peaks_and_a_day_off_one():
    def busy(hour: float, *, working: bool) -> float:
        return FLOW["metro_trips"].an_hour(hour, working=working)

    assert busy(8.5, working=True) > 2 * busy(12, working=True)
    assert busy(18.3, working=True) > 2 * busy(12, working=True)
    assert busy(8.5, working=False) < busy(17, working=False)


def test_that_the_metro_stands_still_at_night_and_lorries_do_not():
    assert FLOW["metro_trips"].an_hour(3, working=True) == 0
    assert 0 < FLOW["road_trips"].an_hour(3, working=True) < 120_000
    assert FLOW["flights"].an_hour(4, working=True) < 10


@pytest.mark.parametrize("code", list(FLOW))
def test_that_the_city_is_the_sum_of_its_districts(code):
    value = _reading(code, 8.5)
    assert value["310100"] == pytest.approx(sum(value[one] for one in DISTRICTS), abs=0.01)


def test_that_flights_land_where_airports_are():
    value = _reading("flights", 10)
    assert value["310101"] == value["310151"] == 0
    assert value["310115"] > 2 * value["310105"] > 0


def test_that_a_city_unlike_shanghai_spreads_trips_over_all_its_districts():
    shares = FLOW["flights"].shares(["440303", "440304"])
    assert shares.tolist() == [0.5, 0.5]


def test_that_readings_lie_near_the_hour_they_stand_for():
    flow = FLOW["metro_trips"]
    values = [_reading("metro_trips", 8.5, seed=seed)["310100"] for seed in range(20)]
    assert np.mean(values) == pytest.approx(flow.an_hour(8.5, working=True) / flow.unit, rel=0.03)


def test_that_a_city_has_as_many_trips_as_its_totals_say():
    few, many = (
        _reading("metro_trips", 8.5, daily={"metro_trips": daily})["310100"] for daily in (1e6, 1e7)
    )
    assert many == pytest.approx(10 * few, rel=1e-3)
