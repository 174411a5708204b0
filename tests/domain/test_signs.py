"""A sign is judged by its own limits, whichever way it gets worse."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from app.domain.errors import InvalidInput
from app.domain.signs import DIMENSIONS, parse_signs

TABLE = Path(__file__).resolve().parents[2] / "resources" / "signs.csv"
ROW = {
    "code": "x", "name_zh": "甲", "name_en": "X", "dimension": "safety", "unit": "m",
    "low": "0", "high": "1", "attention": "2", "bad": "3", "critical": "4", "source": "s",
}  # fmt: skip


def test_that_the_table_of_signs_covers_all_six_dimensions() -> None:
    with TABLE.open(encoding="utf-8", newline="") as file:
        signs = parse_signs(csv.DictReader(file))
    assert {sign.dimension for sign in signs} == set(DIMENSIONS)
    assert len(signs) >= 30


@pytest.mark.parametrize(
    ("value", "state"),
    [(0.5, "normal"), (2, "attention"), (3.5, "bad"), (4, "critical"), (math.nan, "unknown")],
)
def test_that_a_rising_sign_gets_worse_by_rising(value: float, state: str) -> None:
    assert parse_signs([ROW])[0].judge(value) == state


@pytest.mark.parametrize(("value", "state"), [(0.5, "normal"), (-1, "attention"), (-9, "critical")])
def test_that_a_falling_sign_gets_worse_by_falling(value: float, state: str) -> None:
    falling = parse_signs([{**ROW, "attention": "-1", "bad": "-2", "critical": "-3"}])[0]
    assert falling.judge(value) == state
    assert falling.badness(-3) == 1


@pytest.mark.parametrize(
    "change",
    [{"bad": "x"}, {"dimension": "mood"}, {"bad": "9"}, {"attention": "0.5"}, {"low": "2"}],
)
def test_that_a_table_that_contradicts_itself_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        parse_signs([{**ROW, **change}])


def test_that_a_code_stands_once() -> None:
    with pytest.raises(InvalidInput, match="twice"):
        parse_signs([ROW, ROW])
