"""What desk, wall and field share as windows: map, feed, one theme and one language at a time."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QWidget

from app.shell.bridge import Bridge
from app.shell.feed import Feed
from app.shell.session import Session
from app.shell.stage import Stage
from app.store import StoreDelta
from widgets.i18n import language
from widgets.pieces import Themed
from widgets.theme import Theme


@runtime_checkable
class Spoken(Protocol):
    """A part that has words of its own."""

    def retranslate(self) -> None: ...


class Station(QWidget):
    """The window of one station. Parts handed to `dress` change look and language with it.

    What a station adds it does in `_on_delta`, `_on_tick` and `retranslate`, each after this one.
    """

    def __init__(
        self, bridge: Bridge, session: Session, stage: Stage, *, least: tuple[int, int]
    ) -> None:
        super().__init__()
        self.setObjectName("station")
        self.setMinimumSize(*least)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.session, self.bridge, self.stage = session, bridge, stage
        bridge.setParent(self)
        session.setParent(self)
        self.feed = Feed(bridge, session, self)
        self._dressed: list[Themed] = []
        session.theme_changed.connect(self._on_theme)
        session.language_changed.connect(self.retranslate)
        self.feed.delta.connect(self._on_delta)
        self.feed.ticked.connect(self._on_tick)
        stage.set_theme(session.theme)

    def dress(self, *parts: Themed) -> None:
        """Let these parts take every theme and language from now on."""
        self._dressed += parts

    def open(self) -> None:
        """Begin to read and to follow; the window itself has the keys at first."""
        self.setFocus()
        self.feed.start()

    def turn_full(self) -> None:
        """Change between the whole screen and a window."""
        self.showNormal() if self.isFullScreen() else self.showFullScreen()

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        for part in self._dressed:
            if isinstance(part, Spoken):
                part.retranslate()
        self.stage.set_language(language())
        if self.session.case is not None:
            self.stage.ring(self.session.case)  # its label is in the language too

    def _on_theme(self, theme: Theme) -> None:
        for part in self._dressed:
            part.set_theme(theme)
        self.stage.set_theme(theme)

    def _on_delta(self, delta: StoreDelta) -> None:
        self.stage.follow(delta, self.feed.store)

    def _on_tick(self) -> None:
        """Let a second pass."""

    # Qt overrides

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop following."""
        self.feed.stop()
        self.bridge.close()
        self.stage.close()
