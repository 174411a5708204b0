"""One tab of the inbox as a Qt model over the store's sorted slots."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import numpy as np
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.engines.titles import what_of
from app.services.changes import CaseRow
from app.store import Slots, Store, StoreDelta, TabEdit
from widgets.words import matter_named, named

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = Qt.ItemDataRole.UserRole
_ROOT = QModelIndex()


class CaseListModel(QAbstractListModel):
    """Rows of `tab`. Follows `StoreDelta`s step by step, so that a selection stays where it is."""

    def __init__(self, store: Store, tab: str, parent: QObject) -> None:
        super().__init__(parent)
        self._store = store
        self._tab = tab
        self._slots: Slots = store.order(tab)

    @property
    def tab(self) -> str:
        """Which tab is shown."""
        return self._tab

    def show_tab(self, tab: str) -> None:
        """Show another tab."""
        self.beginResetModel()
        self._tab = tab
        self._slots = self._store.order(tab)
        self.endResetModel()

    def take(self, delta: StoreDelta) -> None:
        """Follow what the store says has changed."""
        if self._tab not in delta.tabs:
            return
        edits = delta.tabs[self._tab]
        if edits is None:
            self.show_tab(self._tab)
            return
        for edit in edits:
            self._follow(edit)

    def row_of(self, index: Index) -> CaseRow | None:
        """Return the case shown at an index, None outside."""
        if not index.isValid() or index.row() >= self._slots.size:
            return None
        return self._store.row_at(int(self._slots[index.row()]))

    def index_of(self, uid: UUID) -> QModelIndex:
        """Return where a case stands in this tab, an invalid index if it does not."""
        slot = self._store.slot(uid)
        if slot is None:
            return QModelIndex()
        found = np.flatnonzero(self._slots == slot)
        return self.index(int(found[0]), 0) if found.size else QModelIndex()

    def refresh_times(self) -> None:
        """Have all rows painted again because time has passed."""
        if self._slots.size:
            last = self.index(int(self._slots.size) - 1, 0)
            self.dataChanged.emit(self.index(0, 0), last, [ROW_ROLE])

    def _follow(self, edit: TabEdit) -> None:
        at = edit.at
        match edit.kind:
            case "insert":
                self.beginInsertRows(_ROOT, at, at)
                self._slots = np.insert(self._slots, at, edit.slot)
                self.endInsertRows()
            case "remove":
                self.beginRemoveRows(_ROOT, at, at)
                self._slots = np.delete(self._slots, at)
                self.endRemoveRows()
            case _:
                index = self.index(at, 0)
                self.dataChanged.emit(index, index)

    # Qt overrides

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Return how many rows there are; a row has no children."""
        return 0 if parent.isValid() else int(self._slots.size)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the title for readers of the screen and the frozen row for the delegate."""
        row = self.row_of(index)
        if row is None:
            return None
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            what = what_of(row.title, row.address) or matter_named(row.matter_name)
            return f"{what} {named(row.address)}".strip()
        return None
