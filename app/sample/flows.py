"""Trips and flights of a city by hour and kind of day 示意: what the signs of traffic follow.

The totals of a mean day (five working days and two days off) are Shanghai's: more than 10 million
rides on the metro and more than 2,000 flights (the article in the project's notes, end of 2020);
buses and vehicles are estimates of ours. The shape of the days is ours as well: two sharp peaks
on working days, one broad afternoon on days off, no metro from half past midnight to five, hardly
a flight before six.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.sample.tables import Total

Floats = NDArray[np.float64]

AS_OF: Final = "2020-12-31"
_WORK: Final = (
    (6, 1, 0, 0, 0, 6, 38, 104, 128, 76, 47, 43, 44, 43, 43, 47, 61, 98, 118, 73, 47, 40, 32, 15),
    (5, 2, 1, 1, 4, 24, 58, 98, 106, 70, 52, 49, 50, 48, 48, 54, 68, 90, 84, 52, 35, 26, 19, 11),
    (17, 11, 8, 7, 9, 18, 36, 64, 72, 62, 57, 54, 50, 53, 55, 57, 62, 70, 71, 56, 46, 40, 32, 24),
    (16, 9, 5, 3, 3, 7, 34, 62, 63, 58, 55, 56, 57, 56, 57, 58, 57, 56, 54, 55, 54, 50, 43, 32),
)
_OFF: Final = (
    (9, 1, 0, 0, 0, 4, 15, 31, 47, 59, 66, 67, 66, 70, 74, 75, 76, 78, 73, 60, 53, 46, 39, 18),
    (6, 2, 1, 1, 3, 16, 34, 53, 63, 67, 66, 62, 60, 61, 63, 65, 67, 66, 60, 47, 37, 29, 22, 13),
    (22, 15, 11, 9, 9, 13, 23, 38, 50, 57, 61, 61, 57, 60, 63, 65, 67, 68, 64, 57, 51, 45, 37, 29),
    (16, 9, 5, 3, 3, 7, 34, 62, 63, 58, 55, 56, 57, 56, 57, 58, 57, 56, 54, 55, 54, 50, 43, 32),
)
# A district's share of rides and vehicles, in per mille, about as many people are there by day.
_BUSY: Final = {
    "310101": 92, "310104": 86, "310105": 58, "310106": 92, "310107": 56, "310109": 48,
    "310110": 58, "310112": 100, "310113": 60, "310114": 54, "310115": 200, "310116": 12,
    "310117": 44, "310118": 22, "310120": 14, "310151": 4,
}  # fmt: skip
_AIRPORTS: Final = {"310115": 640, "310105": 180, "310112": 180}
_OFF_SHARE: Final = 2 / 7


@dataclass(frozen=True)
class Flow:
    """One kind of trips.

    Attributes:
        code: of the sign and of the total.
        daily: how many on a mean day; promised: whether that figure is published.
        off: how many on a day off, as a share of those on a working day.
        unit: how many make one of the sign's unit.
        work, free: weight of each hour, shape (24,).
        where: weights of districts by code.
    """

    code: str
    daily: float
    promised: bool
    off: float
    unit: float
    work: tuple[int, ...]
    free: tuple[int, ...]
    where: Mapping[str, int]

    def an_hour(self, hour: float, *, working: bool, daily: float | None = None) -> float:
        """Return how many an hour there are in the city at local `hour`, 0 to 24, in one's.

        `daily` is the total of a mean day, this flow's own by default.
        """
        weights = np.array(self.work if working else self.free, dtype=float)
        middle = np.arange(-1, 25) + 0.5
        around = np.concatenate([weights[-1:], weights, weights[:1]])
        share = float(np.interp(hour % 24, middle, around)) / float(weights.sum())
        on_work = (self.daily if daily is None else daily) / (1 - _OFF_SHARE * (1 - self.off))
        return on_work * (1.0 if working else self.off) * share

    def shares(self, districts: Sequence[str]) -> Floats:
        """Return each district's share, shape (n,), sum 1; alike where none is known."""
        weight = np.array([float(self.where.get(code, 0)) for code in districts])
        if not weight.sum():
            weight = np.ones(len(districts))
        return weight / max(float(weight.sum()), 1e-9)


FLOWS: Final = tuple(
    Flow(code, daily, promised, off, unit, work, free, where)
    for (code, daily, promised, off, unit, where), work, free in zip(
        (
            ("metro_trips", 10_000_000.0, True, 0.78, 1_000.0, _BUSY),
            ("bus_trips", 4_000_000.0, False, 0.82, 1_000.0, _BUSY),
            ("road_trips", 12_000_000.0, False, 0.90, 1_000.0, _BUSY),
            ("flights", 2_000.0, True, 1.0, 1.0, _AIRPORTS),
        ),
        _WORK,
        _OFF,
        strict=True,
    )
)


def daily_totals(share: float, *, promised: bool) -> dict[str, Total]:
    """Return the totals of a mean day, added up minute by minute from the hours.

    `share` is the city's size against Shanghai's; with `promised` they are held against what is
    published.
    """
    return {
        flow.code: Total(
            round(_mean_day(flow, flow.daily * share)),
            flow.daily if promised and flow.promised else None,
            "a day",
            AS_OF,
        )
        for flow in FLOWS
    }


def _mean_day(flow: Flow, daily: float) -> float:
    minutes = (np.arange(24 * 60) + 0.5) / 60
    work, off = (
        sum(flow.an_hour(hour, working=working, daily=daily) for hour in minutes.tolist()) / 60
        for working in (True, False)
    )
    return work * (1 - _OFF_SHARE) + off * _OFF_SHARE
