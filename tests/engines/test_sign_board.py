"""The board judges each reading, keeps its age and names the worst area."""

from __future__ import annotations

import math

import numpy as np

from app.domain.signs import parse_signs
from app.engines.sign_board import HISTORY, SignBoard
from app.runtime.batches import ReadingBatch

SIGNS = parse_signs(
    [
        {
            "code": "pm25", "name_zh": "甲", "name_en": "PM", "dimension": "environment",
            "unit": "µg", "low": "0", "high": "50", "attention": "75", "bad": "115",
            "critical": "150", "source": "sensor",
        }
    ]
)  # fmt: skip
AREAS = ("310000", "310104", "310115")


def board() -> SignBoard:
    return SignBoard(SIGNS, "310000", {"310104": "徐汇区", "310115": "浦东新区"})


def batch(values: list[float], at_ms: int = 1000, code: str = "pm25") -> ReadingBatch:
    n = len(values)
    return ReadingBatch(
        (code,), AREAS, np.zeros(n, "u2"), np.arange(n, dtype="u2"), np.array(values),
        np.full(n, at_ms, "i8"), "sensor",
    )  # fmt: skip


def test_that_a_reading_becomes_a_judged_row_with_age_and_source() -> None:
    city, xuhui, _ = board().take([batch([30, 80, 20])])
    assert (city.state, city.at_ms, city.source) == ("normal", 1000, "sensor")
    assert (xuhui.area, xuhui.state) == ("310104", "attention")


def test_that_the_city_names_its_worst_area() -> None:
    assert board().take([batch([30, 80, 20])])[0].worst_area == "徐汇区"
    assert board().take([batch([30])])[0].worst_area == ""


def test_that_a_missing_value_is_unknown_and_never_the_worst() -> None:
    city, xuhui, _ = board().take([batch([30, math.nan, 20])])
    assert xuhui.state == "unknown"
    assert city.worst_area == "浦东新区"


def test_that_only_what_changed_is_told() -> None:
    one = board()
    one.take([batch([1, 2, 3])])
    assert [row.area for row in one.take([batch([9], 2000)])] == ["310000"]
    assert len(one.rows()) == 3


def test_that_a_late_reading_is_not_shown() -> None:
    one = board()
    one.take([batch([1], 5000)])
    assert one.take([batch([2], 4000)]) == ()
    assert one.rows()[0].value == 1


def test_that_the_history_is_short_and_oldest_first() -> None:
    one = board()
    rows = one.take([batch([float(i)], i) for i in range(HISTORY + 5)])
    assert rows[0].history == tuple(float(i) for i in range(5, HISTORY + 5))


def test_that_an_unknown_sign_is_left_out() -> None:
    assert board().take([batch([1], code="mood")]) == ()
