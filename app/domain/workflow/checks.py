"""Refuses a workflow whose names are unknown, or that lets do what nobody may; names the place."""

from __future__ import annotations

from collections.abc import Collection

from app.domain.errors import InvalidInput
from app.domain.workflow.grammar import (
    CREATE,
    EFFECTS,
    MACHINE,
    NEEDS,
    NEVER_BY_MACHINE,
    REQUIRABLE,
    RESERVED,
    ROLES,
    SOURCE_FACT,
    SOURCE_KINDS,
    Chain,
    Move,
    Workflow,
)

_BARRED = ("handler",)
_CLOCK_FIELDS = ("starts", "stops", "pauses", "resumes", "extends")


def check(workflow: Workflow) -> None:
    """Refuse names that the grammar or the file itself does not know."""
    if CREATE not in workflow.moves:
        raise InvalidInput(f"There is no move {CREATE!r} to begin a case.", field="moves")
    if SOURCE_FACT in workflow.facts:
        raise InvalidInput(
            f"facts.{SOURCE_FACT} is given by how a case came in.", field=f"facts.{SOURCE_FACT}"
        )
    for move in workflow.moves.values():
        _check_move(move, workflow)
    for number, chain in enumerate(workflow.chains):
        _check_chain(chain, f"chains.{number + 1}", workflow)
    _check_tasks(workflow)


def _check_move(move: Move, workflow: Workflow) -> None:
    where = f"moves.{move.name}"
    if move.name in RESERVED:
        raise InvalidInput(f"{where} has a name that the program keeps for itself.", field=where)
    if move.name == CREATE:
        _check_create(move)
    elif not move.sources:
        raise InvalidInput(f"{where} starts nowhere.", field=where)
    for state in (*move.sources, move.target):
        if state not in workflow.steps:
            raise InvalidInput(f"{where} names the unknown state {state!r}.", field=where)
    if not move.roles:
        raise InvalidInput(f"Nobody may make {where}.", field=where)
    _known(move.roles, ROLES, "role", where)
    _known(move.requires, REQUIRABLE, "requirement", where)
    _known(move.not_by, _BARRED, "person of the case", where)
    _known(move.needs, NEEDS, "need", where)
    if move.effect:
        _known((move.effect,), EFFECTS, "effect", where)
    for field in _CLOCK_FIELDS:
        _known(getattr(move, field), workflow.clocks, "clock", where)
    _check_facts(move, where, workflow)
    _check_machine(move, where)
    if move.approval and not workflow.chains_of(move.name):
        raise InvalidInput(f"{where} must be asked for, but no chain grants it.", field=where)


def _check_facts(move: Move, where: str, workflow: Workflow) -> None:
    for fact, values in (pair for one in move.when for pair in one.items()):
        if fact == SOURCE_FACT:
            _known(values, SOURCE_KINDS, "kind of source", where)
        else:
            _known((fact,), workflow.facts, "fact", where)
            _known(values, workflow.facts[fact].values, f"value of {fact}", where)
        if not values:
            raise InvalidInput(f"when of {where} leaves no value of {fact} open.", field=where)
    for fact, one in move.sets.items():
        _known((fact,), workflow.facts, "fact", where)
        _known((one,), workflow.facts[fact].values, f"value of {fact}", where)


def _check_create(move: Move) -> None:
    if move.sources or move.approval or move.when or move.needs or move.not_by:
        raise InvalidInput(
            "moves.report begins a case: it comes from nowhere and asks nobody.",
            field="moves.report",
        )


def _check_machine(move: Move, where: str) -> None:
    by_machine = move.machine or MACHINE in move.roles
    if by_machine and (move.effect in NEVER_BY_MACHINE or move.approval):
        raise InvalidInput(f"{where} is never the machine's to make.", field=where)
    if move.machine != (MACHINE in move.roles):
        raise InvalidInput(f"machine and roles of {where} say different things.", field=where)


def _check_chain(chain: Chain, where: str, workflow: Workflow) -> None:
    move = workflow.moves.get(chain.move)
    if move is None or not move.approval:
        raise InvalidInput(f"{where} grants {chain.move!r}, which nobody asks for.", field=where)
    if sum(one.grade == chain.grade for one in workflow.chains_of(chain.move)) > 1:
        raise InvalidInput(f"{where} gives the grade {chain.grade!r} twice.", field=where)
    for step in chain.steps:
        if not step:
            raise InvalidInput(f"Nobody may grant a step of {where}.", field=where)
        _known(step, ROLES, "role", where)
        if MACHINE in step:
            raise InvalidInput(f"The machine grants nothing, but {where} says so.", field=where)


def _check_tasks(workflow: Workflow) -> None:
    tasks = workflow.tasks
    _known(tasks.states, workflow.steps, "state", "tasks")
    _known(tasks.roles, ROLES, "role", "tasks")
    if tasks.clock:
        _known((tasks.clock,), workflow.clocks, "clock", "tasks")
    if bool(tasks.states) != bool(tasks.roles):
        raise InvalidInput("tasks must name both states and roles.", field="tasks")


def _known(names: Collection[str], known: Collection[str], what: str, where: str) -> None:
    for name in names:
        if name not in known:
            raise InvalidInput(
                f"{where} names the unknown {what} {name!r}.",
                field=where,
                advice="One of: " + ", ".join(known),
            )
