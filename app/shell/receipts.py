"""What this station wrote since it was opened, step by step: saved, sent, waiting or refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from app.services.changes import Changes, one_line
from app.services.commands import AcceptSuggestion, ActOnCase, ReportCase, UndoLast
from app.shell.bridge import Bridge
from widgets.notice import error_words
from widgets.sync_page import Receipt, SyncState
from widgets.words import matter_named

_REMOTE = "database_remote"
_KEPT = 500
Written = ReportCase | ActOnCase | AcceptSuggestion | UndoLast


@dataclass(frozen=True)
class _Counts:
    saved: int = 0
    waiting: int = 0
    refused: int = 0


class Receipts(QObject):
    """Follows every command of one bridge; `changed` comes when any of them gets on.

    On a local city a step is saved on this machine and there is nobody to send it to; on a
    remote one it is saved and sent at once, by the same commit.
    """

    changed = Signal()

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._held: dict[int, Receipt] = {}
        self._counts = _Counts()
        bridge.commanded.connect(self._on_commanded)
        bridge.carried_out.connect(self._on_carried_out)
        bridge.refused.connect(self._on_refused)

    def state(self) -> SyncState:
        """Return the counts and the newest steps first."""
        counts, health = self._counts, self._bridge.core.health()
        database = health.get("database")
        remote = database is not None and database.code == _REMOTE
        behind = database.count if database is not None and remote else 0
        return SyncState(
            saved=counts.saved,
            sent=max(0, counts.saved - behind) if remote else 0,
            waiting=counts.waiting + behind,
            refused=counts.refused,
            local=not remote,
            receipts=tuple(reversed(self._held.values())),
        )

    def _on_commanded(self, ticket: int, command: object) -> None:
        if not isinstance(command, Written):
            return
        self._held[ticket] = Receipt(
            move=_move(command), at_ms=self._bridge.now_ms(),
            photos=len(getattr(command, "photos", ())),
            title=one_line(command.words) if isinstance(command, ReportCase) else "",
        )  # fmt: skip
        self._counts = replace(self._counts, waiting=self._counts.waiting + 1)
        self._forget_oldest()
        self.changed.emit()

    def _on_carried_out(self, ticket: int, changes: Changes) -> None:
        held = self._held.get(ticket)
        if held is None:
            return
        row = changes.cases[0] if changes.cases else None
        self._held[ticket] = replace(
            held, state="saved",
            number=row.receipt if row is not None else "",
            title=held.title if row is None else row.title or matter_named(row.matter_name),
        )  # fmt: skip
        self._counts = replace(
            self._counts, waiting=self._counts.waiting - 1, saved=self._counts.saved + 1
        )
        self.changed.emit()

    def _on_refused(self, ticket: int, error: object) -> None:
        held = self._held.get(ticket)
        if held is None:
            return
        why = error_words(error)[0] if isinstance(error, BaseException) else ""
        self._held[ticket] = replace(held, state="refused", why=why)
        self._counts = replace(
            self._counts, waiting=self._counts.waiting - 1, refused=self._counts.refused + 1
        )
        self.changed.emit()

    def _forget_oldest(self) -> None:
        """Keep the list short; what still waits is never forgotten."""
        done = [ticket for ticket, one in self._held.items() if one.state != "waiting"]
        for ticket in done[: max(0, len(self._held) - _KEPT)]:
            del self._held[ticket]


def _move(command: Written) -> str:
    match command:
        case ReportCase():
            return "report"
        case AcceptSuggestion():
            return "accept"
        case UndoLast():
            return "undo"
        case _:
            return command.move
