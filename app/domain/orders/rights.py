"""Who may do what with an order, as of an action's parents: one table for command and fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.domain.actions import Action

LEADERS = ("shift_lead", "duty_leader")
_DESK = ("dispatcher", *LEADERS)
_RECEIVER = ("handler", "unit_leader")
ORDER_RIGHTS: Mapping[str, tuple[str, ...]] = {
    "order_issue": (*_DESK, "machine"),
    "order_deliver": (*_RECEIVER, "machine"),
    "order_sign": _RECEIVER,
    "order_start": _RECEIVER,
    "order_reply": _RECEIVER,
    "order_note": _RECEIVER,
    "order_accept": _DESK,
    "order_refuse": _DESK,
    "order_recall": _DESK,
    "order_escalate": ("machine",),
    "order_undo": (*_RECEIVER, *_DESK),
}
RECEIVERS_OWN = ("order_sign", "order_start", "order_reply", "order_note")
_JUDGES = ("order_accept", "order_refuse")
_BY_LEADERS = ("listed",)  # 挂牌


def beyond(line: Sequence[Action]) -> Mapping[str, str]:
    """Return why, by hash, for actions beyond their authors' rights; `line` has parents first.

    `role`, or `replied_it`: who acted for the receiver never judges the reply.
    """
    found: dict[str, str] = {}
    above: dict[str, frozenset[str]] = {}
    by_hash = {one.hash: one for one in line}
    for one in line:
        above[one.hash] = frozenset().union(*(above[p] | {p} for p in one.parents))
        if not may(one.type, one.role, one.body):
            found[one.hash] = "role"
        elif one.type in _JUDGES:
            earlier = (by_hash[digest] for digest in above[one.hash])
            if any(e.type in RECEIVERS_OWN and e.actor == one.actor for e in earlier):
                found[one.hash] = "replied_it"
    return found


def may(kind: str, role: str, body: Mapping[str, object]) -> bool:
    """Tell whether a role may take an action with that body.

    A listed order 挂牌 and one on a leader's note 批示 are the leaders' to issue, and the machine
    issues nothing but supervisions on what it can see.
    """
    if role not in ORDER_RIGHTS.get(kind, ()):
        return False
    if kind != "order_issue":
        return True
    by_machine = body.get("order") == "supervise" and body.get("basis") not in (
        "by_hand", "leader_note",
    )  # fmt: skip
    if role == "machine" and not by_machine:
        return False
    high = body.get("grade") in _BY_LEADERS or body.get("basis") == "leader_note"
    return not high or role in LEADERS
