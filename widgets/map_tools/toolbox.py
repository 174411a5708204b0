"""The tools of one map: who is asked first, who holds the hand now."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from app.domain.camera import Camera
from layers.look import MapTheme
from widgets.map_tools.tool import Hand, Tool


class Toolbox:
    """Tools that always listen, and the one taken up."""

    def __init__(self) -> None:
        self._always: list[Tool] = []
        self._taken: Tool | None = None
        self._holds: Tool | None = None

    @property
    def taken(self) -> Tool | None:
        """The tool taken up, if any."""
        return self._taken

    @property
    def cursor(self) -> Qt.CursorShape:
        """How the pointer looks now."""
        return Qt.CursorShape.ArrowCursor if self._taken is None else self._taken.cursor

    def add(self, tool: Tool) -> None:
        """Let a tool always listen, before those added earlier."""
        self._always.insert(0, tool)

    def take(self, tool: Tool | None) -> None:
        """Take up a tool, None to put it away; the one before lets go."""
        before, self._taken, self._holds = self._taken, tool, None
        if before is not None and before is not tool:
            before.leave()

    def press(self, hand: Hand) -> bool:
        """Offer a press."""
        self._holds = next((tool for tool in self._asked() if tool.press(hand)), None)
        return self._holds is not None

    def move(self, hand: Hand) -> bool:
        """Tell a movement; returns whether it belongs to a tool."""
        if self._holds is not None:
            self._holds.drag(hand)
            return True
        for tool in self._asked():
            tool.hover(hand)
        return False

    def release(self, hand: Hand) -> bool:
        """Tell a release; returns whether it belonged to a tool."""
        held, self._holds = self._holds, None
        if held is not None:
            held.release(hand)
        return held is not None

    def click(self, hand: Hand) -> bool:
        """Offer a click."""
        return any(tool.click(hand) for tool in self._asked())

    def twice(self, hand: Hand) -> bool:
        """Offer a double click."""
        return any(tool.twice(hand) for tool in self._asked())

    def wants(self, key: Qt.Key) -> bool:
        """Whether a tool has a use for a key."""
        return any(tool.wants(key) for tool in self._asked())

    def key(self, key: Qt.Key) -> bool:
        """Offer a key."""
        return any(tool.key(key) for tool in self._asked())

    def paint(self, painter: QPainter, camera: Camera, theme: MapTheme) -> None:
        """Draw what tools are doing."""
        for tool in reversed(self._asked()):
            tool.paint(painter, camera, theme)

    def _asked(self) -> list[Tool]:
        return self._always if self._taken is None else [self._taken, *self._always]
