"""Vital signs 体征指标 of a city: what is measured, and when it is no longer well."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.domain.errors import InvalidInput

DIMENSIONS = ("infrastructure", "environment", "traffic", "supply", "safety", "vitality")
STATES = ("normal", "attention", "bad", "critical")
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Sign:
    """One vital sign.

    `low` to `high` is the normal band in `unit`. From `attention` over `bad` to `critical` it
    gets worse; whether by rising or by falling follows from their order.
    """

    code: str
    name_zh: str
    name_en: str
    dimension: str
    unit: str
    low: float
    high: float
    attention: float
    bad: float
    critical: float
    source: str

    @property
    def rises(self) -> bool:
        """Whether more is worse."""
        return self.critical > self.attention

    def judge(self, value: float) -> str:
        """Return the state of `value`; `unknown` if it is missing (NaN), never normal."""
        if math.isnan(value):
            return UNKNOWN
        way = 1 if self.rises else -1
        limits = (self.attention, self.bad, self.critical)
        return STATES[sum(way * value >= way * limit for limit in limits)]

    def badness(self, value: float) -> float:
        """Return how bad `value` is, to compare areas: 0 in the middle of the band, 1 critical.

        -1 if it is missing.
        """
        if math.isnan(value):
            return -1.0
        middle = (self.low + self.high) / 2
        return (value - middle) / (self.critical - middle)


def parse_signs(rows: Iterable[Mapping[str, str]]) -> tuple[Sign, ...]:
    """Read and check the table of signs; raises `InvalidInput` naming code and column."""
    signs = tuple(_sign(row) for row in rows)
    codes = [sign.code for sign in signs]
    for code in codes:
        if codes.count(code) > 1:
            raise InvalidInput(f"The sign {code} stands twice.", field="code")
    return signs


def _sign(row: Mapping[str, str]) -> Sign:
    code = row.get("code", "")
    numbers = {}
    for name in ("low", "high", "attention", "bad", "critical"):
        try:
            numbers[name] = float(row[name])
        except (KeyError, ValueError) as error:
            raise InvalidInput(f"The sign {code!r} has no number in {name}.", field=name) from error
    if row.get("dimension") not in DIMENSIONS:
        raise InvalidInput(
            f"The sign {code!r} has no dimension.",
            advice=f"One of: {', '.join(DIMENSIONS)}.",
            field="dimension",
        )
    texts = {k: row[k] for k in ("name_zh", "name_en", "dimension", "unit", "source")}
    sign = Sign(code, **texts, **numbers)  # type: ignore[arg-type]  # both maps have fixed keys
    _check_order(sign)
    return sign


def _check_order(sign: Sign) -> None:
    limits = (sign.attention, sign.bad, sign.critical)
    ordered = sorted(limits, reverse=not sign.rises)
    edge_held = sign.attention >= sign.high if sign.rises else sign.attention <= sign.low
    if list(limits) != ordered or sign.low >= sign.high or not edge_held:
        raise InvalidInput(
            f"The limits of {sign.code!r} must lie outside low to high and in order.",
            field="attention",
        )
