"""One command, one handler, one `Changes`: the only way by which anything is written."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.domain.errors import StorageFailure
from app.services import addressing, casework, parts, parts_grids, rolls
from app.services.changes import Changes
from app.services.checkpoints import sign_checkpoint
from app.services.commands import (
    AddPart,
    ChangePart,
    ChangeRolls,
    Command,
    DecideAddress,
    EraseSubject,
    JudgeMatch,
    MergeGrids,
    ProposeAddress,
    ReleaseDue,
    SignCheckpoint,
    SplitGrid,
    UndoGrids,
    UndoPart,
    UndoRolls,
    WithdrawAddress,
)
from app.services.erasing import drop_photos
from app.services.ports import City, UnitOfWork
from app.services.receive import release_due

log = logging.getLogger(__name__)
MAP_WAITS = "map_waits"
Handler = Callable[[Any, City, UnitOfWork, int], Changes]

_HANDLERS: dict[type, Handler] = {
    **casework.HANDLERS,
    ReleaseDue: release_due,
    SignCheckpoint: sign_checkpoint,
    ProposeAddress: addressing.propose,
    DecideAddress: addressing.decide,
    WithdrawAddress: addressing.withdraw,
    JudgeMatch: addressing.judge_match,
    AddPart: parts.add,
    ChangePart: parts.change,
    UndoPart: parts.undo,
    SplitGrid: parts_grids.split,
    MergeGrids: parts_grids.merge,
    UndoGrids: parts_grids.undo,
    ChangeRolls: rolls.change,
    UndoRolls: rolls.undo,
}


def handle(command: Command, city: City, now_ms: int) -> Changes:
    """Carry out `command` in one transaction at wall time `now_ms` (Unix ms).

    Returns what changed once it is durable. Raises an `AppError` and changes nothing otherwise.
    """
    with city.begin(write=True) as uow:
        changes = _HANDLERS[type(command)](command, city, uow, now_ms)
        uow.commit()
    _after([command], city)
    return _on_map([changes], city)[0]


def handle_many(commands: list[Command], city: City, now_ms: int) -> list[Changes]:
    """Carry out several commands in one transaction: all or none."""
    with city.begin(write=True) as uow:
        changes = [_HANDLERS[type(one)](one, city, uow, now_ms) for one in commands]
        uow.commit()
    _after(commands, city)
    return _on_map(changes, city)


def _on_map(changes: list[Changes], city: City) -> list[Changes]:
    """Let the map take what changed of parts and grids, now that it is durable in the log.

    A map that cannot take it now does so later, and the changes say so.
    """
    if not any(one.parts or one.map_changed for one in changes):
        return changes
    try:
        waits = not city.edits.take()
    except StorageFailure:
        log.warning("the map cannot take an edit now", exc_info=True)
        waits = True
    if not waits:
        return changes
    return [replace(one, notes=(*one.notes, MAP_WAITS)) for one in changes]


def _after(commands: list[Command], city: City) -> None:
    """Do what is of the file system, and so of no transaction, once all is durable."""
    erased = [one.case for one in commands if isinstance(one, EraseSubject)]
    if erased:
        drop_photos(erased, city)
