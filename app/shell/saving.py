"""Whether a step takes noticeably long to be saved, as while another program holds the city."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.shell.bridge import Bridge

_NOTICED_MS = 300


class Saving(QObject):
    """Follows the commands of one bridge.

    `changed` carries True once any of them has waited for 300 ms, False when none waits any more;
    a quick save is never told.
    """

    changed = Signal(bool)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._waiting: set[int] = set()
        self._shown = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_NOTICED_MS)
        self._timer.timeout.connect(self._on_late)
        bridge.commanded.connect(self._on_commanded)
        bridge.carried_out.connect(self._on_settled)
        bridge.refused.connect(self._on_settled)

    @Slot(int, object)
    def _on_commanded(self, ticket: int, _command: object) -> None:
        self._waiting.add(ticket)
        if not self._shown and not self._timer.isActive():
            self._timer.start()

    @Slot(int, object)
    def _on_settled(self, ticket: int, _outcome: object) -> None:
        self._waiting.discard(ticket)
        if self._waiting:
            return
        self._timer.stop()
        if self._shown:
            self._shown = False
            self.changed.emit(False)

    @Slot()
    def _on_late(self) -> None:
        self._shown = bool(self._waiting)
        if self._shown:
            self.changed.emit(True)
