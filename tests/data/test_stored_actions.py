"""What is folded from stored actions is what was folded from the originals."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.data.rules_seed import seed_rules
from app.domain.actions import Action, check_signed, sign_action
from app.domain.errors import Forged, StorageFailure
from app.domain.fold import fold
from app.domain.hlc import Stamp
from app.domain.identity import new_uid, uuid7
from app.domain.rules import parse_rules

BOOK = parse_rules(seed_rules())
START_MS = 1_795_000_000_000
MOVES = ("file", "reject", "dispatch", "sign", "return", "handle", "pass", "rework", "close")
ROLES = ("intake", "dispatcher", "handler", "supervisor", "shift_lead")
_words = st.text("井盖破损a1 \n\"'\\", max_size=12)


@dataclass(frozen=True)
class Step:
    """One step of a made-up history: which move, by whom, after which earlier steps."""

    move: str
    role: str
    actor: int
    late_ms: int
    parents: tuple[int, ...]
    words: str


steps = st.lists(
    st.builds(
        Step,
        st.sampled_from(MOVES),
        st.sampled_from(ROLES),
        st.integers(0, 3),
        st.integers(0, 5_000),
        st.lists(st.integers(0, 30), max_size=2).map(tuple),
        _words,
    ),
    max_size=25,
)


def history(case, signer, made):
    """Return signed actions of a case: a report, then steps on any of those before."""
    ref = {"key": str(uuid7(START_MS, 9)), "commitment": "0" * 64}
    body = {"lon_e7": 1_214_700_000, "lat_e7": 312_300_000, "refs": {"words": ref}}
    actions = [
        Action(uuid7(START_MS, 0), case, signer.device, Stamp(START_MS, 0, signer.device), (),
               "report", 1, BOOK.hash, uuid7(1, 0), "intake", body)
    ]  # fmt: skip
    for number, step in enumerate(made, 1):
        wanted = {actions[i % len(actions)].hash for i in step.parents} or {actions[-1].hash}
        fields = {"matter": "0110", "refs": {"reason": ref, "note": ref}, "note": step.words}
        fields |= {name: str(uuid7(2, 0)) for name in ("unit", "post", "person")}
        actions.append(
            Action(uuid7(START_MS, number), case, signer.device,
                   Stamp(START_MS + number + step.late_ms, number, signer.device),
                   tuple(sorted(wanted)), step.move, 1, BOOK.hash, uuid7(1, step.actor),
                   step.role, fields)
        )  # fmt: skip
    return [sign_action(action, signer) for action in actions]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=steps, seed=st.integers(0, 2**32))
def test_that_stored_actions_fold_to_the_state_of_the_originals(city, made, seed):
    case = new_uid()
    signed = history(case, city.signer, made)
    expected = fold([one.action for one in signed], lambda _: BOOK)
    random.Random(seed).shuffle(signed)
    with city.begin(write=True) as uow:
        for one in (*signed, *signed[:3]):
            uow.actions.append(one)
        kept = uow.actions.of_subject(case)
        assert fold((check_signed(one, city.verifier) for one in kept), uow.rules.get) == expected
    assert expected is not None
    assert len(expected.history) == len(signed)


@pytest.mark.parametrize("at", [0, 40, 200, -2])
def test_that_bytes_altered_in_the_database_are_found_out(city, at):
    (signed,) = history(new_uid(), city.signer, [])
    with city.begin(write=True) as uow:
        uow.actions.append(signed)
        data = bytearray(signed.data)
        data[at] ^= 1
        mark = "%s" if uow.connection.dialect.name == "postgresql" else "?"
        uow.connection.exec_driver_sql(
            f"UPDATE action SET data = {mark} WHERE hash = {mark}", (bytes(data), signed.hash)
        )
        with pytest.raises(StorageFailure, match="altered"):
            uow.actions.of_subject(signed.action.subject)
        ((_, altered),) = uow.actions.since(uow.actions.revision() - 1, 1)
    with pytest.raises(Forged):
        check_signed(altered, city.verifier)
