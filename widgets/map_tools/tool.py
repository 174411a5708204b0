"""What a tool on the map is: it may take the hand and the keys before the camera does.

A map has tools that always listen (a box by Shift and drag) and at most one that was taken up
(`Toolbox.take`). The one taken up is asked first. What no tool takes moves the camera or picks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from app.domain.camera import Camera
from layers.look import MapTheme


@dataclass(frozen=True)
class Hand:
    """Where the pointer is: logical pixels and local metres, and which keys are held."""

    sx: float
    sy: float
    x: float
    y: float
    shift: bool = False
    ctrl: bool = False
    alt: bool = False


class Tool(Protocol):
    """A tool. Methods that return whether they took the event leave it to the camera if not."""

    cursor: Qt.CursorShape

    def press(self, hand: Hand) -> bool:
        """Take the left button going down; if taken, `drag` and `release` follow."""
        ...

    def drag(self, hand: Hand) -> None:
        """Follow a movement of the hand after a press that was taken."""
        ...

    def release(self, hand: Hand) -> None:
        """Take the button going up after a press that was taken."""
        ...

    def hover(self, hand: Hand) -> None:
        """See where the pointer is."""
        ...

    def click(self, hand: Hand) -> bool:
        """Take a click that was no drag."""
        ...

    def twice(self, hand: Hand) -> bool:
        """Take a double click; its first click was told by `click`."""
        ...

    def wants(self, key: Qt.Key) -> bool:
        """Whether `key` means something here now, so that no short cut takes it."""
        ...

    def key(self, key: Qt.Key) -> bool:
        """Take a key."""
        ...

    def paint(self, painter: QPainter, camera: Camera, theme: MapTheme) -> None:
        """Draw what is being done, over everything else on the map."""
        ...

    def leave(self) -> None:
        """Let go of what is under way, because another tool or none is taken up."""
        ...


class Idle:
    """A tool that takes nothing: what real ones begin from."""

    cursor = Qt.CursorShape.ArrowCursor

    def press(self, hand: Hand) -> bool:
        """Take nothing."""
        return False

    def drag(self, hand: Hand) -> None:
        """Follow nothing."""

    def release(self, hand: Hand) -> None:
        """Take nothing."""

    def hover(self, hand: Hand) -> None:
        """See nothing."""

    def click(self, hand: Hand) -> bool:
        """Take nothing."""
        return False

    def twice(self, hand: Hand) -> bool:
        """Take nothing."""
        return False

    def wants(self, key: Qt.Key) -> bool:
        """Want nothing."""
        return False

    def key(self, key: Qt.Key) -> bool:
        """Take nothing."""
        return False

    def paint(self, painter: QPainter, camera: Camera, theme: MapTheme) -> None:
        """Draw nothing."""

    def leave(self) -> None:
        """Let go of nothing."""
