"""What erasing takes with it: a function of a case's actions, the same on every replica.

An `erase` action erases the personal words and photos of all actions about its subject but those
that came after it with knowledge of it. So what another laptop wrote meanwhile, not knowing, goes
too, and stays gone when an old delivery brings it again. The action itself names nobody: it holds
who did it in which role, a coded reason, and one hash over the commitments of what was erased.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.domain.actions import Action
from app.domain.bodies import BODY_VERSION
from app.domain.workflow import ERASE

REASONS = ("request", "law", "retention", "mistake")


@dataclass(frozen=True)
class Erased:
    """Vault keys and photos (SHA-256) that must not be kept any more."""

    keys: frozenset[UUID] = frozenset()
    photos: frozenset[str] = frozenset()


def erased_by(line: Sequence[Action], without: Collection[str] = ()) -> Erased:
    """Return what the erasures among the actions of one case erase.

    `line` has parents before their children; erasures whose hash is in `without` do not count.
    """
    erasures = [a.hash for a in line if a.type == ERASE and a.hash not in without]
    if not erasures:
        return Erased()
    gone: set[str] = set()
    for erasure in erasures:
        after = {erasure}
        for action in line:
            if not after.isdisjoint(action.parents):
                after.add(action.hash)
        gone |= {action.hash for action in line} - after
    taken = [action for action in line if action.hash in gone]
    return Erased(_keys(taken), _photos(taken) - _photos(a for a in line if a.hash not in gone))


def erase_body(line: Iterable[Action], why: str) -> dict[str, Any]:
    """Return the body of an action that erases what `line` refers to, for the reason `why`."""
    commitments = sorted(ref["commitment"] for one in line for ref in references(one).values())
    digest = hashlib.sha256("\n".join(commitments).encode()).hexdigest()
    return {"why": why, "erased": digest, "count": len(commitments)}


def references(action: Action) -> Mapping[str, Mapping[str, str]]:
    """Return the personal values an action refers to: kind to key and commitment."""
    if action.version != BODY_VERSION:
        return {}
    refs: Mapping[str, Mapping[str, str]] = action.body.get("refs", {})
    return refs


def photos_of(action: Action) -> tuple[str, ...]:
    """Return the photos (SHA-256) an action names."""
    return tuple(action.body.get("photos", ())) if action.version == BODY_VERSION else ()


def _keys(actions: Iterable[Action]) -> frozenset[UUID]:
    return frozenset(UUID(ref["key"]) for one in actions for ref in references(one).values())


def _photos(actions: Iterable[Action]) -> frozenset[str]:
    return frozenset(photo for one in actions for photo in photos_of(one))
