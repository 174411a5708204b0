"""A list of rows of one height, whose cost does not grow with their number.

QListView lays every row out anew whenever one comes (0.3 s for 200,000 here); this view knows
where a row is by multiplication and touches only those in sight.
"""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
)
from PySide6.QtGui import QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QStyle, QStyleOptionViewItem, QWidget

Index = QModelIndex | QPersistentModelIndex


class RowView(QAbstractItemView):
    """Shows a flat model; `row_height` in pixels."""

    def __init__(self, row_height: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._high = row_height
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.verticalScrollBar().setSingleStep(row_height // 2)

    def rows_in_sight(self) -> range:
        """Return the rows of which at least a pixel is shown."""
        first = self.verticalOffset() // self._high
        last = (self.verticalOffset() + self.viewport().height() - 1) // self._high
        return range(first, min(last + 1, self._count()))

    def _on_removed(self) -> None:
        self.updateGeometries()
        self.viewport().update()

    def _count(self) -> int:
        model = self.model()
        return model.rowCount() if model is not None else 0

    # Qt overrides

    def visualRect(self, index: Index) -> QRect:  # noqa: N802
        """Return where a row is, in pixels of the viewport."""
        if not index.isValid():
            return QRect()
        top = index.row() * self._high - self.verticalOffset()
        return QRect(0, top, self.viewport().width(), self._high)

    def scrollTo(  # noqa: N802
        self,
        index: Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        """Bring a row into sight, moving as little as need be."""
        box, bar = self.visualRect(index), self.verticalScrollBar()
        if box.top() < 0:
            bar.setValue(bar.value() + box.top())
        elif box.bottom() >= self.viewport().height():
            bar.setValue(bar.value() + box.bottom() + 1 - self.viewport().height())

    def indexAt(self, point: QPoint) -> QModelIndex:  # noqa: N802
        """Return the row at a pixel of the viewport."""
        row = (point.y() + self.verticalOffset()) // self._high
        inside = point.y() >= 0 and row < self._count()
        return self.model().index(row, 0) if inside else QModelIndex()

    def horizontalOffset(self) -> int:  # noqa: N802
        """Return 0: rows are as wide as the view."""
        return 0

    def verticalOffset(self) -> int:  # noqa: N802
        """Return how many pixels lie above the view."""
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: Index) -> bool:  # noqa: N802
        """Return False: a row is shown or not in the model."""
        return False

    def moveCursor(  # noqa: N802
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Return the row that a key of the list leads to."""
        page = max(1, self.viewport().height() // self._high)
        by = {
            QAbstractItemView.CursorAction.MoveUp: -1,
            QAbstractItemView.CursorAction.MoveDown: 1,
            QAbstractItemView.CursorAction.MovePageUp: -page,
            QAbstractItemView.CursorAction.MovePageDown: page,
            QAbstractItemView.CursorAction.MoveHome: -self._count(),
            QAbstractItemView.CursorAction.MoveEnd: self._count(),
        }.get(action, 0)
        row = max(0, min(self._count() - 1, max(0, self.currentIndex().row()) + by))
        return self.model().index(row, 0)

    def setSelection(  # noqa: N802
        self, rect: QRect, command: QItemSelectionModel.SelectionFlag
    ) -> None:
        """Select the row at the middle of a rectangle."""
        index = self.indexAt(rect.center())
        self.selectionModel().select(QItemSelection(index, index), command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:  # noqa: N802
        """Return where the selected rows are that are in sight."""
        region = QRegion()
        for index in selection.indexes():
            region += self.visualRect(index)
        return region & QRegion(self.viewport().rect())

    def updateGeometries(self) -> None:  # noqa: N802
        """Have the scroll bar reach as far as the rows."""
        bar, high = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, self._count() * self._high - high))
        bar.setPageStep(max(1, high))

    def rowsInserted(self, parent: Index, start: int, end: int) -> None:  # noqa: N802
        """Reach further; what is in sight stays in sight if rows came above it."""
        above = start * self._high < self.verticalOffset()
        self.updateGeometries()
        if above:
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + (end - start + 1) * self._high)
        self.viewport().update()

    def rowsAboutToBeRemoved(self, parent: Index, start: int, end: int) -> None:  # noqa: N802
        """Do nothing: the selection model sees to the current row, and rows are not known here."""

    def setModel(self, model: QAbstractItemModel | None) -> None:  # noqa: N802
        """Show a model, and follow its length."""
        super().setModel(model)
        if model is not None:
            model.rowsRemoved.connect(self._on_removed)
            self.updateGeometries()

    def reset(self) -> None:
        """Reach as far as the new rows ask."""
        super().reset()
        self.updateGeometries()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Reach as far as the new size asks."""
        super().resizeEvent(event)
        self.updateGeometries()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Have the delegate paint the rows in sight."""
        with QPainter(self.viewport()) as painter:
            option = QStyleOptionViewItem()
            self.initViewItemOption(option)
            mouse = self.viewport().mapFromGlobal(self.cursor().pos())
            hovered = self.indexAt(mouse).row() if self.viewport().underMouse() else -1
            plain = option.state
            for row in self.rows_in_sight():
                index = self.model().index(row, 0)
                option.rect = self.visualRect(index)
                option.state = plain
                if self.selectionModel().isSelected(index):
                    option.state |= QStyle.StateFlag.State_Selected
                if row == hovered:
                    option.state |= QStyle.StateFlag.State_MouseOver
                self.itemDelegate().paint(painter, option, index)
