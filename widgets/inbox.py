"""The inbox: tabs with counts over one list, walked by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from PySide6.QtCore import QModelIndex, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from app.store import TABS, Store, StoreDelta
from widgets.empty import EmptyState
from widgets.i18n import tr
from widgets.inbox_row import CaseRowDelegate
from widgets.models.case_list import CaseListModel
from widgets.row_view import RowView
from widgets.theme import Theme, font, metrics

_AIR = 10.0  # between two tabs at the least, so that a count is not read as the next one's


class TabStrip(QWidget):
    """Names of the tabs with how many rows each holds; the chosen one is underlined."""

    chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget, tabs: Sequence[str] = TABS) -> None:
        super().__init__(parent)
        self._theme = theme
        self._names = tuple(tabs)
        self._counts: Mapping[str, int] = {}
        self._tab = tabs[0]
        self._boxes: list[tuple[str, QRectF]] = []
        self._px, self._most, self._gap = 14, 999_999, 0.0
        self.setFixedHeight(40)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def show_counts(self, counts: Mapping[str, int], tab: str) -> None:
        """Show the counts and which tab is chosen."""
        self._counts, self._tab = dict(counts), tab
        self.setAccessibleName(tr(f"tab.{tab}"))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint names, counts and the underline."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(self._theme.panel))
            painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(self._theme.line))
            widths = self._fit()
            gap, left = self.gap, 12.0
            self._boxes = []
            for tab, width in zip(self._names, widths, strict=True):
                self._boxes.append((tab, QRectF(left - gap / 2, 0, width + gap, self.height())))
                self._paint_tab(painter, tab, left, width)
                left += width + gap

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the tab under the pointer."""
        for tab, box in self._boxes:
            if box.contains(event.position()):
                self.chosen.emit(tab)

    @property
    def gap(self) -> float:
        """The air between two tabs as painted last, in pixels."""
        return self._gap

    def _fit(self) -> list[int]:
        """Choose the type and the length of counts for this width; return the tabs' widths."""
        for px, most in ((14, 999_999), (14, 99), (12, 999), (12, 99)):
            self._px, self._most = px, most
            widths = [self._name_width(tab) for tab in self._names]
            room = self.width() - 24 - sum(widths)
            self._gap = min(18.0, room / max(1, len(widths) - 1))
            if self._gap >= _AIR:
                break
        return widths

    def _name_width(self, tab: str) -> int:
        count = self._count_text(tab)
        space = 4 if count else 0
        name = metrics(self._px, self._weight(tab)).horizontalAdvance(tr(f"tab.{tab}"))
        return name + space + metrics(self._px).horizontalAdvance(count)

    def _count_text(self, tab: str) -> str:
        count = self._counts.get(tab, 0)
        if tab == "all" or not count:
            return ""
        return f"{count:,}" if count <= self._most else f"{self._most}+"

    def _weight(self, tab: str) -> int:
        return 600 if tab == self._tab else 400

    def _paint_tab(self, painter: QPainter, tab: str, left: float, width: int) -> None:
        here = tab == self._tab
        name, weight = tr(f"tab.{tab}"), self._weight(tab)
        baseline = self.height() / 2 + 5
        painter.setFont(font(self._px, weight))
        painter.setPen(QColor(self._theme.text if here else self._theme.dim))
        painter.drawText(QPointF(left, baseline), name)
        painter.setFont(font(self._px))
        painter.setPen(QColor(self._theme.dim))
        after = left + metrics(self._px, weight).horizontalAdvance(name) + 4
        painter.drawText(QPointF(after, baseline), self._count_text(tab))
        if here:
            bar = QRectF(left, self.height() - 2, width, 2)
            painter.fillRect(bar, QColor(self._theme.accent))


class Inbox(QWidget):
    """Tabs and list. `case_chosen` carries the uid; choosing here chooses everywhere."""

    case_chosen = Signal(object)
    tab_chosen = Signal(object)
    more_wanted = Signal()

    def __init__(
        self,
        store: Store,
        theme: Theme,
        now_ms: Callable[[], int],
        parent: QWidget,
        tabs: Sequence[str] = TABS,
        *,
        big: bool = False,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._tab_names = tuple(tabs)
        self._silent = False
        self.model = CaseListModel(store, tabs[0], self)
        self._delegate = CaseRowDelegate(theme, now_ms, self, big=big)
        self._tabs = TabStrip(theme, self, tabs)
        self._tabs.setVisible(len(tabs) > 1)
        self._list = self._make_list()
        self._empty = EmptyState(theme, self)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._list)
        self._stack.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._tabs)
        layout.addLayout(self._stack, 1)
        self._tabs.chosen.connect(self.show_tab)
        self._list.selectionModel().currentChanged.connect(self._on_current)
        self._list.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self._recount()

    @property
    def tab(self) -> str:
        """The tab shown."""
        return self.model.tab

    def take(self, delta: StoreDelta) -> None:
        """Follow a change of the store, keeping the chosen case chosen."""
        if not delta.tabs:
            return
        kept = self.current()
        row = self._list.currentIndex().row()
        self._silent = True
        self.model.take(delta)
        self._silent = False
        self._recount()
        if kept is not None and not self.model.index_of(kept).isValid():
            self._list.selectionModel().clear()
            self._wait_at = row
        elif kept is not None:
            self.select(kept)

    _wait_at = -1

    def select(self, uid: UUID | None) -> None:
        """Show a case as chosen without telling anybody; None chooses nothing."""
        self._silent = True
        index = QModelIndex() if uid is None else self.model.index_of(uid)
        if index.isValid():
            self._list.setCurrentIndex(index)
            self._list.scrollTo(index)
        else:
            self._list.selectionModel().clear()
        self._silent = False

    def current(self) -> UUID | None:
        """Return the chosen case."""
        row = self.model.row_of(self._list.currentIndex())
        return None if row is None else row.uid

    def step(self, by: int) -> None:
        """Choose the next (1) or previous (-1) case."""
        count = self.model.rowCount()
        if not count:
            return
        index = self._list.currentIndex()
        if index.isValid():
            at = index.row() + by
        elif self._wait_at >= 0:
            at = self._wait_at if by > 0 else self._wait_at - 1
        else:
            at = 0
        self._wait_at = -1
        self._list.setCurrentIndex(self.model.index(max(0, min(count - 1, at)), 0))

    def show_tab(self, tab: str) -> None:
        """Show another tab, with the chosen case still chosen if it is there."""
        kept = self.current()
        self._wait_at = -1
        self._silent = True
        self.model.show_tab(tab)
        self._silent = False
        self.select(kept)
        self._recount()
        self.tab_chosen.emit(tab)

    def turn_tab(self, by: int) -> None:
        """Show the tab `by` places further."""
        names = self._tab_names
        self.show_tab(names[(names.index(self.tab) + by) % len(names)])

    def tick(self) -> None:
        """Let time pass: what remains is painted again."""
        self._list.viewport().update()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._delegate.set_theme(theme)
        self._tabs.set_theme(theme)
        self._empty.set_theme(theme)
        self._list.viewport().update()

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self._recount()
        self._list.viewport().update()

    def _make_list(self) -> RowView:
        view = RowView(self._delegate.row_height, self)
        view.setModel(self.model)
        view.setItemDelegate(self._delegate)
        view.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the station walks it, whatever has focus
        view.setMouseTracking(True)
        return view

    def _recount(self) -> None:
        counts = self._store.counts()
        self._tabs.show_counts(counts, self.tab)
        empty = counts[self.tab] == 0
        self._stack.setCurrentWidget(self._empty if empty else self._list)
        if empty:
            self._empty.say(tr(f"inbox.empty_{self.tab}"), tr(f"inbox.empty_{self.tab}_how"))

    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        row = self.model.row_of(current)
        if row is not None and not self._silent:
            self.case_chosen.emit(row.uid)

    def _on_scrolled(self, value: int) -> None:
        if self.tab == "all" and value >= self._list.verticalScrollBar().maximum() - 600:
            self.more_wanted.emit()
