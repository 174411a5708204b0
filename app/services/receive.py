"""Takes in signed actions made elsewhere: the union of what both sides know.

Bad bytes or a bad signature are refused; an action from too far in the future is kept apart,
visible, outside the state, until its time has come and it is brought again. Good ones beside a
bad one still go in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app.domain.actions import SignedAction, check_signed
from app.domain.bodies import check_body
from app.domain.errors import AppError
from app.domain.hlc import MAX_JUMP_MS
from app.services.casework import refresh
from app.services.changes import CaseRow
from app.services.ports import City, UnitOfWork


@dataclass(frozen=True)
class Receipt:
    """What became of a delivery: numbers, and why each refused one was refused."""

    taken: int
    known: int
    quarantined: int
    refused: tuple[str, ...]
    rows: tuple[CaseRow, ...]


def receive(delivery: Iterable[SignedAction], city: City, uow: UnitOfWork, now_ms: int) -> Receipt:
    """Check and store `delivery`, then fold the touched cases anew."""
    taken = known = quarantined = 0
    refused: list[str] = []
    subjects: dict[UUID, None] = {}
    for signed in delivery:
        try:
            action = check_signed(signed, city.verifier)
            check_body(action)
        except AppError as error:
            refused.append(f"{signed.hash[:12]}: {error.message}")
            continue
        early = action.stamp.ms > now_ms + MAX_JUMP_MS
        if uow.actions.has(signed.hash):
            known += 1
            if not early and uow.actions.release(signed.hash):
                subjects[action.subject] = None
            continue
        uow.actions.append(signed, quarantined=early)
        quarantined += early
        taken += not early
        city.clock.receive(action.stamp, now_ms)
        subjects[action.subject] = None
    rows = (refresh(subject, city, uow, now_ms) for subject in subjects)
    return Receipt(
        taken, known, quarantined, tuple(refused), tuple(row for row in rows if row is not None)
    )
