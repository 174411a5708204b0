"""Every workflow file is sound, and no file that is not is ever taken.

`make prove NAME=workflow`: 10^5 mutated files, each refused with its place or found sound by an
oracle of its own; random histories of legal moves, none of which leaves a case without somebody
who has the next move, and after each of which the fold agrees with itself in any order.
"""

from __future__ import annotations

import random
import tomllib
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import InvalidInput
from app.domain.fold import fold
from app.domain.rules import RuleBook, parse_rules
from app.domain.workflow import parse_workflow
from app.domain.workflow.model import walk
from tests.support.workflow_histories import History
from tests.support.workflow_mutants import mutant
from tests.support.workflow_oracle import fault_of, grown

RESOURCES = Path(__file__).parents[2] / "resources"
FILES = sorted((RESOURCES / "workflow").glob("*.toml"))
EXAMPLES = sorted((RESOURCES / "examples").glob("*/workflow*.toml"))
BATCH = 1000  # mutated files a trial
QUICK = 1
QUICK_HISTORIES = 30


def plain(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def refused_with(raw: dict[str, Any]) -> InvalidInput | None:
    try:
        parse_workflow(raw)
    except InvalidInput as error:
        return error
    return None


@pytest.mark.parametrize(
    "path", [*FILES, *EXAMPLES], ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_that_every_workflow_file_is_sound(path):
    raw = plain(path)
    workflow = parse_workflow(raw)
    assert fault_of(raw) == ""
    assert len(walk(workflow).came) == len(grown({one["name"]: one for one in raw["moves"]}))


def test_that_every_mutated_file_is_refused_or_sound(proof):
    trials = proof("workflow", full=100, quick=QUICK)
    files = [plain(path) for path in FILES]
    for trial in trials:
        rng = random.Random(trial)
        refused, faults = 0, []
        for _ in range(BATCH):
            raw = mutant(rng.choice(files), rng)
            error = refused_with(raw)
            refused += error is not None
            fault = fault_of(raw) if error is None else "" if error.field else "no place"
            if fault:
                faults.append(fault)
        trials.record(trial, refused=refused, taken=BATCH - refused, faults=faults[:3])
    assert not [row for row in trials.rows() if row["faults"]]
    assert all(0 < row["refused"] < BATCH for row in trials.rows())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_that_no_refusal_is_groundless(path):
    """What the program refuses for its ways, not for its words, the oracle refuses too."""
    raw = plain(path)
    rng = random.Random(7)
    judged = 0
    for _ in range(300):
        changed = mutant(raw, rng)
        error = refused_with(changed)
        if error is not None and ("(way:" in error.message or "reached" in error.message):
            assert fault_of(changed), error.message
            judged += 1
    assert judged > 20


@pytest.fixture(scope="module", params=FILES, ids=lambda path: path.stem)
def book(request) -> RuleBook:
    matter = {
        "code": "01", "parent": "", "name_zh": "事件", "name_en": "", "domain": "1",
        "kind": "event", "keywords": [], "lead": "fallback", "limits": {}, "urgent": False,
    }  # fmt: skip
    return parse_rules(
        {
            "format": 1,
            "matters": [matter],
            "calendar": {"zone": "Asia/Shanghai", "hours": [["09:00", "12:00"], ["13:00", "18:00"]],
                         "off": [], "made_up": [], "known_until": "2026-12-31"},
            "workflow": plain(request.param),
            "sources": {"patrol": "officer", "hotline": "hotline", "sensor": "device",
                        "110": "police"},
        }
    )  # fmt: skip


def test_that_no_history_of_legal_moves_leaves_a_case_without_a_next_actor(book, proof):
    name = book.workflow.name
    trials = proof(f"workflow_histories_{name}", full=2000, quick=QUICK_HISTORIES)
    for trial in trials:
        history = History(book, random.Random(trial))
        state = history.grown(most=60)
        forwards = fold(history.actions, lambda _: book)
        mixed = list(history.actions)
        random.Random(trial + 1).shuffle(mixed)
        trials.record(
            trial,
            left_alone=history.left_alone,
            steps=len(history.actions),
            same=forwards == state == fold(mixed, lambda _: book),
            closed=not book.workflow.step(state.step).open,
            clocks=[c.name for c in state.clocks if c.stopped_ms is None],
        )
    rows = trials.rows()
    assert not [row for row in rows if row["left_alone"] or not row["same"]]
    assert not [row for row in rows if row["closed"] and row["clocks"]]
    assert any(row["closed"] for row in rows)
    assert any(row["steps"] >= 10 for row in rows)
