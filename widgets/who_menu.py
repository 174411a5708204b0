"""Who am I: the roles one desk can take, so that one person can walk a whole case."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from app.domain.people import Role
from widgets.i18n import tr

_ROLES = (Role.DISPATCHER, Role.INTAKE, Role.HANDLER, Role.SUPERVISOR, Role.SHIFT_LEAD,
          Role.UNIT_LEADER, Role.DUTY_LEADER)  # fmt: skip


class WhoMenu(QMenu):
    """`role_chosen` carries the role's name."""

    role_chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.triggered.connect(self._on_triggered)

    def open_below(self, bar: QWidget) -> None:
        """Open under the right end of the top bar."""
        self.clear()
        for role in _ROLES:
            action = QAction(tr(f"role.{role}"), self)
            action.setData(str(role))
            self.addAction(action)
        corner = bar.mapToGlobal(QPoint(bar.width() - self.sizeHint().width() - 130, bar.height()))
        self.popup(corner)

    def _on_triggered(self, action: QAction) -> None:
        self.role_chosen.emit(str(action.data()))
