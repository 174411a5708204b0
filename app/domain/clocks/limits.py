"""How long a clock may run: units, amounts, two standards, classes of area."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
_LONGEST = {"hour": 1000, "minute": 60_000, "day": 1000}


class LimitUnit(StrEnum):
    """Unit of a time limit."""

    URGENT_HOUR = "urgent_hour"  # 紧急工作时: day and night, all days
    URGENT_MINUTE = "urgent_minute"
    WORK_HOUR = "work_hour"  # 工作时: inside the office's working hours
    WORK_MINUTE = "work_minute"
    WORK_DAY = "work_day"  # 工作日
    NATURAL_DAY = "natural_day"  # 自然日
    HOTLINE_DAY = "hotline_day"  # working days of the hotline's own timetable

    @property
    def counts_days(self) -> bool:
        """Tell whether whole days are counted, the day of the start excluded."""
        return self.value.endswith("_day")

    @property
    def step_ms(self) -> int:
        """Return milliseconds of one hour or minute; 1 where days are counted."""
        if self.counts_days:
            return 1
        return HOUR_MS if self.value.endswith("_hour") else MINUTE_MS


@dataclass(frozen=True)
class Limit:
    """How long a clock may run."""

    amount: int
    unit: LimitUnit

    @property
    def steps(self) -> int:
        """Return the amount as the unit is counted in: milliseconds, or days."""
        return self.amount * self.unit.step_ms


class Tier(StrEnum):
    """Which of the two standards of GB/T 30428.8 is asked."""

    THRESHOLD = "threshold"  # 门槛
    RAISED = "raised"  # 提高


@dataclass(frozen=True)
class TierLimits:
    """The limits of one clock of one matter by class of area (`""` for any) and tier."""

    by_place: Mapping[tuple[str, Tier], Limit] = field(default_factory=dict)

    def pick(self, tier: Tier = Tier.THRESHOLD, area: str = "") -> Limit:
        """Return the limit for an area class (`A`, `B`, `C`; `""` when it has none).

        What the class says comes before what holds anywhere, and where no raised standard is
        given the threshold is asked. A threshold for any area always exists.
        """
        for place in (area, ""):
            for asked in (tier, Tier.THRESHOLD):
                if (place, asked) in self.by_place:
                    return self.by_place[place, asked]
        raise ValueError("no threshold for any area")


def parse_limit(raw: Any) -> Limit:
    """Read `[amount, unit]`; raises `ValueError` for an unknown unit or an amount beyond reason."""
    amount, unit = raw
    limit = Limit(int(amount), LimitUnit(unit))
    if not 0 < limit.amount <= _LONGEST[unit.rpartition("_")[2]]:
        raise ValueError(f"a limit of {amount} {unit}")
    return limit


def parse_tiers(raw: Any) -> TierLimits:
    """Read the limits of a clock; raises `ValueError`.

    Either `[amount, unit]`, or `{threshold, raised, areas: {A: {threshold, raised}, …}}` with
    such pairs, where a raised standard in the threshold's unit is not the longer one.
    """
    if not isinstance(raw, Mapping):
        return TierLimits({("", Tier.THRESHOLD): parse_limit(raw)})
    found: dict[tuple[str, Tier], Limit] = {}
    areas = {"": {key: raw[key] for key in raw if key != "areas"}, **raw.get("areas", {})}
    for area, tiers in areas.items():
        for tier, limit in tiers.items():
            found[area, Tier(tier)] = parse_limit(limit)
    if ("", Tier.THRESHOLD) not in found:
        raise ValueError("no threshold for any area")
    limits = TierLimits(found)
    _check_raised(limits, areas)
    return limits


def _check_raised(limits: TierLimits, areas: Iterable[str]) -> None:
    for area in areas:
        base, raised = limits.pick(Tier.THRESHOLD, area), limits.pick(Tier.RAISED, area)
        if base.unit is raised.unit and raised.amount > base.amount:
            raise ValueError(f"the raised standard {raised.amount} is longer than {base.amount}")
