"""A small rule set, a signer, and short ways to write actions for tests of the domain."""

from __future__ import annotations

import hashlib
import hmac
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.domain.actions import Action, SignedAction, sign_action
from app.domain.hlc import Stamp
from app.domain.identity import uuid7
from app.domain.rules import RuleBook, parse_rules

ROOT = Path(__file__).parents[2]
CASE = uuid7(1_700_000_000_000, 1)
KEY = "00000000-0000-7000-8000-0000000000aa"
REF = {"key": KEY, "commitment": "0" * 64}


class HmacSigner:
    """A signature scheme for tests: HMAC with the device's name as its key."""

    suite = "hmac-test"

    def __init__(self, device: str = "dev-a") -> None:
        self.device = device

    def sign(self, data: bytes) -> bytes:
        return hmac.digest(self.device.encode(), data, hashlib.sha256)

    def verify(self, device: str, suite: str, data: bytes, signature: bytes) -> bool:
        good = hmac.digest(device.encode(), data, hashlib.sha256)
        return suite == self.suite and hmac.compare_digest(good, signature)


def person(number: int) -> UUID:
    return uuid7(1_600_000_000_000, number)


@pytest.fixture(scope="session")
def rules() -> RuleBook:
    workflow = tomllib.loads((ROOT / "resources/workflow/standard.toml").read_text("utf-8"))
    return parse_rules(
        {
            "format": 1,
            "matters": [
                {"code": "01", "parent": "", "name_zh": "事件", "name_en": "", "domain": "1",
                 "kind": "event", "keywords": [], "lead": "fallback", "limits": {},
                 "urgent": False},
                {"code": "0110", "parent": "01", "name_zh": "道路破损", "name_en": "Broken road",
                 "domain": "1", "kind": "event", "keywords": ["路面", "龟裂"], "lead": "road",
                 "limits": {"handling": [4, "work_hour"]}, "urgent": False},
            ],
            "calendar": {"zone": "Asia/Shanghai", "hours": [["09:00", "12:00"], ["13:00", "18:00"]],
                         "off": ["2026-10-01"], "made_up": ["2026-10-10"],
                         "known_until": "2026-12-31"},
            "workflow": workflow,
        }
    )  # fmt: skip


@pytest.fixture
def signer() -> HmacSigner:
    return HmacSigner()


Write = Callable[..., Action]


@pytest.fixture
def write(rules: RuleBook) -> Write:
    """Return a function that writes one action: `write(type, parents, ms=, actor=, …)`."""

    def make(
        kind: str,
        parents: list[Action],
        *,
        ms: int = 1_790_000_000_000,
        actor: int = 1,
        role: str = "dispatcher",
        device: str = "dev-a",
        **body: Any,
    ) -> Action:
        return Action(
            uid=uuid7(ms, abs(hash((kind, ms, actor, device))) % 2**60),
            subject=CASE,
            device=device,
            stamp=Stamp(ms, 0, device),
            parents=tuple(sorted(p.hash for p in parents)),
            type=kind,
            version=1,
            rules=rules.hash,
            actor=person(actor),
            role=role,
            body=body,
        )

    return make


@pytest.fixture
def report(write: Write) -> Action:
    return write("report", [], lon_e7=1214500000, lat_e7=312100000, refs={"words": REF})


@pytest.fixture
def whole_way(write: Write, report: Action) -> list[Action]:
    """Return the actions of a case from report to close, each after the other."""
    t = 1_790_000_000_000
    done = [report]

    def then(kind: str, **more: Any) -> None:
        done.append(write(kind, [done[-1]], ms=t + 60_000 * len(done), **more))

    then("file", matter="0110", number="310104-20261123-000001")
    then("dispatch", unit=str(person(50)), post=str(person(51)), person=str(person(2)))
    then("sign", actor=2, role="handler")
    then("handle", actor=2, role="handler", refs={"note": REF}, photos=["ab"])
    then("pass", actor=3, role="supervisor")
    then("close")
    return done


@pytest.fixture(scope="session")
def hmac_signer() -> HmacSigner:
    return HmacSigner()


@pytest.fixture(scope="session")
def report_signed(rules: RuleBook, hmac_signer: HmacSigner) -> SignedAction:
    action = Action(
        uid=uuid7(1_790_000_000_000, 7),
        subject=CASE,
        device="dev-a",
        stamp=Stamp(1_790_000_000_000, 0, "dev-a"),
        parents=(),
        type="report",
        version=1,
        rules=rules.hash,
        actor=person(1),
        role="intake",
        body={"lon_e7": 1214500000, "lat_e7": 312100000, "refs": {"words": REF}},
    )
    return sign_action(action, hmac_signer)
