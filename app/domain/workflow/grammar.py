"""What a workflow can say: values, checked by `parsing` and `model`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.people import Role

CREATE = "report"
UNDO = "undo"
ERASE = "erase"
ERASE_ROLES = ("shift_lead", "duty_leader")
APPROVE = "approve"
DECLINE = "decline"
WITHDRAW = "withdraw"
TASK_MOVES = ("task_give", "task_sign", "task_done", "task_return", "task_cancel")
MERGE = "merge"
UNMERGE = "unmerge"
CONFIRM = "still_same"
REPLY = "reply"
MERGES = (MERGE, UNMERGE, CONFIRM)
RESERVED = (UNDO, ERASE, APPROVE, DECLINE, WITHDRAW, *TASK_MOVES, *MERGES, REPLY)

PHASES = ("intake", "dispatch", "handling", "checking", "done")
ROLES = tuple(role.value for role in Role)
MACHINE = Role.MACHINE.value
REQUIRABLE = (
    "place", "words", "matter", "unit", "post", "person", "reason", "note", "photo", "two_photos",
    "wake", "amount", "condition", "document",
)  # fmt: skip
NEEDS = ("tasks_done", "woken")
EFFECTS = (
    "file", "dispatch", "sign", "handle", "return", "rework", "reject", "void", "delay", "suspend",
    "wake", "recall", "dispute", "fix", "penalty", "transfer_police", "recheck",
)  # fmt: skip
NEVER_BY_MACHINE = frozenset({"reject", "void", "suspend", "penalty", "transfer_police"})
SOURCE_FACT = "source"
SOURCE_KINDS = ("officer", "citizen", "hotline", "device", "police")


@dataclass(frozen=True)
class Step:
    """One state of a case, with Shanghai's name (`zh`) and the national one."""

    name: str
    zh: str
    en: str
    national: str
    phase: str  # one of PHASES
    open: bool


@dataclass(frozen=True)
class ClockKind:
    """A time limit 时限 that moves start and stop; how long it runs is the matter's to say."""

    name: str
    zh: str
    en: str


@dataclass(frozen=True)
class Fact:
    """Something found out about a case that decides its way, such as 存量 or 在建."""

    name: str
    zh: str
    en: str
    values: Mapping[str, tuple[str, str]]  # value to (zh, en)


@dataclass(frozen=True)
class Chain:
    """Who grants a move that must be asked for, step by step.

    Each step is granted by one person in one of its roles; nobody grants twice, and who asked
    never grants.
    """

    move: str
    grade: str
    zh: str
    en: str
    steps: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class TaskRule:
    """Where co-handling units 协办 may be given a task of their own, by whom, on which clock."""

    states: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    clock: str = ""


@dataclass(frozen=True)
class Move:
    """One way from some states to another.

    `when` opens it only for cases that one of its tables fits, each of which names values of
    facts; `sets` states a fact.
    `starts`, `stops`, `pauses`, `resumes` and `extends` name clocks. With `approval` the move is
    asked for first and takes place when its chain has granted it. `needs` are conditions on the
    case itself: `tasks_done` (every co-handler reported) and `woken` (the wake-up date came).
    """

    name: str
    zh: str
    en: str
    sources: tuple[str, ...]
    target: str
    roles: tuple[str, ...]
    requires: tuple[str, ...] = ()
    not_by: tuple[str, ...] = ()  # who of the case may not: `handler` (处核分离)
    starts: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    pauses: tuple[str, ...] = ()
    resumes: tuple[str, ...] = ()
    extends: tuple[str, ...] = ()
    when: tuple[Mapping[str, tuple[str, ...]], ...] = ()
    sets: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    effect: str = ""
    approval: bool = False
    machine: bool = False  # may the stated rules take it by themselves?
    key: str = ""  # keyboard short cut at the desk

    def fits(self, facts: Mapping[str, str]) -> bool:
        """Tell whether what is known of a case opens this move; an unknown fact opens none."""
        return not self.when or any(
            all(facts.get(fact) in values for fact, values in one.items()) for one in self.when
        )


@dataclass(frozen=True)
class Workflow:
    """A checked set of states and moves."""

    name: str
    steps: Mapping[str, Step]
    moves: Mapping[str, Move]
    clocks: Mapping[str, ClockKind] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    chains: tuple[Chain, ...] = ()
    tasks: TaskRule = TaskRule()
    zh: str = ""
    en: str = ""

    def step(self, name: str) -> Step:
        """Return a state; one that only another rule set knows is open and waits for a hand."""
        return self.steps.get(name) or Step(name, name, name, "", "intake", True)

    def open_moves(self, step: str) -> tuple[Move, ...]:
        """Return the moves that start at `step`."""
        return tuple(move for move in self.moves.values() if step in move.sources)

    def chains_of(self, move: str) -> tuple[Chain, ...]:
        """Return the chains that may grant `move`, in the file's order."""
        return tuple(chain for chain in self.chains if chain.move == move)

    def chain(self, move: str, grade: str) -> Chain | None:
        """Return the chain of that grade, None if the workflow has none."""
        return next((one for one in self.chains_of(move) if one.grade == grade), None)

    def may_approve(self, move: str, role: str) -> bool:
        """Tell whether `role` stands in any chain of `move`."""
        return any(role in step for chain in self.chains_of(move) for step in chain.steps)
