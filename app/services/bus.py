"""One command, one handler, one `Changes`: the only way by which anything is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.services import addressing, casework
from app.services.changes import Changes
from app.services.checkpoints import sign_checkpoint
from app.services.commands import (
    AcceptSuggestion,
    ActOnCase,
    Command,
    DecideAddress,
    EraseSubject,
    ProposeAddress,
    ReleaseDue,
    ReportCase,
    SignCheckpoint,
    UndoLast,
)
from app.services.erasing import drop_photos
from app.services.ports import City, UnitOfWork
from app.services.receive import release_due

Handler = Callable[[Any, City, UnitOfWork, int], Changes]

_HANDLERS: dict[type, Handler] = {
    ReportCase: casework.report,
    ActOnCase: casework.act,
    AcceptSuggestion: casework.accept,
    UndoLast: casework.undo,
    EraseSubject: casework.erase,
    ReleaseDue: release_due,
    SignCheckpoint: sign_checkpoint,
    ProposeAddress: addressing.propose,
    DecideAddress: addressing.decide,
}


def handle(command: Command, city: City, now_ms: int) -> Changes:
    """Carry out `command` in one transaction at wall time `now_ms` (Unix ms).

    Returns what changed once it is durable. Raises an `AppError` and changes nothing otherwise.
    """
    with city.begin(write=True) as uow:
        changes = _HANDLERS[type(command)](command, city, uow, now_ms)
        uow.commit()
    _after([command], city)
    return changes


def handle_many(commands: list[Command], city: City, now_ms: int) -> list[Changes]:
    """Carry out several commands in one transaction: all or none."""
    with city.begin(write=True) as uow:
        changes = [_HANDLERS[type(one)](one, city, uow, now_ms) for one in commands]
        uow.commit()
    _after(commands, city)
    return changes


def _after(commands: list[Command], city: City) -> None:
    """Do what is of the file system, and so of no transaction, once all is durable."""
    erased = [one.case for one in commands if isinstance(one, EraseSubject)]
    if erased:
        drop_photos(erased, city)
