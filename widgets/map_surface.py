"""The bare surface of a map: hands and keys go to its tools first, then to `Gestures`."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from widgets.map_gestures import Gestures
from widgets.map_tools.tool import Hand, Tool
from widgets.map_tools.toolbox import Toolbox

_OWN_KEYS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)


class MapSurface(QWidget):
    """A widget that paints all of itself and listens to pointer, wheel and keys."""

    stepped = Signal(int)  # -1 back, 1 forward, by the mouse's own buttons
    menu_wanted = Signal(object)  # QPoint, of the surface: what can be done there

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._gestures = Gestures(self)
        self.tools = Toolbox()
        self.pointer: QPointF | None = None  # where it is, None while it is elsewhere
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)

    def take_tool(self, tool: Tool | None) -> None:
        """Take up a tool, with the keys; None puts it away."""
        self.tools.take(tool)
        self.setCursor(self.tools.cursor)
        if tool is not None:
            self.setFocus()
        self.update()

    def to_world(self, sx: float, sy: float) -> tuple[float, float]:
        """Return the local metres under a pixel; the map's camera knows."""
        return sx, sy

    def hand_at(self, at: QPointF) -> Hand:
        """Return the hand at a place of the surface, with the keys held now."""
        held = QGuiApplication.keyboardModifiers()
        x, y = self.to_world(at.x(), at.y())
        return Hand(
            at.x(), at.y(), x, y,
            bool(held & Qt.KeyboardModifier.ShiftModifier),
            bool(held & Qt.KeyboardModifier.ControlModifier),
            bool(held & Qt.KeyboardModifier.AltModifier),
        )  # fmt: skip

    def event(self, event: QEvent) -> bool:
        """Keep keys from short cuts of the window that a tool or the focused map has a use for."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            key, plain = Qt.Key(event.key()), event.modifiers() in _PLAIN
            if plain and (key in _OWN_KEYS or self.tools.wants(key)):
                event.accept()
                return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """See `Toolbox` and `Gestures`; the mouse's own buttons go back and forward."""
        if event.button() in _STEPS:
            self.stepped.emit(_STEPS[event.button()])
            return
        left = event.button() == Qt.MouseButton.LeftButton
        if not (left and self.tools.press(self.hand_at(event.position()))):
            self._gestures.press(event)

    def leaveEvent(self, _event: QEvent) -> None:
        """Know that the pointer is elsewhere."""
        self.pointer = None

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for what can be done at a place; by key, at the middle."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        at = self.rect().center() if by_key and self.pointer is None else event.pos()
        self.menu_wanted.emit(at)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """See `Toolbox` and `Gestures`."""
        self.pointer = event.position()
        if not self.tools.move(self.hand_at(event.position())):
            self._gestures.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """See `Toolbox` and `Gestures`."""
        left = event.button() == Qt.MouseButton.LeftButton
        if not (left and self.tools.release(self.hand_at(event.position()))):
            self._gestures.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """See `Toolbox` and `Gestures`."""
        left = event.button() == Qt.MouseButton.LeftButton
        if not (left and self.tools.twice(self.hand_at(event.position()))):
            self._gestures.double_click(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """See `Gestures`."""
        self._gestures.wheel(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See `Toolbox` and `Gestures`; other keys go on to the window."""
        if self.tools.key(Qt.Key(event.key())):
            return
        if not self._gestures.key(event, self.width(), self.height()):
            super().keyPressEvent(event)


_STEPS = {Qt.MouseButton.BackButton: -1, Qt.MouseButton.ForwardButton: 1}
_PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
