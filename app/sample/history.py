"""Three months of closed cases for the sample city 示意, by believable frequency and hour."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.matters import Matter
from app.domain.people import Duty
from app.domain.rules import RuleBook
from app.sample.chance import rng_of, uid_of
from app.sample.records import Rolls, shift_of
from app.sample.sayings import leaf_weights, say
from app.sample.spots import Spot
from app.services.changes import CaseRow

DAYS = 92
HOUR_MS = 3_600_000
# Reports by hour of the day, 0 to 23: two peaks, a long evening, a quiet night.
HOURS = (2, 1, 1, 1, 1, 2, 5, 9, 14, 18, 17, 13, 9, 11, 15, 16, 14, 11, 9, 9, 8, 6, 4, 3)
SOURCES = ("hotline", "supervisor", "app", "camera", "patrol")
_SOURCE_WEIGHTS = (38, 34, 14, 6, 8)
_WEEKEND = 0.62
_AUTO = 0.35
_RETURNED = 0.04
_REWORKED = 0.03


@dataclass(frozen=True)
class PastCase:
    """A closed case as it goes in by bulk: its row, and the words kept in the vault."""

    row: CaseRow
    words: str
    address: str


class WhoAnswers:
    """Finds the post of a trade at a place by the same order as the rules: street, district."""

    def __init__(self, rolls: Rolls) -> None:
        self._duties: dict[tuple[UUID, str], Duty] = {(d.area, d.kind): d for d in rolls.duties}
        self._units: Mapping[UUID, str] = {one.uid: one.name for one in rolls.units}
        self._persons: Mapping[UUID, str] = {one.uid: one.name for one in rolls.persons}

    def at(self, spot: Spot, lead: str, local: time) -> tuple[UUID, str, UUID, str]:
        """Return unit, its name, person, their name."""
        shift = shift_of(local).code
        keys = [
            (area, kind) for kind in (lead, "fallback") for area in (spot.street, spot.district)
        ]
        duty = next(self._duties[key] for key in keys if key in self._duties)
        person = duty.person_by_shift[shift]
        return duty.unit, self._units[duty.unit], person, self._persons[person]


def past_cases(
    count: int, spots: Sequence[Spot], rules: RuleBook, rolls: Rolls, seed: int, now_ms: int
) -> Iterator[PastCase]:
    """Yield `count` closed cases reported in the `DAYS` days before the day of `now_ms`.

    In order of report. The same arguments give the same cases.
    """
    chance = rng_of(seed, "history")
    zone = ZoneInfo(rules.calendar.zone)
    who = WhoAnswers(rolls)
    leaves, weights = leaf_weights(rules.matters)
    numbers: Counter[str] = Counter()
    times = sorted(_times(count, chance, now_ms, zone))
    matters = chance.choices(leaves, weights, k=count)
    for index, (reported_ms, matter) in enumerate(zip(times, matters, strict=True)):
        spot = spots[chance.randrange(len(spots))]
        local = datetime.fromtimestamp(reported_ms / 1000, UTC).astimezone(zone)
        prefix = f"{spot.district_code}-{local:%Y%m%d}"
        numbers[prefix] += 1
        words = say(matter, spot.address, chance)
        row = _row(index, seed, reported_ms, local, spot, matter, words, who, chance, now_ms)
        row = _numbered(row, f"{prefix}-{numbers[prefix]:05d}", f"{local:%Y%m%d}-hist-{index:06d}")
        yield PastCase(row, words, spot.address)


def _times(count: int, chance: random.Random, now_ms: int, zone: ZoneInfo) -> Iterator[int]:
    today = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone).date()
    days = [today - timedelta(days=back) for back in range(DAYS, 0, -1)]
    weights = [_WEEKEND if day.weekday() >= 5 else 1.0 for day in days]
    starts = {day: int(datetime.combine(day, time(), zone).timestamp() * 1000) for day in days}
    drawn = chance.choices(days, weights, k=count)
    hours = chance.choices(range(24), HOURS, k=count)
    for day, hour in zip(drawn, hours, strict=True):
        yield starts[day] + hour * HOUR_MS + chance.randrange(HOUR_MS)


def _numbered(row: CaseRow, number: str, receipt: str) -> CaseRow:
    from dataclasses import replace

    return replace(row, number=number, receipt=receipt)


def _row(
    index: int,
    seed: int,
    reported_ms: int,
    local: datetime,
    spot: Spot,
    matter: Matter,
    words: str,
    who: WhoAnswers,
    chance: random.Random,
    now_ms: int,
) -> CaseRow:
    unit, unit_name, person, person_name = who.at(spot, matter.lead, local.time())
    took_ms = int(min(chance.lognormvariate(2.2, 0.9), 20 * 24) * HOUR_MS)
    closed_ms = min(reported_ms + took_ms, now_ms - chance.randrange(HOUR_MS))
    return CaseRow(
        uid=uid_of(seed, "case", str(index), ms=reported_ms),
        receipt="",
        number="",
        step="closed",
        matter=matter.code,
        matter_name=matter.name_zh,
        title=words[:40],
        address=spot.address,
        lon=round(spot.lon, 7),
        lat=round(spot.lat, 7),
        grid=spot.grid,
        grid_code=spot.grid_code,
        street=spot.street,
        district=spot.district,
        unit=unit,
        unit_name=unit_name,
        person=person,
        person_name=person_name,
        source=chance.choices(SOURCES, _SOURCE_WEIGHTS)[0],
        reported_ms=reported_ms,
        due_ms=None,
        due_clock="",
        returned=int(chance.random() < _RETURNED),
        reworked=int(chance.random() < _REWORKED),
        auto=chance.random() < _AUTO,
        urgent=matter.urgent,
        is_open=False,
        changed_ms=closed_ms,
        closed_ms=closed_ms,
        sample=True,
    )
