"""The layer tree: groups, visibility, strength, scales, filters by click, counts in sight.

It shows rows (`widgets.tree_rows`) and says what a person wants; it changes nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout
from PySide6.QtWidgets import QWidget as Widget

from widgets.i18n import tr
from widgets.overlay import keeps_key
from widgets.pieces import make_label
from widgets.theme import Theme
from widgets.tree_rows import TreeRow, TreeRows

_WIDE, _WIDE_TOUCH, _MARGIN, _HEAD = 324, 400, 14, 84
_BELOW = 44  # kept free under the tree, for the scale


class LayerTree(QFrame):
    """Stands at the right of the map `over`.

    Signals: those of `TreeRows`; `searched` carries the text looked for among classes, `closed`
    nothing, by a person.
    """

    switched = Signal(str, bool)
    opened = Signal(str, bool)
    slid = Signal(str, float, float)
    pressed = Signal(str)
    only = Signal(str)
    without = Signal(str)
    searched = Signal(str)
    closed = Signal()

    def __init__(self, theme: Theme, over: Widget, *, touch: bool = False) -> None:
        super().__init__(over)
        self.setObjectName("float")
        self._over, self._wide = over, _WIDE_TOUCH if touch else _WIDE
        self._field = QLineEdit(self)
        self._rows = TreeRows(theme, self, touch=touch)
        self._title = make_label(self, 14, 600)
        self._keys = QLabel(self)
        self._keys.setProperty("ink", "dim")
        self._field.setClearButtonEnabled(True)
        self._field.textChanged.connect(self._on_text)
        self._area = QScrollArea(self)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self._rows)
        self._lay_out()
        self._connect()
        for listened in (self._field, self._rows, over):
            listened.installEventFilter(self)
        self.retranslate()
        self.hide()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(11, 4, 11, 0)
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._keys)
        field = QHBoxLayout()
        field.setContentsMargins(11, 0, 11, 2)
        field.addWidget(self._field)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 6, 1, 6)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addLayout(field)
        layout.addWidget(self._area, 1)

    def _connect(self) -> None:
        rows = self._rows
        for mine, theirs in (
            (self.switched, rows.switched), (self.opened, rows.opened), (self.slid, rows.slid),
            (self.pressed, rows.pressed), (self.only, rows.only), (self.without, rows.without),
        ):  # fmt: skip
            theirs.connect(mine)
        rows.stepped.connect(self._on_stepped)

    @property
    def rows(self) -> tuple[TreeRow, ...]:
        """What is on show."""
        return self._rows.rows

    @property
    def sought(self) -> str:
        """The text that stands in the field."""
        return self._field.text().strip()

    def show_rows(self, rows: Sequence[TreeRow]) -> None:
        """Show these; nothing is done if they are the same."""
        if tuple(rows) != self._rows.rows:
            self._rows.fill(rows)
            self._place()

    def seek(self, text: str) -> None:
        """Look for classes by a text, as if it had been typed."""
        self._field.setText(text)

    def open(self) -> None:
        """Show the panel; it has the keys."""
        self._place()
        self.show()
        self.raise_()
        self._rows.setFocus()

    def leave(self) -> bool:
        """Close, and give the keys back to the map; returns whether it was open."""
        shown = self.isVisible()
        self.hide()
        if shown:
            self._over.setFocus()
        return shown

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._rows.theme = theme
        self._rows.update()

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self._title.setText(tr("tool.layers"))
        self._keys.setText(tr("layer.keys"))
        self._field.setPlaceholderText(tr("layer.seek"))
        self._field.setAccessibleName(tr("layer.seek"))
        self._rows.setToolTip("")

    def event(self, event: QEvent) -> bool:
        """Keep plain keys from being short cuts of the window, but for L and Esc."""
        key = event.key() if isinstance(event, QKeyEvent) else 0
        typing = isinstance(self.focusWidget(), QLineEdit) and self.focusWidget().hasFocus()
        if (typing or key not in (Qt.Key.Key_L, Qt.Key.Key_Escape)) and keeps_key(event):
            return True
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the map's edge; go between field and rows; close on Esc."""
        if event.type() == QEvent.Type.Resize and watched is self._over and self.isVisible():
            self._place()
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        key = event.key()
        if watched is self._field and key in (Qt.Key.Key_Down, Qt.Key.Key_Return):
            self._rows.setFocus()
        elif watched is self._rows and key == Qt.Key.Key_Slash:
            self._field.setFocus()
        elif watched in (self._field, self._rows) and key == Qt.Key.Key_Escape:
            self._escape()
        else:
            return False
        return True

    def sizeHint(self) -> QSize:
        """Return room for all, as far as the map has it."""
        high = self._rows.sizeHint().height() + _HEAD
        return QSize(self._wide, min(high, self._over.height() - 2 * _MARGIN - _BELOW))

    def _escape(self) -> None:
        if self._field.text():
            self._field.clear()
            return
        self.leave()
        self.closed.emit()

    def _on_text(self, text: str) -> None:
        self.searched.emit(text.strip())

    def _on_stepped(self, y: int, high: int) -> None:
        self._area.ensureVisible(0, y + high // 2, 0, high)

    def _place(self) -> None:
        size = self.sizeHint()
        left = self._over.width() - size.width() - _MARGIN
        self.setGeometry(left, _MARGIN, size.width(), size.height())
