"""Believable readings of vital signs 示意: a day's curve, each area's own level, slow noise, and
now and then a bad hour somewhere. Trips and flights follow `flows`; there the city's value is the
sum of its districts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from app.domain.signs import Sign
from app.runtime.batches import ReadingBatch
from app.sample.chance import rng_of
from app.sample.flows import FLOWS

SOURCE = "simulated"
_MEMORY = 0.97  # of the noise, from one reading to the next
_BAD_HOURS_A_DAY = 30.0  # over the whole city
_RUSH = (8.3, 18.0)
_NOON = 13.0


def day_curve(dimension: str, hour: float) -> float:
    """Return the place in the normal band, -1 to 1, that a dimension has at local `hour`."""
    if dimension == "traffic":
        return -0.8 + 1.7 * sum(math.exp(-(((hour - rush) / 1.6) ** 2)) for rush in _RUSH)
    if dimension in ("vitality", "supply", "infrastructure"):
        return 0.8 * math.cos((hour - _NOON - 4) / 24 * 2 * math.pi)
    return 0.6 * math.cos((hour - _NOON) / 24 * 2 * math.pi)


class SignCurves:
    """Makes one batch of readings at a time, for all signs of the city and its districts.

    Args:
        signs: what is measured.
        city: code of the city; its value is the mean of its districts, or the sum of trips.
        districts: their codes.
        seed: the same seed and times give the same readings.
        daily: trips and flights of a mean day by sign, where they are not Shanghai's.
    """

    def __init__(
        self,
        signs: Sequence[Sign],
        city: str,
        districts: Sequence[str],
        seed: int,
        daily: Mapping[str, float] | None = None,
    ):
        self._signs = signs
        self._daily = daily or {}
        row = {sign.code: at for at, sign in enumerate(signs)}
        self._flows = [
            (row[flow.code], flow, flow.shares(districts or [city]))
            for flow in FLOWS
            if flow.code in row
        ]
        self._areas = (city, *districts)
        self._chance = np.random.default_rng(rng_of(seed, "signs").getrandbits(64))
        shape = (len(signs), max(len(districts), 1))
        self._level = self._chance.normal(0, 0.12, shape)
        self._noise = self._chance.normal(0, 0.1, shape)
        self._push = np.zeros(shape)
        low = np.array([one.low for one in signs])
        high = np.array([one.high for one in signs])
        self._middle, self._half = (low + high) / 2, (high - low) / 2
        self._critical = np.array([one.critical for one in signs])
        self._whole = np.array([one.unit == "count" for one in signs])

    def at(
        self, at_ms: int, hour: float, elapsed_s: float, *, working: bool = True
    ) -> ReadingBatch:
        """Return the readings at `at_ms` (Unix ms), local `hour`, `elapsed_s` after the last.

        `working` says whether the day is worked.
        """
        self._drift(elapsed_s)
        curve = np.array([day_curve(one.dimension, hour) for one in self._signs])
        place = 0.55 * curve[:, None] + self._level + self._noise
        value = self._middle[:, None] + np.clip(place, -0.95, 0.95) * self._half[:, None]
        span = (self._critical - self._middle)[:, None]
        value = value + self._push * span
        whole = value.mean(axis=1, keepdims=True)
        for sign, flow, shares in self._flows:
            total = flow.an_hour(hour, working=working, daily=self._daily.get(flow.code))
            uneven = 1 + 0.35 * self._noise[sign] + 0.4 * self._push[sign]
            value[sign] = total / flow.unit * shares * np.maximum(uneven, 0.0)
            whole[sign] = value[sign].sum()
        columns = np.concatenate([whole, value], axis=1)
        columns = columns[:, : len(self._areas)]
        columns = np.maximum(columns, 0.0)
        columns[self._whole] = np.round(columns[self._whole])
        return self._batch(columns, at_ms)

    def _drift(self, elapsed_s: float) -> None:
        fresh = self._chance.normal(0, 0.1 * math.sqrt(1 - _MEMORY**2), self._noise.shape)
        self._noise = _MEMORY * self._noise + fresh
        self._push *= math.exp(-elapsed_s / 3600)
        if self._chance.random() < _BAD_HOURS_A_DAY * elapsed_s / 86_400:
            sign = int(self._chance.integers(self._push.shape[0]))
            area = int(self._chance.integers(self._push.shape[1]))
            self._push[sign, area] = self._chance.uniform(0.6, 1.0)

    def _batch(self, columns: NDArray[np.float64], at_ms: int) -> ReadingBatch:
        signs, areas = columns.shape
        sign, area = np.meshgrid(np.arange(signs), np.arange(areas), indexing="ij")
        return ReadingBatch(
            signs=tuple(one.code for one in self._signs),
            areas=self._areas,
            sign=sign.ravel().astype(np.uint16),
            area=area.ravel().astype(np.uint16),
            value=np.round(columns.ravel(), 3),
            at_ms=np.full(columns.size, at_ms, np.int64),
            source=SOURCE,
        )
