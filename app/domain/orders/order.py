"""The fold of an order 指令: each receiver's way from 下达 to 销号, the same for every delivery.

An order is issued to one or several units. Each unit goes its own way: issued 下达, delivered
送达, signed 签收, working 执行, replied 反馈, closed 销号, or recalled 撤回, which stays visible
until the receiver has noted it. The issuer's side closes or refuses a reply, never somebody who
acted for the receiver. What was beyond its author's rights as of its parents is quarantined.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from app.domain.actions import Action
from app.domain.bodies import BODY_VERSION
from app.domain.errors import InvalidInput
from app.domain.fold import heads, in_line
from app.domain.orders.rights import beyond
from app.domain.orders.rules import BASES, KINDS

ISSUE, ESCALATE, UNDO = "order_issue", "order_escalate", "order_undo"
MOVES: Mapping[str, tuple[tuple[str, ...], str]] = {  # from which steps, to which
    "order_deliver": (("issued",), "delivered"),
    "order_sign": (("issued", "delivered"), "signed"),
    "order_start": (("signed",), "working"),
    "order_reply": (("signed", "working"), "replied"),
    "order_accept": (("replied",), "closed"),
    "order_refuse": (("replied",), "working"),
    "order_recall": (("issued", "delivered", "signed", "working", "replied"), "recalled"),
    "order_note": (("recalled",), "recalled"),
}
ORDER_ACTIONS = (ISSUE, *MOVES, ESCALATE, UNDO)
UNREAD = ("issued", "delivered")
OPEN = (*UNREAD, "signed", "working", "replied")
NEXT = {  # whose turn it is
    "issued": "receiver", "delivered": "receiver", "signed": "receiver", "working": "receiver",
    "replied": "issuer", "recalled": "receiver",
}  # fmt: skip
_NOT_UNDONE = ("order_deliver", "order_recall", "order_note")
_MOST_RECEIVERS = 64


@dataclass(frozen=True)
class Receiver:
    """One unit that got the order. `level` counts the escalations, `told` is the last role told."""

    unit: UUID
    step: str = "issued"
    refused: int = 0
    level: int = 0
    told: str = ""
    noted: bool = False  # that it was recalled
    changed_ms: int = 0

    @property
    def turn(self) -> str:
        """Whose turn it is: receiver, issuer, or empty once nothing is left to do."""
        return "" if self.step == "recalled" and self.noted else NEXT.get(self.step, "")


@dataclass(frozen=True)
class OrderStep:
    """One action about an order. `effect`: applied, undone, refused, quarantined or waiting."""

    hash: str
    type: str
    at_ms: int
    actor: UUID
    role: str
    unit: UUID | None
    effect: str
    why: str = ""
    refs: Mapping[str, UUID] = field(default_factory=dict)
    undoes: str = ""


@dataclass(frozen=True)
class OrderState:
    """An order as its actions make it; times are Unix ms."""

    uid: UUID
    number: str
    kind: str
    grade: str
    basis: str
    case: UUID | None
    issuer: UUID
    role: str
    issued_ms: int
    due_ms: int
    sample: bool
    receivers: tuple[Receiver, ...]
    steps: tuple[OrderStep, ...] = ()
    heads: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether some receiver still has something to do, or its reply waits for the issuer."""
        return any(one.step in OPEN for one in self.receivers)

    def receiver(self, unit: UUID) -> Receiver | None:
        """Return how a unit stands, None if it did not get the order."""
        return next((one for one in self.receivers if one.unit == unit), None)

    def last(self, unit: UUID) -> OrderStep | None:
        """Return the unit's newest step that counts and could be taken back."""
        found = [
            one
            for one in self.steps
            if one.effect == "applied" and one.unit == unit and one.type in MOVES
        ]
        return found[-1] if found and found[-1].type not in _NOT_UNDONE else None


def fold_order(actions: Iterable[Action]) -> OrderState | None:
    """Return an order's state, None while its issuing is not here."""
    known = [one for one in actions if one.type in ORDER_ACTIONS]
    strange = {one.hash for one in known if one.version != BODY_VERSION}
    ready, waiting = in_line(known, strange)
    fold = _Fold(beyond(ready))
    for action in ready:
        fold.take(action)
    if fold.state is None:
        return None
    steps = (*fold.steps, *(_step(one, "waiting", "parent") for one in waiting))
    return replace(fold.state, steps=steps, heads=heads(ready))


@dataclass
class _Fold:
    beyond: Mapping[str, str]
    state: OrderState | None = None
    steps: list[OrderStep] = field(default_factory=list)
    counted: list[Action] = field(default_factory=list)

    def take(self, action: Action) -> None:
        """Let one action count, or say why it does not."""
        why = self.beyond.get(action.hash, "")
        effect = "quarantined" if why else "applied"
        if not why:
            why = self._refusal(action)
            effect = "refused" if why else effect
        self.steps.append(_step(action, effect, why))
        if why:
            return
        if action.type == UNDO:
            self._undo(str(action.body["undoes"]))
            return
        self.counted.append(action)
        self.state = _applied(self.state, action)

    def _refusal(self, action: Action) -> str:
        if form_fault(action.type, action.body):
            return "form"
        if action.type == ISSUE:
            return "issued_twice" if self.state is not None else ""
        if self.state is None:
            return "no_order"
        if action.type == UNDO:
            return self._refuse_undo(action)
        one = self.state.receiver(UUID(action.body["unit"]))
        if one is None:
            return "no_receiver"
        if action.type == ESCALATE:
            fits = one.step in UNREAD and action.body["level"] == one.level + 1
            return "" if fits else "step"
        if action.type == "order_note" and one.noted:
            return "step"
        return "" if one.step in MOVES[action.type][0] else "step"

    def _refuse_undo(self, action: Action) -> str:
        assert self.state is not None
        now = replace(self.state, steps=tuple(self.steps))
        last = now.last(UUID(action.body["unit"]))
        if last is None or last.hash != action.body.get("undoes"):
            return "undone"
        return "" if last.actor == action.actor else "role"

    def _undo(self, digest: str) -> None:
        self.counted = [one for one in self.counted if one.hash != digest]
        self.steps = [
            replace(one, effect="undone") if one.hash == digest else one for one in self.steps
        ]
        self.state = None
        for one in self.counted:
            self.state = _applied(self.state, one)


def form_fault(kind: str, body: Mapping[str, Any]) -> str:
    """Return the field of an order's action that has a wrong form, or empty."""
    if kind != ISSUE:
        if not _is_uid(body.get("unit")):
            return "unit"
        level = body.get("level")
        if kind == ESCALATE and (isinstance(level, bool) or not isinstance(level, int)):
            return "level"
        return ""
    units = body.get("units")
    if not isinstance(units, list | tuple) or not 0 < len(units) <= _MOST_RECEIVERS:
        return "units"
    if len(set(map(str, units))) != len(units) or not all(map(_is_uid, units)):
        return "units"
    if body.get("case") and not _is_uid(body["case"]):
        return "case"
    faults = {
        "order": body.get("order") not in KINDS, "basis": body.get("basis") not in BASES,
        "due_ms": isinstance(body.get("due_ms"), bool) or not isinstance(body.get("due_ms"), int),
        "grade": not isinstance(body.get("grade"), str) or not body["grade"],
        "number": not isinstance(body.get("number"), str) or not body["number"],
        "sample": not isinstance(body.get("sample"), bool),
    }  # fmt: skip
    return next((name for name, bad in faults.items() if bad), "")


def check_order(kind: str, body: Mapping[str, Any]) -> None:
    """Raise `InvalidInput` naming the field if the body of an order's action has a wrong form."""
    fault = form_fault(kind, body) if kind in ORDER_ACTIONS else ""
    if fault:
        raise InvalidInput(f"The field {fault} has a wrong form.", field=fault)


def _is_uid(value: object) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False


def _applied(state: OrderState | None, action: Action) -> OrderState:
    body, at = action.body, action.stamp.ms
    if state is None:
        receivers = tuple(Receiver(UUID(one), changed_ms=at) for one in body["units"])
        case = UUID(body["case"]) if body.get("case") else None
        return OrderState(
            action.subject, body["number"], body["order"], body["grade"], body["basis"], case,
            action.actor, action.role, at, body["due_ms"], body["sample"], receivers,
        )  # fmt: skip
    unit = UUID(body["unit"])
    receivers = tuple(
        _moved(one, action, at) if one.unit == unit else one for one in state.receivers
    )
    return replace(state, receivers=receivers)


def _moved(one: Receiver, action: Action, at: int) -> Receiver:
    if action.type == ESCALATE:
        return replace(one, level=one.level + 1, told=str(action.body.get("told", "")))
    return replace(
        one, step=MOVES[action.type][1], changed_ms=at,
        refused=one.refused + (action.type == "order_refuse"),
        noted=one.noted or action.type == "order_note",
    )  # fmt: skip


def _step(action: Action, effect: str, why: str = "") -> OrderStep:
    body = action.body
    refs = body.get("refs", {}) if action.version == BODY_VERSION else {}
    unit = UUID(body["unit"]) if _is_uid(body.get("unit")) else None
    return OrderStep(
        action.hash, action.type, action.stamp.ms, action.actor, action.role, unit, effect, why,
        {kind: UUID(one["key"]) for kind, one in refs.items()}, str(body.get("undoes", "")),
    )  # fmt: skip
