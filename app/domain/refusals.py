"""Whether an action is open at a point of a case's history, and why not, as a short code."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from app.domain.actions import Action
from app.domain.cases import CaseState
from app.domain.requests import ANSWERS, refuse_answer, refuse_asking
from app.domain.rights import REPLY_ROLES, UNDO_ROLES
from app.domain.rules import RuleBook
from app.domain.sightings import refuse_merging
from app.domain.tasks import all_done, refuse_task
from app.domain.workflow import CREATE, ERASE, UNDO, Move
from app.domain.workflow.grammar import MERGES, REPLY, TASK_MOVES

_ALWAYS_REQUIRED = {CREATE: ("place",)}  # whatever a rule set forgets
_REQUIRED_BY_EFFECT = {"file": ("matter",), "fix": ("matter",), "suspend": ("wake",)}
_REQUIRED_FIELDS = {
    "place": ("lon_e7", "lat_e7"),
    "words": ("refs.words",),
    "matter": ("matter",),
    "unit": ("unit",),
    "post": ("post",),
    "person": ("person",),
    "reason": ("refs.reason",),
    "note": ("refs.note",),
    "condition": ("refs.condition",),
    "document": ("refs.document",),
    "wake": ("wake_ms",),
    "amount": ("amount", "amount_unit"),
    "photo": ("photos",),
}


def refusal(
    state: CaseState | None, action: Action, rules: RuleBook, undoable: tuple[str, UUID] | None
) -> str:
    """Return why `action` is not open now, as a short code, or an empty text if it is."""
    if action.type == UNDO:
        return _refuse_undo(action, undoable)
    if action.type == ERASE:
        return "" if state is not None else "not_reported"
    if action.type in (*ANSWERS, *TASK_MOVES, *MERGES, REPLY):
        return _refuse_beside(state, action, rules)
    matter = str(action.body.get("matter", "")) or (state.matter if state is not None else "")
    workflow = rules.way(matter, state.step if state is not None else "")
    move = workflow.moves.get(action.type)
    if move is None:
        return "unknown_move"
    if (state is None) != (action.type == CREATE):
        return "not_reported" if state is None else "reported_twice"
    if state is not None and state.step not in move.sources:
        return f"not_from_{state.step}"
    why = refusal_of_role(state, move, action.role, action.actor) or _missing_field(move, action)
    if why or state is None:
        return why
    if action.body.get("matter") and action.body["matter"] not in rules.matters:
        return "unknown_matter"
    why = refusal_of_case(state, move, action.stamp.ms)
    return why or (refuse_asking(state.requests, action, workflow) if move.approval else "")


def refusal_of_role(state: CaseState | None, move: Move, role: str, actor: UUID) -> str:
    """Return why this person may not make `move` in this role, or an empty text."""
    if role not in move.roles:
        return "role"
    if state is not None and "handler" in move.not_by and state.handler == actor:
        return "handled_it"
    return ""


def refusal_of_case(state: CaseState, move: Move, now_ms: int) -> str:
    """Return why what is known of the case does not open `move`, or an empty text."""
    if state.master is not None:
        return "merged"
    if not move.fits(state.facts):
        known = next((fact for one in move.when for fact in one if fact in state.facts), "")
        unknown = next((fact for one in move.when for fact in one if fact not in state.facts), "")
        return f"not_when_{unknown or known}"
    if "tasks_done" in move.needs and not all_done(state.tasks):
        return "tasks_open"
    if "woken" in move.needs and (state.wake_ms is None or now_ms < state.wake_ms):
        return "too_early"
    return ""


def _refuse_beside(state: CaseState | None, action: Action, rules: RuleBook) -> str:
    """Judge what goes on beside the case's step: answers to requests, tasks of co-handlers."""
    if state is None:
        return "not_reported"
    if action.type in MERGES:
        return _refuse_merging(state, action, rules)
    if action.type == REPLY:
        return _refuse_reply(state, action)
    if state.master is not None:
        return "merged"
    workflow = rules.way(state.matter, state.step)
    if action.type in ANSWERS:
        return refuse_answer(state.requests, action, workflow)
    if not workflow.step(state.step).open:
        return f"not_from_{state.step}"
    return refuse_task(state.tasks, action, state.step, state.unit, workflow)


def _refuse_merging(state: CaseState, action: Action, rules: RuleBook) -> str:
    is_open = rules.way(state.matter, state.step).step(state.step).open
    return refuse_merging(state.master, state.uid, action, is_open=is_open)


def _refuse_reply(state: CaseState, action: Action) -> str:
    if action.role not in REPLY_ROLES:
        return "role"
    return "" if "reply" in action.body.get("refs", {}) else "missing_reply"


def _refuse_undo(action: Action, undoable: tuple[str, UUID] | None) -> str:
    if undoable is None or action.body.get("undoes") != undoable[0]:
        return "not_last"
    if action.actor != undoable[1] and action.role not in UNDO_ROLES:
        return "role"
    return ""


def _missing_field(move: Move, action: Action) -> str:
    always = (*_ALWAYS_REQUIRED.get(move.name, ()), *_REQUIRED_BY_EFFECT.get(move.effect, ()))
    for need in (*move.requires, *always):
        if need == "two_photos":
            if len(set(action.body.get("photos", ()))) < 2:
                return "missing_two_photos"
            continue
        for path in _REQUIRED_FIELDS.get(need, (need,)):
            value: object = action.body
            for part in path.split("."):
                value = value.get(part) if isinstance(value, Mapping) else None
            if value is None or value in ("", []):
                return f"missing_{need}"
    return ""
