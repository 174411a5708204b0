"""Changes of the rolls: what signed actions make of units, posts, persons, rosters and shifts.

All are about one subject a city, its register of rolls. Each change counts in [from, to), and
begins at its action's own time at the earliest: nothing taken later changes who answered before.
Taking one back ends it at that minute, so that what was so at a past one stays so. The rolls as
they were put in at first are plain rows; changes lie on top of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Any
from uuid import UUID, uuid5

from app.domain.actions import Action
from app.domain.fold import heads, in_line
from app.domain.people import Role

CHANGED, UNDONE = "rolls_changed", "rolls_undone"
ROLL_ACTIONS = (CHANGED, UNDONE)
SHIFTS = UUID("00000000-0000-7000-8000-000000000002")  # what changes of shift hours are about
MOST_DAYS = 366
_VERSION = 1

ADD_UNIT, RETIRE_UNIT = "add_unit", "retire_unit"
ADD_POST, RETIRE_POST = "add_post", "retire_post"
ADD_PERSON, RETIRE_PERSON = "add_person", "retire_person"
ROSTER, EXTRA, LEAVE, SWAP, SHIFT = "roster", "extra", "leave", "swap", "shift"
ADDS = (ADD_UNIT, ADD_POST, ADD_PERSON)
RETIRES = (RETIRE_UNIT, RETIRE_POST, RETIRE_PERSON)

_LEADS = ("shift_lead", "duty_leader")
RIGHTS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys((*ADDS[:1], *RETIRES[:1], SHIFT), _LEADS),
    **dict.fromkeys(
        (*ADDS[1:], *RETIRES[1:], ROSTER, EXTRA, LEAVE, SWAP), (*_LEADS, "unit_leader")
    ),
}
# needed in a body: uids, texts
_FORM: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    ADD_UNIT: (("about", "area"), ("name", "kind")),
    ADD_POST: (("about", "unit", "area"), ("name", "kind")),
    ADD_PERSON: (("about", "unit"), ("as_role",)),
    **dict.fromkeys(RETIRES, (("about",), ())),
    ROSTER: (("about",), ("anchor",)),
    EXTRA: (("about", "other"), ()),
    LEAVE: (("about",), ()),
    SWAP: (("about", "other"), ()),
    SHIFT: (("about",), ("code", "name", "start", "end")),
}


@dataclass(frozen=True)
class Change:
    """One change that counts in [from_ms, to_ms); `number` is its place in the one order.

    `about` is the post, person, unit or `SHIFTS` that it is about, `body` what its action says.
    """

    hash: str
    number: int
    kind: str
    about: UUID
    from_ms: int
    to_ms: int | None
    body: Mapping[str, Any]

    def holds(self, at_ms: int) -> bool:
        """Tell whether it counts at an instant (Unix ms)."""
        return self.from_ms <= at_ms and (self.to_ms is None or at_ms < self.to_ms)

    @property
    def other(self) -> UUID | None:
        """Who stands in, swaps or does extra duty."""
        named = self.body.get("other", "")
        return UUID(named) if named else None

    @property
    def subjects(self) -> tuple[UUID, ...]:
        """Return all that it is about: a swap is about two persons alike."""
        other = self.other
        return (self.about, other) if self.kind == SWAP and other else (self.about,)


@dataclass(frozen=True)
class RollStep:
    """One action about the rolls; `effect` is applied, undone, refused (see `why`) or waiting."""

    hash: str
    type: str
    kind: str
    at_ms: int
    actor: UUID
    role: str
    effect: str
    why: str = ""
    undoes: str = ""
    note: UUID | None = None
    name: UUID | None = None
    change: Change | None = None


@dataclass(frozen=True)
class RollState:
    """All changes of a city's rolls, and how they came."""

    steps: tuple[RollStep, ...]
    heads: tuple[str, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """Return what counts at some minute, in the one order."""
        found = (one.change for one in self.steps if one.effect in ("applied", "undone"))
        return tuple(
            one
            for one in found
            if one is not None and (one.to_ms is None or one.to_ms > one.from_ms)
        )

    def step(self, beginning: str) -> RollStep | None:
        """Return the one step whose hash begins so."""
        found = [one for one in self.steps if one.hash.startswith(beginning)]
        return found[0] if len(found) == 1 else None

    def last(self) -> RollStep | None:
        """Return the newest step that counts and can be taken back."""
        found = [one for one in self.steps if one.effect == "applied" and one.type == CHANGED]
        return found[-1] if found else None


def roll_register(city: UUID) -> UUID:
    """Return the subject of all actions about the rolls of a city."""
    return uuid5(city, "rolls")


def may(role: str, kind: str) -> bool:
    """Tell whether a role may make a kind of change (a unit's leader: in his own unit only)."""
    return role in RIGHTS.get(kind, ())


def fold_rolls(actions: Iterable[Action]) -> RollState | None:
    """Return the state of a city's rolls, None while no action changed them."""
    known = [one for one in actions if one.type in ROLL_ACTIONS]
    if not known:
        return None
    strange = {one.hash for one in known if one.version != _VERSION or form_fault(one)}
    ready, waiting = in_line(known, strange)
    steps: list[RollStep] = []
    for number, action in enumerate(ready):
        step = _step(action, number)
        why = _refusal(step, steps)
        if why:
            steps.append(replace(step, effect="refused", why=why, change=None))
            continue
        if step.type == UNDONE:
            steps = [_ended(one, step.at_ms) if one.hash == step.undoes else one for one in steps]
        steps.append(step)
    late = (_waiting(one, "form" if one.hash in strange else "parent") for one in waiting)
    return RollState((*steps, *late), heads(ready))


def form_fault(action: Action) -> str:
    """Return the field of an action about the rolls that has a wrong form, or empty."""
    return "" if action.type == UNDONE else body_fault(action.body)


def body_fault(body: Mapping[str, Any]) -> str:
    """Return the field of a change that has a wrong form, or empty."""
    kind = body.get("change")
    if not isinstance(kind, str) or kind not in _FORM:
        return "change"
    uids, texts = _FORM[kind]
    for name in uids:
        if not _is_uid(body.get(name)):
            return name
    if body.get("other", "") and not _is_uid(body["other"]):
        return "other"
    for name in texts:
        if not isinstance(body.get(name), str) or not body[name]:
            return name
    for name in ("from_ms", "to_ms"):
        value = body.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            return name
    if body.get("to_ms") is not None and body["to_ms"] <= (body.get("from_ms") or 0):
        return "to_ms"
    return _own_fault(kind, body)


def _own_fault(kind: str, body: Mapping[str, Any]) -> str:
    if kind in (LEAVE, SWAP) and body.get("other") == body["about"]:
        return "other"
    if kind == ADD_PERSON and body["as_role"] not in list(Role):
        return "as_role"
    if kind == ROSTER:
        return "anchor" if not _is_date(body["anchor"]) else _pattern_fault(body.get("pattern"))
    if kind == SHIFT:
        return next((name for name in ("start", "end") if not _is_time(body[name])), "")
    return ""


def _pattern_fault(pattern: object) -> str:
    if not isinstance(pattern, list | tuple) or not 0 < len(pattern) <= MOST_DAYS:
        return "pattern"
    for day in pattern:
        if not isinstance(day, Mapping):
            return "pattern"
        if not all(isinstance(code, str) and _is_uid(who) for code, who in day.items()):
            return "pattern"
    return ""


def _is_uid(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_time(text: str) -> bool:
    try:
        return time.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


def _refusal(step: RollStep, steps: Iterable[RollStep]) -> str:
    if step.type == UNDONE:
        undone = next((one for one in steps if one.hash == step.undoes), None)
        if undone is None or undone.change is None or undone.effect != "applied":
            return "nothing_to_undo"
        return "" if may(step.role, undone.kind) else "role"
    if not may(step.role, step.kind):
        return "role"
    change = step.change
    assert change is not None  # every change has one
    if change.to_ms is not None and change.to_ms <= change.from_ms:
        return "past"
    if change.kind in ADDS and any(
        one.effect == "applied" and one.change and one.change.about == change.about
        and one.change.kind in ADDS for one in steps
    ):  # fmt: skip
        return "again"
    return ""


def _ended(step: RollStep, at_ms: int) -> RollStep:
    """Return a change taken back: it ends at that instant, or never was if it had not begun."""
    assert step.change is not None
    end = at_ms if step.change.to_ms is None else min(at_ms, step.change.to_ms)
    end = max(end, step.change.from_ms)
    return replace(step, effect="undone", change=replace(step.change, to_ms=end))


def _step(action: Action, number: int) -> RollStep:
    body = action.body
    kind = str(body.get("change", ""))
    change = None
    if action.type == CHANGED:
        begins = max(body.get("from_ms") or 0, action.stamp.ms)
        change = Change(
            action.hash, number, kind, UUID(body["about"]), begins, body.get("to_ms"), body
        )
    return RollStep(
        action.hash, action.type, kind, action.stamp.ms, action.actor, action.role, "applied",
        undoes=str(body.get("undoes", "")), note=_ref(body, "reason"), name=_ref(body, "name"),
        change=change,
    )  # fmt: skip


def _waiting(action: Action, why: str) -> RollStep:
    return RollStep(
        action.hash, action.type, str(action.body.get("change", "")), action.stamp.ms,
        action.actor, action.role, "waiting", why,
    )  # fmt: skip


def _ref(body: Mapping[str, Any], name: str) -> UUID | None:
    refs = body.get("refs")
    ref = refs.get(name) if isinstance(refs, Mapping) else None
    return UUID(ref["key"]) if ref else None
