"""What goes on beside a case's step, as its sheet shows it to one person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import UUID

from app.domain.cases import CaseState
from app.domain.requests import Request, Standing, next_roles
from app.domain.rules import RuleBook
from app.domain.tasks import CANCEL, DONE, RETURN, SIGN, Task, TaskStep
from app.domain.workflow import Workflow
from app.services.commands import Actor
from app.services.views import RequestView, TaskView

_HANDLER = "handler"
_MAY = {TaskStep.GIVEN: (SIGN, RETURN), TaskStep.SIGNED: (DONE, RETURN)}


def people_beside(state: CaseState) -> Iterator[UUID]:
    """Walk the persons and units that requests and tasks name."""
    for request in state.requests:
        yield request.by
        yield from request.granted
    for task in state.tasks:
        yield task.unit
        if task.person is not None:
            yield task.person


def requests_for(
    state: CaseState,
    actor: Actor,
    rules: RuleBook,
    words: Mapping[UUID, str],
    names: Mapping[UUID, str],
) -> tuple[RequestView, ...]:
    """Return a case's requests, newest first."""
    workflow = rules.way(state.matter, state.step)
    views = []
    for request in reversed(state.requests):
        moves = rules.moves_named(request.move)
        move = workflow.moves.get(request.move) or (moves[0] if moves else None)
        if move is None:
            continue
        views.append(
            RequestView(
                hash=request.hash,
                move=move,
                chain=workflow.chain(request.move, request.grade),
                by_name=names.get(request.by, ""),
                at_ms=request.at_ms,
                standing=request.standing.value,
                said={kind: words.get(key, "") for kind, key in request.refs},
                fields=request.said,
                granted=tuple(names.get(one, "") for one in request.granted),
                next_roles=next_roles(request, workflow),
                may_answer=_may_answer(request, actor, workflow),
                may_withdraw=request.standing is Standing.OPEN and request.by == actor.person,
            )
        )
    return tuple(views)


def tasks_for(
    state: CaseState,
    actor: Actor,
    rules: RuleBook,
    words: Mapping[UUID, str],
    names: Mapping[UUID, str],
) -> tuple[TaskView, ...]:
    """Return the tasks of a case's co-handling units, in the order they were given."""
    workflow = rules.way(state.matter, state.step)
    is_open = workflow.step(state.step).open
    return tuple(
        TaskView(
            hash=task.hash,
            unit_name=names.get(task.unit, ""),
            person_name=names.get(task.person, "") if task.person else "",
            step=task.step.value,
            due_ms=task.clock.due_ms if task.clock and task.open else None,
            words=next((words.get(key, "") for kind, key in task.refs if kind == "words"), ""),
            may=_steps_open(task, actor, workflow) if is_open else (),
        )
        for task in state.tasks
    )


def _may_answer(request: Request, actor: Actor, workflow: Workflow) -> bool:
    return (
        actor.role in next_roles(request, workflow)
        and actor.person != request.by
        and actor.person not in request.granted
    )


def _steps_open(task: Task, actor: Actor, workflow: Workflow) -> tuple[str, ...]:
    steps = _MAY.get(task.step, ()) if actor.role == _HANDLER else ()
    cancels = task.open and actor.role in workflow.tasks.roles
    return (*steps, *((CANCEL,) if cancels else ()))
