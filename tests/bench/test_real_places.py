"""The geocoder's figures on real places, with part of them held back."""

from __future__ import annotations

from typing import Any

import pytest

from app.assembly.benches import bench


@pytest.mark.shared_data
def test_that_the_geocoder_holds_its_shows_on_held_back_places() -> None:
    told: dict[str, Any] = dict(bench("geocode", ("--count", "1200")))
    assert told["held_back"] >= 1200
    assert told["district_by_boundary"] >= 0.98
    assert told["district_with_text"] >= 0.99
    assert told["district_with_text"] >= told["district_by_boundary"]
    assert told["name_at_rank_1"] >= 0.95
    assert told["sure_within_150_m"] >= 0.75  # an answer that calls itself unsure may be far off
    assert told["all_within_150_m"] >= 0.6
    assert told["held"]
    assert told["shows_held"]


def test_that_searching_answers_within_its_limit_on_fewer_places() -> None:
    told: dict[str, Any] = dict(bench("search", ("--places", "20000", "--queries", "40")))
    assert told["places"] == 20_000
    assert told["cpu_mean_ms"] < 50
