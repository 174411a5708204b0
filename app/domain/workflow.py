"""The grammar of a case's way: states, moves, who may, what is required, which clocks run.

Code knows the grammar only; the states and moves are data (`resources/workflow/*.toml`), kept
in the city's rule sets and pinned by every action.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.errors import InvalidInput

CREATE = "report"
UNDO = "undo"
ERASE = "erase"
ERASE_ROLES = ("shift_lead", "duty_leader")
_STATE_KEYS = {"zh", "en", "national", "open", "phase"}
_MOVE_KEYS = {
    "name", "zh", "en", "from", "to", "roles", "requires", "not_by", "starts", "stops", "key",
    "machine",
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One state of a case, with Shanghai's name (`zh`) and the national one."""

    name: str
    zh: str
    en: str
    national: str
    phase: str  # intake | dispatch | handling | checking | done
    open: bool


@dataclass(frozen=True)
class Move:
    """One way from some states to another."""

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
    machine: bool = False  # may the stated rules take it by themselves?
    key: str = ""  # keyboard short cut at the desk


@dataclass(frozen=True)
class Workflow:
    """A checked set of states and moves."""

    name: str
    steps: Mapping[str, Step]
    moves: Mapping[str, Move]

    def step(self, name: str) -> Step:
        """Return a state; one that only another rule set knows is open and waits for a hand."""
        return self.steps.get(name) or Step(name, name, name, "", "intake", True)

    def open_moves(self, step: str) -> tuple[Move, ...]:
        """Return the moves that start at `step`."""
        return tuple(move for move in self.moves.values() if step in move.sources)


def parse_workflow(raw: Mapping[str, Any]) -> Workflow:
    """Read and check a workflow.

    Raises `InvalidInput` naming the place for unknown keys or states, a state that cannot be
    reached, an open state without a way on, or a move that nobody may make.
    """
    name = str(raw.get("name", ""))
    steps = {key: _step(key, value) for key, value in dict(raw.get("states", {})).items()}
    moves: dict[str, Move] = {}
    for value in raw.get("moves", []):
        move = _move(value)
        if move.name in moves:
            raise InvalidInput(f"moves.{move.name} stands twice.", field=f"moves.{move.name}")
        moves[move.name] = move
    workflow = Workflow(name, steps, moves)
    _check(workflow)
    return workflow


def _step(name: str, raw: Mapping[str, Any]) -> Step:
    _no_unknown(raw, _STATE_KEYS, f"states.{name}")
    try:
        return Step(name, raw["zh"], raw["en"], raw["national"], raw["phase"], raw["open"])
    except KeyError as error:
        raise InvalidInput(f"states.{name} lacks {error}.", field=f"states.{name}") from error


def _move(raw: Mapping[str, Any]) -> Move:
    where = f"moves.{raw.get('name', '?')}"
    _no_unknown(raw, _MOVE_KEYS, where)
    try:
        return Move(
            name=raw["name"],
            zh=raw["zh"],
            en=raw["en"],
            sources=tuple(raw["from"]),
            target=raw["to"],
            roles=tuple(raw["roles"]),
            requires=tuple(raw.get("requires", ())),
            not_by=tuple(raw.get("not_by", ())),
            starts=tuple(raw.get("starts", ())),
            stops=tuple(raw.get("stops", ())),
            machine=bool(raw.get("machine", False)),
            key=raw.get("key", ""),
        )
    except KeyError as error:
        raise InvalidInput(f"{where} lacks {error}.", field=where) from error


def _no_unknown(raw: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = set(raw) - known
    if unknown:
        raise InvalidInput(f"{where} has unknown keys: {sorted(unknown)}.", field=where)


def _check(workflow: Workflow) -> None:
    if CREATE not in workflow.moves:
        raise InvalidInput(f"There is no move {CREATE!r} to begin a case.", field="moves")
    for move in workflow.moves.values():
        for state in (*move.sources, move.target):
            if state not in workflow.steps:
                raise InvalidInput(
                    f"moves.{move.name} names the unknown state {state!r}.",
                    field=f"moves.{move.name}",
                )
        if not move.roles:
            raise InvalidInput(f"Nobody may make moves.{move.name}.", field=f"moves.{move.name}")
    reached = _reached(workflow)
    for step in workflow.steps.values():
        if step.name not in reached:
            raise InvalidInput(f"states.{step.name} cannot be reached.", field=step.name)
        if step.open and not workflow.open_moves(step.name):
            raise InvalidInput(f"states.{step.name} is a dead end.", field=step.name)


def _reached(workflow: Workflow) -> set[str]:
    reached = {workflow.moves[CREATE].target}
    frontier = list(reached)
    while frontier:
        for move in workflow.open_moves(frontier.pop()):
            if move.target not in reached:
                reached.add(move.target)
                frontier.append(move.target)
    return reached
