"""When a clock is near due and far overdue: data of a rule set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.domain.clocks.limits import MINUTE_MS, LimitUnit


@dataclass(frozen=True)
class Thresholds:
    """When a clock is near due and far overdue: data of a rule set.

    `lead` says by unit how long before its end a clock is near due (minutes for hours, days for
    days), at most `lead_percent` of the limit, rounded up; `far_percent` how much of the limit
    beyond its end is far overdue.
    """

    lead: Mapping[LimitUnit, int] = field(
        default_factory=lambda: {
            LimitUnit.URGENT_HOUR: 30, LimitUnit.URGENT_MINUTE: 30,
            LimitUnit.WORK_HOUR: 60, LimitUnit.WORK_MINUTE: 60,
            LimitUnit.WORK_DAY: 1, LimitUnit.NATURAL_DAY: 1, LimitUnit.HOTLINE_DAY: 1,
        }
    )  # fmt: skip
    lead_percent: int = 50
    far_percent: int = 100

    def near(self, unit: LimitUnit, steps: int) -> int:
        """Return what is left of `steps` (ms, or days) when they begin to be near due.

        Whole minutes or days, rounded up.
        """
        step = 1 if unit.counts_days else MINUTE_MS
        return min(self.lead.get(unit, 0), -(-steps * self.lead_percent // (100 * step))) * step

    def far(self, unit: LimitUnit, steps: int) -> int:
        """Return what was spent when `steps` are far overdue; whole minutes or days likewise."""
        step = 1 if unit.counts_days else MINUTE_MS
        return steps + -(-steps * self.far_percent // (100 * step)) * step


def parse_thresholds(raw: Mapping[str, Any]) -> Thresholds:
    """Read `{lead: {unit: n}, lead_percent, far_percent}`; raises `ValueError`."""
    usual = Thresholds()
    lead = {LimitUnit(unit): int(n) for unit, n in raw.get("lead", {}).items()}
    percents = int(raw.get("lead_percent", usual.lead_percent)), int(raw.get("far_percent", 100))
    if min((*lead.values(), *percents)) < 0 or percents[0] > 100:
        raise ValueError("thresholds are from 0 on, and lead_percent to 100")
    return Thresholds({**usual.lead, **lead}, *percents)
