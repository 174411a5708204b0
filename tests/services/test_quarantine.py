"""What is kept apart can be seen, with its reason, and counts when its time has come."""

from __future__ import annotations

from app.domain.actions import Action, sign_action
from app.domain.hlc import MAX_JUMP_MS, Stamp
from app.domain.identity import new_uid
from app.domain.people import Role
from app.services.bus import handle
from app.services.commands import ReleaseDue
from app.services.questions import Quarantine
from app.services.receive import receive

AHEAD = MAX_JUMP_MS + 60_000


def step(desk, case, role, ms):
    """Return a signed `file` of a case, after its present heads."""
    state = desk.sheet(case).state
    device = desk.city.signer.device
    with desk.city.begin(write=False) as uow:
        rules = uow.rules.current().hash
    return sign_action(
        Action(new_uid(), case, device, Stamp(ms, 0, device), state.heads, "file", 1, rules,
               desk.actor(Role.DISPATCHER).person, role, {"matter": "0110"}),
        desk.city.signer,
    )  # fmt: skip


def deliver(desk, *actions):
    with desk.city.begin(write=True) as uow:
        receipt = receive(actions, desk.city, uow, desk.now_ms)
        uow.commit()
    return receipt


def test_that_an_early_action_is_seen_and_counts_when_its_time_has_come(desk):
    case = desk.report().uid
    action = step(desk, case, "dispatcher", desk.now_ms + AHEAD)
    assert deliver(desk, action).quarantined == 1
    (apart,) = desk.ask(Quarantine())
    assert (apart.case, apart.why, apart.type) == (case, "early", "file")
    assert apart.release_ms == desk.now_ms + AHEAD - MAX_JUMP_MS
    assert apart.number
    assert not handle(ReleaseDue(), desk.city, desk.now_ms).cases
    (row,) = handle(ReleaseDue(), desk.city, apart.release_ms).cases
    assert row.step == "filed"
    assert desk.ask(Quarantine()) == ()


def test_that_an_action_beyond_its_author_s_role_is_taken_but_kept_apart(desk):
    case = desk.report().uid
    receipt = deliver(desk, step(desk, case, "handler", desk.now_ms))
    assert (receipt.taken, receipt.refused) == (1, ())
    (apart,) = desk.ask(Quarantine())
    assert (apart.why, apart.role, apart.release_ms) == ("role", "handler", None)
    assert desk.sheet(case).row.step == "reported"
    assert desk.sheet(case).state.history[-1].effect == "quarantined"
