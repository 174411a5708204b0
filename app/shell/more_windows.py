"""More windows on the same city in one process: each of its own view, in one look and language."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from app.shell.desk import Desk
from app.shell.station import Station
from widgets.i18n import language
from widgets.theme import Theme

_ASIDE = 48  # pixels a window on the same screen stands off the one before


class MoreWindows(QObject):
    """Opens and closes what stands beside the first window; they end with it."""

    def __init__(self, first: Desk, build: Callable[..., Station]) -> None:
        super().__init__(first)
        self._build = build
        self._first = first
        self.windows: list[Desk] = []
        self._listen(first)

    def open(self) -> Desk:
        """Open one more window, on another screen if there is one, with the first one's view."""
        window = self._build(lang=language())
        if not isinstance(window, Desk):
            raise TypeError("more windows are desks")
        if window.session.theme.name != self._first.session.theme.name:
            window.session.set_theme(self._first.session.theme.name)
        self.windows.append(window)
        self._listen(window)
        self._place(window)
        window.map.views.load(self._first.map.views.links)
        window.show()
        window.open()
        window.map.views.open(self._first.map.views.link())
        window.closed.connect(self._on_closed)
        return window

    def close(self) -> None:
        """Close them all."""
        for window in self.windows:
            window.close()
            window.deleteLater()
        self.windows = []

    def _listen(self, window: Desk) -> None:
        window.new_window_wanted.connect(self.open)
        window.session.theme_changed.connect(self._on_theme)
        window.session.language_changed.connect(self._on_language)

    def _place(self, window: Desk) -> None:
        here = self._first.screen()
        others = [screen for screen in QGuiApplication.screens() if screen is not here]
        if others:
            window.setGeometry(others[len(self.windows) % len(others)].availableGeometry())
            return
        aside = _ASIDE * len(self.windows)
        window.resize(self._first.size())
        window.move(self._first.x() + aside, self._first.y() + aside)

    def _all(self) -> list[Desk]:
        return [self._first, *self.windows]

    def _on_theme(self, theme: Theme) -> None:
        for window in self._all():
            if window.session.theme.name != theme.name:
                window.session.set_theme(theme.name)

    def _on_language(self) -> None:
        """Let the others speak as the one that was turned: the language is the program's."""
        for window in self._all():
            if window.session is not self.sender():
                window.retranslate()

    def _on_closed(self) -> None:
        gone = self.sender()
        self.windows = [window for window in self.windows if window is not gone]
        gone.deleteLater()
