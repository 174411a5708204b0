"""What must be asked for: 延期, 挂账, 作废 wait for a chain of people who grant them.

A request stands beside the case's step: nothing changes until the last step of its chain is
granted, and a refusal leaves the case as if nobody had asked. One lapses when the case moves on to
where its move no longer starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.domain.actions import Action
from app.domain.workflow.grammar import APPROVE, DECLINE, WITHDRAW, Workflow

ANSWERS = (APPROVE, DECLINE, WITHDRAW)
_LEAVES_OUT = frozenset({"photos", "refs"})


class Standing(StrEnum):
    """What became of a request."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


@dataclass(frozen=True)
class Request:
    """One request for a move, named by the hash of the action that asked.

    Attributes:
        granted: who granted the steps of its chain so far, in order.
        fields: what the action said beside words and photos (`amount`, `unit`, `wake_ms`, …).
        refs: vault keys of its words (`reason`, `condition`).
    """

    hash: str
    move: str
    grade: str
    by: UUID
    role: str
    at_ms: int
    granted: tuple[UUID, ...] = ()
    standing: Standing = Standing.OPEN
    fields: tuple[tuple[str, Any], ...] = ()
    refs: tuple[tuple[str, UUID], ...] = field(default=())

    @property
    def said(self) -> dict[str, Any]:
        """What was asked for, by field."""
        return dict(self.fields)


def request_of(action: Action) -> Request:
    """Return the request that an action of an approval move makes; its body is checked."""
    body = action.body
    refs = body.get("refs", {})
    return Request(
        hash=action.hash,
        move=action.type,
        grade=str(body.get("grade", "")),
        by=action.actor,
        role=action.role,
        at_ms=action.stamp.ms,
        fields=tuple(sorted((k, v) for k, v in body.items() if k not in _LEAVES_OUT)),
        refs=tuple(sorted((kind, UUID(one["key"])) for kind, one in refs.items())),
    )


def refuse_asking(requests: Sequence[Request], action: Action, workflow: Workflow) -> str:
    """Return why a move cannot be asked for now, as a short code, or an empty text."""
    if workflow.chain(action.type, str(action.body.get("grade", ""))) is None:
        return "no_grade"
    asked = any(one.move == action.type and one.standing is Standing.OPEN for one in requests)
    return "asked_already" if asked else ""


def refuse_answer(requests: Sequence[Request], action: Action, workflow: Workflow) -> str:
    """Return why an answer to a request is not open, as a short code, or an empty text."""
    request = named(requests, str(action.body.get("request", "")))
    if request is None:
        return "no_request"
    if request.standing is not Standing.OPEN:
        return f"request_{request.standing}"
    if action.type == WITHDRAW:
        return "" if action.actor == request.by else "not_asked_by_you"
    if action.actor == request.by:
        return "asked_it"
    if action.actor in request.granted:
        return "granted_it"
    chain = workflow.chain(request.move, request.grade)
    steps = chain.steps if chain is not None else ()
    at = len(request.granted)
    if at >= len(steps) or action.role not in steps[at]:
        return "role"
    return ""


def answered(request: Request, action: Action, workflow: Workflow) -> Request:
    """Return the request after an answer that `refuse_answer` leaves open."""
    if action.type == WITHDRAW:
        return replace(request, standing=Standing.WITHDRAWN)
    if action.type == DECLINE:
        return replace(request, standing=Standing.REFUSED)
    granted = (*request.granted, action.actor)
    chain = workflow.chain(request.move, request.grade)
    done = chain is not None and len(granted) == len(chain.steps)
    return replace(request, granted=granted, standing=Standing.GRANTED if done else Standing.OPEN)


def next_roles(request: Request, workflow: Workflow) -> tuple[str, ...]:
    """Return the roles that may grant the next step of an open request."""
    chain = workflow.chain(request.move, request.grade)
    at = len(request.granted)
    if request.standing is not Standing.OPEN or chain is None or at >= len(chain.steps):
        return ()
    return chain.steps[at]


def still_open(requests: Iterable[Request], step: str, workflow: Workflow) -> tuple[Request, ...]:
    """Return the requests with those lapsed whose move no longer starts at `step`."""
    return tuple(
        replace(one, standing=Standing.LAPSED)
        if one.standing is Standing.OPEN and not _starts_at(one.move, step, workflow)
        else one
        for one in requests
    )


def named(requests: Iterable[Request], digest: str) -> Request | None:
    """Return the request of that hash, if there is one."""
    return next((one for one in requests if one.hash == digest), None)


def put(requests: Iterable[Request], changed: Request) -> tuple[Request, ...]:
    """Return the requests with one in a new form."""
    return tuple(changed if one.hash == changed.hash else one for one in requests)


def _starts_at(move: str, step: str, workflow: Workflow) -> bool:
    found = workflow.moves.get(move)
    return found is not None and step in found.sources
