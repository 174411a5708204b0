"""Makes an erasure true: in the vault inside the transaction, among the photos after it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from app.domain.fold import erased_of
from app.services.ports import City, UnitOfWork


def erase_words(subject: UUID, uow: UnitOfWork) -> int:
    """Erase the personal values that the erasures of a case erase; return how many were left."""
    actions = [one.action for one in uow.actions.of_subject(subject)]
    gone = erased_of(actions, uow.rules.get).keys
    return uow.vault.erase_keys(subject, gone) if gone else 0


def drop_photos(subjects: Iterable[UUID], city: City) -> int:
    """Delete the photos that the erasures of these cases erase and no other case names.

    To be called after the commit; doing it again is harmless, and mends a drop that a crash cut
    short. Returns how many files were deleted.
    """
    wanted: set[str] = set()
    with city.begin(write=False) as uow:
        for subject in subjects:
            actions = [one.action for one in uow.actions.of_subject(subject)]
            for photo in erased_of(actions, uow.rules.get).photos:
                if uow.actions.subjects_naming(photo) <= {subject}:
                    wanted.add(photo)
    return sum(city.blobs.drop(photo) for photo in sorted(wanted))


def erased_subjects(city: City) -> tuple[UUID, ...]:
    """Return the cases about which something was erased."""
    with city.begin(write=False) as uow:
        return tuple({one.action.subject: None for one in uow.actions.of_kind("erase")})
