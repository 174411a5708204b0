"""Signs this device's daily checkpoint: see `domain.checkpoints`."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.domain.actions import Action, sign_action
from app.domain.checkpoints import CHECKPOINT, NO_ROOT, Checkpoint, body_of, chain_of, root_of
from app.domain.identity import new_uid
from app.services.changes import Changes
from app.services.commands import SignCheckpoint
from app.services.ports import City, UnitOfWork


def sign_checkpoint(_command: SignCheckpoint, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Sign what came since the last checkpoint of this device, unless it has signed today."""
    rules = uow.rules.current()
    local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(rules.calendar.zone))
    day, device = f"{local:%Y-%m-%d}", city.signer.device
    before = uow.checkpoints.last(device)
    revision = uow.actions.revision()
    if before is not None and before.day >= day:
        return Changes(revision=revision)
    after, previous = (before.seq, before.root) if before else (0, NO_ROOT)
    heads = uow.actions.heads_between(after, revision)
    root = root_of(previous, heads)
    action = Action(
        uid=new_uid(),
        subject=chain_of(device),
        device=device,
        stamp=city.clock.tick(now_ms),
        parents=(before.signed.hash,) if before else (),
        type=CHECKPOINT,
        version=1,
        rules=rules.hash,
        actor=city.facts.uid,
        role="machine",
        body=body_of(day, after, revision, root, previous),
    )
    signed = sign_action(action, city.signer)
    seq = uow.actions.append(signed)
    uow.checkpoints.put(Checkpoint(day, after, revision, root, previous, signed), heads)
    return Changes(revision=seq)
