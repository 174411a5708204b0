"""How an action of this device is made: read its clock, check, sign, append."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from app.domain.actions import Action, SignedAction, sign_action
from app.domain.bodies import BODY_VERSION, check_body
from app.domain.identity import new_uid
from app.domain.personal import Secret
from app.services.commands import Actor
from app.services.ports import City, UnitOfWork


def held_actions(subject: UUID, city: City, uow: UnitOfWork, now_ms: int) -> list[Action]:
    """Return the actions about a subject; from now on the city's clock is past them all."""
    held = [one.action for one in uow.actions.of_subject(subject)]
    for earlier in held:
        city.clock.receive(earlier.stamp, now_ms)
    return held


def append_signed(
    kind: str,
    subject: UUID,
    actor: Actor,
    body: Mapping[str, Any],
    parents: Iterable[str],
    city: City,
    uow: UnitOfWork,
    now_ms: int,
    *,
    secrets: Sequence[Secret] | None = None,
) -> SignedAction:
    """Sign an action of this device under the rules of now and append it to the log.

    `secrets` go to the vault and are named in the body by `refs`. Raises `InvalidInput` naming
    the field if a known part of the body has a wrong form.
    """
    if secrets is not None:
        body = {**body, "refs": {one.kind: one.reference() for one in secrets}}
    action = Action(
        uid=new_uid(),
        subject=subject,
        device=city.signer.device,
        stamp=city.clock.tick(now_ms),
        parents=tuple(parents),
        type=kind,
        version=BODY_VERSION,
        rules=uow.rules.current().hash,
        actor=actor.person,
        role=actor.role,
        body=body,
    )
    check_body(action)
    if secrets:
        uow.vault.put(secrets)
    signed = sign_action(action, city.signer)
    uow.actions.append(signed)
    return signed
