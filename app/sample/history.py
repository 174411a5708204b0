"""Three months of closed cases for the sample city 示意, by believable frequency and hour."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow as pa

from app.data.bulk_cases import SCHEMA
from app.domain.matters import Matter
from app.domain.people import Duty
from app.domain.rules import RuleBook
from app.sample.chance import rng_of, uid_of
from app.sample.records import Rolls, shift_of
from app.sample.sayings import leaf_weights, say
from app.sample.spots import Spot

DAYS = 92
HOUR_MS = 3_600_000
# Reports by hour of the day, 0 to 23: two peaks, a long evening, a quiet night.
HOURS = (2, 1, 1, 1, 1, 2, 5, 9, 14, 18, 17, 13, 9, 11, 15, 16, 14, 11, 9, 9, 8, 6, 4, 3)
SOURCES = ("hotline", "supervisor", "app", "video", "patrol")
_SOURCE_WEIGHTS = (38, 34, 14, 6, 8)
_WEEKEND = 0.62
_AUTO = 0.35
_RETURNED = 0.04
_REWORKED = 0.03
_LONGEST_H = 20 * 24
_AT_ONCE = 5_000
_FIRST_NUMBER = 50_000  # numbers below are given by the city itself


class WhoAnswers:
    """Finds the post of a trade at a place by the same order as the rules: street, district."""

    def __init__(self, rolls: Rolls) -> None:
        self._duties: dict[tuple[UUID, str], Duty] = {(d.area, d.kind): d for d in rolls.duties}

    def at(self, spot: Spot, lead: str, local: time) -> tuple[UUID, UUID]:
        """Return the unit and the person."""
        shift = shift_of(local).code
        keys = [
            (area, kind) for kind in (lead, "fallback") for area in (spot.street, spot.district)
        ]
        duty = next(self._duties[key] for key in keys if key in self._duties)
        return duty.unit, duty.person_by_shift[shift]


@dataclass(frozen=True)
class _Draw:
    """What every case is drawn from."""

    who: WhoAnswers
    chance: random.Random
    zone: ZoneInfo
    seed: int
    now_ms: int


def past_cases(
    count: int, spots: Sequence[Spot], rules: RuleBook, rolls: Rolls, seed: int, now_ms: int
) -> Iterator[pa.RecordBatch]:
    """Yield `count` closed cases in batches of `bulk_cases.SCHEMA`, in order of report.

    They were reported in the `DAYS` days before the day of `now_ms` (Unix ms). The same
    arguments give the same cases.
    """
    chance = rng_of(seed, "history")
    draw = _Draw(WhoAnswers(rolls), chance, ZoneInfo(rules.calendar.zone), seed, now_ms)
    leaves, weights = leaf_weights(rules.matters)
    numbers: Counter[str] = Counter()
    times = sorted(_times(count, chance, now_ms, draw.zone))
    matters = chance.choices(leaves, weights, k=count)
    rows: list[dict[str, Any]] = []
    for index, (reported_ms, matter) in enumerate(zip(times, matters, strict=True)):
        spot = spots[chance.randrange(len(spots))]
        rows.append(_row(index, reported_ms, spot, matter, draw, numbers))
        if len(rows) == _AT_ONCE or index == count - 1:
            yield pa.RecordBatch.from_pylist(rows, schema=SCHEMA)
            rows.clear()


def _times(count: int, chance: random.Random, now_ms: int, zone: ZoneInfo) -> Iterator[int]:
    today = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone).date()
    days = [today - timedelta(days=back) for back in range(DAYS, 0, -1)]
    weights = [_WEEKEND if day.weekday() >= 5 else 1.0 for day in days]
    starts = {day: int(datetime.combine(day, time(), zone).timestamp() * 1000) for day in days}
    drawn = chance.choices(days, weights, k=count)
    hours = chance.choices(range(24), HOURS, k=count)
    for day, hour in zip(drawn, hours, strict=True):
        yield starts[day] + hour * HOUR_MS + chance.randrange(HOUR_MS)


def _row(
    index: int, reported_ms: int, spot: Spot, matter: Matter, draw: _Draw, numbers: Counter[str]
) -> dict[str, Any]:
    chance = draw.chance
    local = datetime.fromtimestamp(reported_ms / 1000, UTC).astimezone(draw.zone)
    prefix = f"{spot.district_code}-{local:%Y%m%d}"
    numbers[prefix] += 1
    unit, person = draw.who.at(spot, matter.lead, local.time())
    took_ms = int(min(chance.lognormvariate(2.2, 0.9), _LONGEST_H) * HOUR_MS)
    late_ms = reported_ms + int((draw.now_ms - reported_ms) * chance.uniform(0.3, 1.0))
    closed_ms = min(reported_ms + took_ms, late_ms)
    return {
        "uid": uid_of(draw.seed, "case", str(index), ms=reported_ms).bytes,
        "receipt": f"{local:%Y%m%d}-hist-{index:06d}",
        "number": f"{prefix}-{_FIRST_NUMBER + numbers[prefix]:05d}",
        "step": "closed",
        "matter": matter.code,
        "matter_name": matter.name_zh,
        "lon": round(spot.lon, 7),
        "lat": round(spot.lat, 7),
        "grid": spot.grid.bytes,
        "grid_code": spot.grid_code,
        "street": spot.street.bytes,
        "district": spot.district.bytes,
        "unit": unit.bytes,
        "person": person.bytes,
        "source": chance.choices(SOURCES, _SOURCE_WEIGHTS)[0],
        "reported_ms": reported_ms,
        "closed_ms": closed_ms,
        "returned": int(chance.random() < _RETURNED),
        "reworked": int(chance.random() < _REWORKED),
        "auto": chance.random() < _AUTO,
        "urgent": matter.urgent,
        "sample": True,
        "words": say(matter, spot.address, chance),
        "address": spot.address,
    }
