"""What is kept apart from the state, with the reason, for people to see."""

from __future__ import annotations

from uuid import UUID

from app.domain.actions import Action
from app.domain.fold import beyond_of
from app.domain.hlc import MAX_JUMP_MS
from app.services.ports import UnitOfWork
from app.services.views import Apart

EARLY = "early"


def quarantine(uow: UnitOfWork) -> tuple[Apart, ...]:
    """Return what is kept apart, newest first."""
    found = [(signed.hash, signed.action, early) for signed, early in uow.actions.apart()]
    subjects = list({action.subject: None for _, action, _ in found})
    numbers = {row.uid: row.number or row.receipt for row in uow.cases.rows(subjects)}
    names = uow.directory.names({action.actor for _, action, _ in found})
    beyond: dict[str, str] = {}
    for subject in {action.subject for _, action, early in found if not early}:
        beyond |= _reasons(subject, uow)
    return tuple(
        Apart(
            hash=digest,
            case=action.subject,
            number=numbers.get(action.subject, ""),
            type=action.type,
            at_ms=action.stamp.ms,
            actor=action.actor,
            actor_name=names.get(action.actor, ""),
            role=action.role,
            device=action.device,
            why=EARLY if early else beyond.get(digest, "role"),
            release_ms=action.stamp.ms - MAX_JUMP_MS if early else None,
        )
        for digest, action, early in sorted(found, key=_newest)
    )


def _reasons(subject: UUID, uow: UnitOfWork) -> dict[str, str]:
    actions = (one.action for one in uow.actions.of_subject(subject))
    return dict(beyond_of(actions, uow.rules.get))


def _newest(one: tuple[str, Action, bool]) -> tuple[int, str]:
    return -one[1].stamp.ms, one[0]
