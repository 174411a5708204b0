"""A person at the keyboard of a window, and photos kept in memory."""

from __future__ import annotations

import hashlib
from typing import Any

from PySide6.QtGui import QInputMethodEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication


class Keys:
    """A person at the keyboard of one window: every key goes where the focus is."""

    def __init__(self, qtbot: Any, window: Any) -> None:
        self._qtbot, self._window = qtbot, window
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        window.setFocus()

    def press(self, *sequences: str) -> None:
        """Press these, such as "Ctrl+N", and wait each time until all is answered."""
        for sequence in sequences:
            combination = QKeySequence(sequence)[0]
            QTest.keyClick(
                self._window.windowHandle(), combination.key(), combination.keyboardModifiers()
            )
            self._settle()

    def type(self, text: str) -> None:
        """Type a text, Chinese too, as an input method commits it."""
        event = QInputMethodEvent()
        event.setCommitString(text)
        QApplication.sendEvent(QApplication.focusWidget(), event)
        self._settle()

    def _settle(self) -> None:
        self._qtbot.wait(1)
        self._qtbot.waitUntil(lambda: self._window.bridge.waiting == 0)


class MemoryBlobs:
    """Photos in a dictionary."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def put(self, data: bytes, name: str) -> str:
        digest = hashlib.sha256(data).hexdigest()
        self.held[digest] = data
        return digest

    def get(self, digest: str) -> bytes:
        return self.held[digest]
