"""Walks every way that a workflow allows, and refuses one on which a case could be left alone.

A node is what decides which moves are open: the step, the facts stated so far, and which clocks
run or stand still. Persons, words and times are left out: each is asked for when a move is made,
and everybody who asks can be answered by another of the same role. The walk is breadth first, so
that the way told in a refusal is a shortest one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.domain.errors import InvalidInput
from app.domain.workflow.grammar import (
    CREATE,
    MACHINE,
    SOURCE_FACT,
    SOURCE_KINDS,
    Move,
    Workflow,
)

_MOST_NODES = 20_000


@dataclass(frozen=True)
class Node:
    """A class of cases with the same open moves; `facts` are sorted pairs."""

    step: str
    facts: tuple[tuple[str, str], ...]
    running: frozenset[str]
    paused: frozenset[str] = frozenset()

    @property
    def known(self) -> Mapping[str, str]:
        """The facts as a map."""
        return dict(self.facts)


@dataclass(frozen=True)
class Walk:
    """All nodes with the move and node each was first reached by, and who follows whom."""

    came: Mapping[Node, tuple[str, Node | None]]
    follows: Mapping[Node, tuple[Node, ...]]
    taken: frozenset[str]

    def way(self, node: Node) -> str:
        """Return a shortest way to `node` as names of moves."""
        names: list[str] = []
        at: Node | None = node
        while at is not None:
            name, at = self.came[at]
            names.append(name)
        return " > ".join(reversed(names))


def check(workflow: Workflow) -> None:
    """Raise `InvalidInput` naming the place unless every way of a case leads to an end.

    Refused are a state that cannot be reached, a move that can never be made, a state where no
    person has a move or from where no end can be reached, and a clock that runs or stands still
    in a closed case or is started while it runs.
    """
    found = walk(workflow)
    _check_ends(workflow, found)
    _check_hands(workflow, found)
    _check_ways_on(workflow, found)
    reached = {node.step for node in found.came}
    for name in workflow.steps:
        if name not in reached:
            raise InvalidInput(f"states.{name} cannot be reached.", field=name)
    for move in workflow.moves.values():
        if move.name not in found.taken:
            raise InvalidInput(f"moves.{move.name} can never be made.", field=f"moves.{move.name}")


def walk(workflow: Workflow) -> Walk:
    """Return every node that a case can come to; raises `InvalidInput` if there are too many."""
    create = workflow.moves[CREATE]
    came: dict[Node, tuple[str, Node | None]] = {}
    for kind in SOURCE_KINDS:
        facts = dict(sorted({SOURCE_FACT: kind, **create.sets}.items()))
        first = Node(create.target, tuple(facts.items()), frozenset(create.starts))
        came.setdefault(first, (create.name, None))
    follows: dict[Node, tuple[Node, ...]] = {}
    taken = {create.name}
    left = deque(came)
    while left:
        node = left.popleft()
        nexts: list[Node] = []
        for move in moves_from(workflow, node):
            after = step_on(node, move)
            if after is None:
                raise InvalidInput(
                    f"moves.{move.name} starts a clock that runs already"
                    f" (way: {_way(came, node)}).",
                    field=f"moves.{move.name}",
                )
            taken.add(move.name)
            nexts.append(after)
            if after not in came:
                came[after] = (move.name, node)
                left.append(after)
        follows[node] = tuple(nexts)
        if len(came) > _MOST_NODES:
            raise InvalidInput(
                f"The workflow allows more than {_MOST_NODES} situations.", field="states"
            )
    return Walk(came, follows, frozenset(taken))


def moves_from(workflow: Workflow, node: Node) -> Iterator[Move]:
    """Walk the moves open at `node`."""
    known = node.known
    return (move for move in workflow.open_moves(node.step) if move.fits(known))


def step_on(node: Node, move: Move) -> Node | None:
    """Return the node after `move`, None if it starts a clock that runs already."""
    stopped = frozenset(move.stops)
    running, paused = node.running - stopped, node.paused - stopped
    falls = running & frozenset(move.pauses)
    wakes = paused & frozenset(move.resumes)
    running, paused = (running - falls) | wakes, (paused - wakes) | falls
    started = frozenset(move.starts)
    if started & (running | paused):
        return None
    facts = tuple(sorted({**node.known, **move.sets}.items()))
    return Node(move.target, facts, running | started, paused)


def _way(came: Mapping[Node, tuple[str, Node | None]], node: Node) -> str:
    return Walk(came, {}, frozenset()).way(node)


def _check_ends(workflow: Workflow, found: Walk) -> None:
    for node in found.came:
        left = sorted(node.running | node.paused)
        if not workflow.steps[node.step].open and left:
            raise InvalidInput(
                f"The clock {left[0]!r} never stops: the case is closed while it runs"
                f" (way: {found.way(node)}).",
                field=f"clocks.{left[0]}",
            )


def _check_hands(workflow: Workflow, found: Walk) -> None:
    for node in found.came:
        open_moves = moves_from(workflow, node)
        if workflow.steps[node.step].open and not any(map(_has_hand, open_moves)):
            raise InvalidInput(
                f"states.{node.step} is a dead end: no person has a move there"
                f" (way: {found.way(node)}).",
                field=node.step,
            )


def _check_ways_on(workflow: Workflow, found: Walk) -> None:
    before: dict[Node, list[Node]] = {}
    for node, nexts in found.follows.items():
        for after in nexts:
            before.setdefault(after, []).append(node)
    ends = [node for node in found.came if not workflow.steps[node.step].open]
    alive = set(ends)
    left = deque(ends)
    while left:
        for node in before.get(left.popleft(), ()):
            if node not in alive:
                alive.add(node)
                left.append(node)
    for node in found.came:
        if node not in alive:
            raise InvalidInput(
                f"states.{node.step} leads to no end (way: {found.way(node)}).", field=node.step
            )


def _has_hand(move: Move) -> bool:
    return any(role != MACHINE for role in move.roles)
