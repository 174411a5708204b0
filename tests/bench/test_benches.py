"""Each benchmark tells ours, the limit and the ratio of one run."""

from __future__ import annotations

from typing import Any

import pytest

from app.assembly.benches import bench
from app.bench.registry import names, verdict
from app.domain.errors import InvalidInput


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("intake", ("--count", "8")), ("signs", ("--seconds", "1")), ("start", ("--count", "1"))],
)
def test_that_a_bench_runs_with_a_reduced_count(name: str, arguments: tuple[str, ...]) -> None:
    told: dict[str, Any] = dict(bench(name, arguments))
    assert told["name"] == name
    assert told["ours"] > 0
    assert told["held"] == (told["ratio"] >= 1)


def test_that_an_unknown_bench_names_those_there_are() -> None:
    with pytest.raises(InvalidInput, match="nonsense") as error:
        bench("nonsense", ())
    assert all(name in error.value.advice for name in names())


@pytest.mark.parametrize("text", ["many", "0", "-3"])
def test_that_a_count_must_be_a_whole_number(text: str) -> None:
    with pytest.raises(InvalidInput):
        bench("signs", ("--seconds", text))


def test_that_the_ratio_says_how_much_better_than_the_limit() -> None:
    assert verdict("x", 25, 50, "ms", less_is_better=True)["ratio"] == 2
    assert verdict("x", 25, 50, "a second", less_is_better=False)["ratio"] == 0.5
