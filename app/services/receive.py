"""Takes in signed actions made elsewhere: the union of what both sides know.

Bad bytes or a bad signature are refused; an action from too far in the future is kept apart,
visible, outside the state, until its time has come (`release_due`); one beyond its author's rights
is kept, and the fold holds it outside the state. Good ones beside a bad one still go in, in any
order: what waits for a parent or a rule set counts as soon as that has come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.domain.actions import Action, SignedAction, check_signed
from app.domain.bodies import check_body
from app.domain.erasure import references
from app.domain.errors import AppError, Forged, InvalidInput
from app.domain.fold import erased_of
from app.domain.hlc import MAX_JUMP_MS
from app.domain.personal import Secret
from app.domain.rules import RuleBook, parse_rules
from app.services.addressing import refresh_address
from app.services.casework import refresh
from app.services.casework.merging import partners
from app.services.changes import CaseRow, Changes
from app.services.commands import ReleaseDue
from app.services.erasing import erase_words
from app.services.parts import refresh_part
from app.services.parts_grids import refresh_grids
from app.services.ports import City, UnitOfWork
from app.services.rolls import refresh_rolls

_FIRST = {"device": 0, "rules": 1}


@dataclass(frozen=True)
class Receipt:
    """What became of a delivery: numbers, and why each refused one was refused.

    `words` counts the personal values that were new, `devices` the devices met for the first time,
    `arrived` the new actions by subject.
    """

    taken: int
    known: int
    quarantined: int
    refused: tuple[str, ...]
    rows: tuple[CaseRow, ...]
    words: int = 0
    devices: int = 0
    arrived: Mapping[UUID, int] = field(default_factory=dict)


@dataclass
class _Taking:
    """One delivery on its way in."""

    city: City
    uow: UnitOfWork
    now_ms: int
    vouched: bool
    taken: int = 0
    known: int = 0
    quarantined: int = 0
    devices: int = 0
    refused: list[str] = field(default_factory=list)
    arrived: Counter[UUID] = field(default_factory=Counter)
    touched: dict[UUID, None] = field(default_factory=dict)

    def take(self, signed: SignedAction) -> None:
        """Take one action in, or say why not."""
        try:
            action = self._checked(signed)
            book = _book_in(action)
        except AppError as error:
            self.refused.append(f"{signed.hash[:12]}: {error.message}")
            return
        early = action.stamp.ms > self.now_ms + MAX_JUMP_MS
        if self.uow.actions.has(signed.hash):
            self.known += 1
            if not early and self.uow.actions.release(signed.hash):
                self.touched[action.subject] = None
            return
        self.uow.actions.append(signed, quarantined=early)
        self.quarantined += early
        self.taken += not early
        self.city.clock.receive(action.stamp, self.now_ms)
        self.arrived[action.subject] += 1
        self.touched[action.subject] = None
        if book is not None:
            self.uow.rules.keep(book)
            self.touched |= dict.fromkeys(self.uow.actions.subjects_naming(book.hash))

    def _checked(self, signed: SignedAction) -> Action:
        action = signed.action
        if action.type == "device" and not self.uow.devices.is_known(action.device):
            if not self.vouched:
                raise Forged(f"Nobody known here vouches for the device {action.device}.")
            self.uow.devices.introduce(signed)
            self.devices += 1
        check_signed(signed, self.uow.devices)
        check_body(action)
        return action


def receive(
    delivery: Iterable[SignedAction],
    city: City,
    uow: UnitOfWork,
    now_ms: int,
    words: Iterable[Secret] = (),
    *,
    vouched: bool = False,
) -> Receipt:
    """Check and store `delivery`, then fold the touched cases anew.

    `words` are personal values that go with it: kept if an action commits to them and they were
    not erased here. Devices not met before are taken only if `vouched`: somebody known here says
    they belong. The photos of erased cases are the caller's to drop (`erasing.drop_photos`).
    """
    taking = _Taking(city, uow, now_ms, vouched)
    for signed in sorted(delivery, key=_rank):
        taking.take(signed)
    kept, told = _take_words(words, uow)
    subjects = taking.touched | dict.fromkeys(told)
    for subject in subjects:
        erase_words(subject, uow)
    for subject in taking.touched:
        refresh_address(subject, uow)
        refresh_part(subject, uow)
        refresh_grids(subject, city, uow)
        refresh_rolls(subject, city, uow)
    rows = [row for subject in subjects if (row := refresh(subject, city, uow, now_ms)) is not None]
    rows += _others_of_merged(rows, city, uow, now_ms)
    for row in rows:
        uow.saw_number(row.number)
    return Receipt(
        taking.taken,
        taking.known,
        taking.quarantined,
        tuple(taking.refused),
        tuple(rows),
        kept,
        taking.devices,
        taking.arrived,
    )


def _others_of_merged(
    rows: Sequence[CaseRow], city: City, uow: UnitOfWork, now_ms: int
) -> list[CaseRow]:
    """Fold what is merged with these cases anew: of a circle made apart one must stay open."""
    others = dict.fromkeys(one for row in rows for one in partners(row.uid, uow))
    found = [refresh(one, city, uow, now_ms) for one in others]
    return [row for row in found if row is not None]


def release_due(_command: ReleaseDue, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Let those quarantined actions count whose time has come, and fold their cases anew."""
    subjects: dict[UUID, None] = {}
    for signed, early in uow.actions.apart():
        action = signed.action
        if early and action.stamp.ms <= now_ms + MAX_JUMP_MS and uow.actions.release(signed.hash):
            subjects[action.subject] = None
    for subject in subjects:
        erase_words(subject, uow)
    for subject in subjects:
        refresh_address(subject, uow)
        refresh_part(subject, uow)
        refresh_grids(subject, city, uow)
        refresh_rolls(subject, city, uow)
    rows = [refresh(subject, city, uow, now_ms) for subject in subjects]
    return Changes(uow.actions.revision(), tuple(row for row in rows if row is not None))


def _rank(signed: SignedAction) -> int:
    try:
        return _FIRST.get(signed.action.type, len(_FIRST))
    except Forged:
        return len(_FIRST)


def _book_in(action: Action) -> RuleBook | None:
    if action.type != "rules":
        return None
    raw = action.body.get("ruleset")
    if not isinstance(raw, dict):
        raise InvalidInput("The action brings no rule set.", field="ruleset")
    return parse_rules(raw)


def _take_words(words: Iterable[Secret], uow: UnitOfWork) -> tuple[int, set[UUID]]:
    """Keep the values that actions commit to; return how many were new, and about what."""
    by_subject: dict[UUID, list[Secret]] = {}
    for one in words:
        by_subject.setdefault(one.subject, []).append(one)
    kept, told = 0, set[UUID]()
    for subject, secrets in by_subject.items():
        actions = [one.action for one in uow.actions.of_subject(subject)]
        gone = erased_of(actions, uow.rules.get).keys
        wanted = {
            (ref["key"], ref["commitment"]) for one in actions for ref in references(one).values()
        }
        good = [
            one
            for one in secrets
            if one.key not in gone and (str(one.key), one.commitment) in wanted
        ]
        new = uow.vault.take(good)
        kept += new
        if new:
            told.add(subject)
    return kept, told
