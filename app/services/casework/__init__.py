"""Handlers of a case's commands: each appends signed actions and refreshes the case's row.

The fold is the judge: an action that it would refuse is not written, and the person is told why.
A further command is a module here and a line in `HANDLERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.services.casework.accepting import accept
from app.services.casework.acting import act
from app.services.casework.actors import check_actor
from app.services.casework.beside import answer, give_task, step_task
from app.services.casework.erasing import erase
from app.services.casework.merging import merge, unmerge
from app.services.casework.refreshing import refresh
from app.services.casework.reporting import report
from app.services.casework.undoing import undo
from app.services.casework.words import check_photos
from app.services.changes import Changes
from app.services.commands import (
    AcceptSuggestion,
    ActOnCase,
    AnswerRequest,
    EraseSubject,
    GiveTask,
    MergeCase,
    ReportCase,
    TaskStep,
    UndoLast,
    UnmergeCase,
)
from app.services.ports import City, UnitOfWork

__all__ = ["HANDLERS", "check_actor", "check_photos", "refresh"]

HANDLERS: Mapping[type, Callable[[Any, City, UnitOfWork, int], Changes]] = {
    ReportCase: report,
    ActOnCase: act,
    AcceptSuggestion: accept,
    AnswerRequest: answer,
    GiveTask: give_task,
    TaskStep: step_task,
    MergeCase: merge,
    UnmergeCase: unmerge,
    UndoLast: undo,
    EraseSubject: erase,
}
