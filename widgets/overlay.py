"""A panel that floats over its window: palette, form, key sheet. Esc closes it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QWidget

from widgets.theme import Theme

_CTRL = Qt.KeyboardModifier.ControlModifier
_BY_TAB, _BY_BACKTAB = Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason
_MOST_WIDGETS = 1000
_F1, _F12 = Qt.Key.Key_F1, Qt.Key.Key_F12


def keeps_key(event: QEvent) -> bool:
    """Take a plain key for the widgets inside; returns whether `event` asked for one.

    Letters are short cuts of the window. Whoever fills in a form and stands on one of its buttons
    must not send a case with them.
    """
    if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
        return False
    held = event.modifiers() & (_CTRL | Qt.KeyboardModifier.AltModifier)
    plain = not held and not _F1 <= event.key() <= _F12
    event.setAccepted(plain)
    return plain


class Overlay(QFrame):
    """A card `wide` px wide, `top` px below the window's top, in its middle or at `left`."""

    def __init__(
        self, theme: Theme, parent: QWidget, wide: int, top: int, left: int | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("float")
        self._theme = theme
        self._wide, self._top, self._left = wide, top, left
        self._under = parent
        self.hide()
        parent.installEventFilter(self)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def pop_up(self) -> None:
        """Show over everything else."""
        self.place()
        self.show()
        self.raise_()

    def place(self) -> None:
        """Take the place and size that fit the window."""
        window = self._under
        wide = min(self._wide, window.width() - 48)
        layout = self.layout()
        wanted = self.sizeHint().height()
        if layout is not None and layout.hasHeightForWidth():
            wanted = layout.totalHeightForWidth(wide)
        high = min(wanted, window.height() - self._top - 24)
        left = (window.width() - wide) // 2 if self._left is None else self._left
        self.setGeometry(left, self._top, wide, high)

    def leave(self) -> None:
        """Close, and give the keys back to the window."""
        self.hide()
        self._under.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in place when the window changes size."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.place()
        return False

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802
        """Let Tab walk round within the panel."""
        at = self.focusWidget()
        for _ in range(_MOST_WIDGETS):
            here = at or self
            after = here.nextInFocusChain() if forward else here.previousInFocusChain()
            if after is None:
                break
            at = after
            takes = at.focusPolicy() & Qt.FocusPolicy.TabFocus
            if takes and self.isAncestorOf(at) and at.isVisible() and at.isEnabled():
                at.setFocus(_BY_TAB if forward else _BY_BACKTAB)
                return True
        return False

    def event(self, event: QEvent) -> bool:
        """Keep plain keys, and so Tab, from being short cuts of the window below."""
        if keeps_key(event):
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close on Esc; no key goes on to the window below."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        event.accept()
