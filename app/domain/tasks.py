"""Joint handling 主办 and 协办: a co-handling unit has a task of its own beside the case.

The lead unit cannot report the case as handled before every task is done, sent back or cancelled.
A task has its own steps and its own clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from app.domain.actions import Action
from app.domain.clocks import Clock
from app.domain.workflow.grammar import Workflow

GIVE, SIGN, DONE, RETURN, CANCEL = (
    "task_give", "task_sign", "task_done", "task_return", "task_cancel",
)  # fmt: skip


class TaskStep(StrEnum):
    """Where a task stands."""

    GIVEN = "given"
    SIGNED = "signed"
    DONE = "done"
    RETURNED = "returned"
    CANCELLED = "cancelled"


_OPEN = (TaskStep.GIVEN, TaskStep.SIGNED)
_NEXT = {
    SIGN: ((TaskStep.GIVEN,), TaskStep.SIGNED),
    DONE: ((TaskStep.SIGNED,), TaskStep.DONE),
    RETURN: (_OPEN, TaskStep.RETURNED),
    CANCEL: (_OPEN, TaskStep.CANCELLED),
}
_WORDS = {DONE: "note", RETURN: "reason", CANCEL: "reason"}


@dataclass(frozen=True)
class Task:
    """What one co-handling unit is to do, named by the hash of the action that gave it."""

    hash: str
    unit: UUID
    post: UUID | None
    person: UUID | None
    step: TaskStep
    by: UUID
    clock: Clock | None = None
    refs: tuple[tuple[str, UUID], ...] = ()

    @property
    def open(self) -> bool:
        """Whether somebody still has to act on it."""
        return self.step in _OPEN


def all_done(tasks: Iterable[Task]) -> bool:
    """Tell whether no task waits for anybody."""
    return not any(task.open for task in tasks)


def refuse_task(
    tasks: Sequence[Task], action: Action, step: str, lead: UUID | None, workflow: Workflow
) -> str:
    """Return why a step of a task is not open, as a short code, or an empty text.

    `step` is the case's own, `lead` the unit that leads it (no co-handler of its own case).
    """
    if action.type == GIVE:
        return _refuse_giving(tasks, action, step, lead, workflow)
    task = named(tasks, str(action.body.get("task", "")))
    if task is None:
        return "no_task"
    sources, _ = _NEXT[action.type]
    if task.step not in sources:
        return f"task_{task.step}"
    if action.type == CANCEL:
        return "" if action.role in workflow.tasks.roles else "role"
    if action.role != "handler":
        return "role"
    needed = _WORDS.get(action.type)
    return f"missing_{needed}" if needed and needed not in action.body.get("refs", {}) else ""


def given(action: Action, clock: Clock | None) -> Task:
    """Return the task that an action gives, on its clock; its body is checked."""
    body = action.body
    refs = body.get("refs", {})
    return Task(
        hash=action.hash,
        unit=UUID(body["unit"]),
        post=UUID(body["post"]) if body.get("post") else None,
        person=UUID(body["person"]) if body.get("person") else None,
        step=TaskStep.GIVEN,
        by=action.actor,
        clock=clock,
        refs=tuple(sorted((kind, UUID(one["key"])) for kind, one in refs.items())),
    )


def moved(task: Task, action: Action) -> Task:
    """Return a task after a step that `refuse_task` leaves open; its clock is the fold's."""
    return replace(task, step=_NEXT[action.type][1])


def named(tasks: Iterable[Task], digest: str) -> Task | None:
    """Return the task of that hash, if there is one."""
    return next((one for one in tasks if one.hash == digest), None)


def put(tasks: Iterable[Task], changed: Task) -> tuple[Task, ...]:
    """Return the tasks with one in a new form."""
    return tuple(changed if one.hash == changed.hash else one for one in tasks)


def _refuse_giving(
    tasks: Sequence[Task], action: Action, step: str, lead: UUID | None, workflow: Workflow
) -> str:
    rule = workflow.tasks
    if step not in rule.states:
        return f"not_from_{step}"
    if action.role not in rule.roles:
        return "role"
    if "words" not in action.body.get("refs", {}):
        return "missing_words"
    unit = str(action.body.get("unit", ""))
    if not unit:
        return "missing_unit"
    if lead is not None and unit == str(lead):
        return "leads_it"
    return "has_task" if any(one.open and str(one.unit) == unit for one in tasks) else ""
