"""Signs this device's daily checkpoint: see `domain.checkpoints`."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.domain.checkpoints import CHECKPOINT, NO_ROOT, Checkpoint, body_of, chain_of, root_of
from app.services.changes import Changes
from app.services.commands import MACHINE, Actor, SignCheckpoint
from app.services.ports import City, UnitOfWork
from app.services.signing import append_signed


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
    signed = append_signed(
        CHECKPOINT,
        chain_of(device),
        Actor(city.facts.uid, MACHINE.role),
        body_of(day, after, revision, root, previous),
        (before.signed.hash,) if before else (),
        city,
        uow,
        now_ms,
    )
    uow.checkpoints.put(Checkpoint(day, after, revision, root, previous, signed), heads)
    return Changes(revision=uow.actions.revision())
