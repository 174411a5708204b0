"""The grammar of a case's way: states, moves, who may, what is required, which clocks run.

Code knows the grammar only; the states and moves are data (`resources/workflow/*.toml`), kept
in the city's rule sets and pinned by every action.
"""

from __future__ import annotations

from app.domain.workflow.grammar import (
    CREATE,
    ERASE,
    ERASE_ROLES,
    SOURCE_KINDS,
    UNDO,
    Chain,
    ClockKind,
    Fact,
    Move,
    Step,
    TaskRule,
    Workflow,
)
from app.domain.workflow.parsing import parse_workflow

__all__ = [
    "CREATE",
    "ERASE",
    "ERASE_ROLES",
    "SOURCE_KINDS",
    "UNDO",
    "Chain",
    "ClockKind",
    "Fact",
    "Move",
    "Step",
    "TaskRule",
    "Workflow",
    "parse_workflow",
]
