"""Full counts go on where they were stopped, and never count results of other code."""

from __future__ import annotations

from pathlib import Path

from tests.support.proof import Proof


def test_that_a_stopped_count_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "kills.jsonl"
    first = Proof("kills", 5, path, "a")
    for trial in first:
        if trial == 3:
            break
        first.record(trial, lost=0)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"trial": 3, "vers')  # killed while writing
    second = Proof("kills", 5, path, "a")
    assert list(second) == [3, 4]
    assert [row["lost"] for row in second.rows()] == [0, 0, 0]


def test_that_results_of_other_code_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "kills.jsonl"
    Proof("kills", 1, path, "a").record(0, lost=0)
    assert list(Proof("kills", 1, path, "b")) == [0]


def test_that_the_quick_count_keeps_nothing() -> None:
    quick = Proof("kills", 2, None, "")
    for trial in quick:
        quick.record(trial, lost=trial)
    assert [row["lost"] for row in quick.rows()] == [0, 1]
