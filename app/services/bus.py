"""One command, one handler, one `Changes`: the only way by which anything is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.services import casework
from app.services.changes import Changes
from app.services.commands import (
    AcceptSuggestion,
    ActOnCase,
    Command,
    EraseSubject,
    ReportCase,
    UndoLast,
)
from app.services.ports import City, UnitOfWork

Handler = Callable[[Any, City, UnitOfWork, int], Changes]

_HANDLERS: dict[type, Handler] = {
    ReportCase: casework.report,
    ActOnCase: casework.act,
    AcceptSuggestion: casework.accept,
    UndoLast: casework.undo,
    EraseSubject: casework.erase,
}


def handle(command: Command, city: City, now_ms: int) -> Changes:
    """Carry out `command` in one transaction at wall time `now_ms` (Unix ms).

    Returns what changed once it is durable. Raises an `AppError` and changes nothing otherwise.
    """
    with city.begin(write=True) as uow:
        changes = _HANDLERS[type(command)](command, city, uow, now_ms)
        uow.commit()
    return changes


def handle_many(commands: list[Command], city: City, now_ms: int) -> list[Changes]:
    """Carry out several commands in one transaction: all or none."""
    with city.begin(write=True) as uow:
        changes = [_HANDLERS[type(one)](one, city, uow, now_ms) for one in commands]
        uow.commit()
    return changes
