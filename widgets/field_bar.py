"""The field's bar: five pages as big targets, and who I am."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from widgets.i18n import tr
from widgets.icons import LARGE, draw_icon
from widgets.theme import Theme, font, metrics

FACES = ("tasks", "map", "form", "camera", "sync")
_ICONS = {"tasks": "clipboard-list-outline", "map": "map-outline", "form": "pencil-outline",
          "camera": "camera-outline", "sync": "sync"}  # fmt: skip
_HIGH = 56


class FieldBar(QWidget):
    """Painted; `face_chosen` carries the page's name, `who_wanted` asks for the switch."""

    face_chosen = Signal(object)
    who_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._face = FACES[0]
        self._name = ""
        self._tasks = 0
        self._boxes: list[tuple[str, QRectF]] = []
        self._who = QRectF()
        self.setFixedHeight(_HIGH)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self.update()

    def show_face(self, face: str) -> None:
        """Show which face is up."""
        self._face = face
        self.update()

    def show_state(self, name: str, tasks: int) -> None:
        """Show who I am and how many tasks wait."""
        if (name, tasks) == (self._name, self._tasks):
            return
        self._name, self._tasks = name, tasks
        self.setAccessibleName(f"{tr('field.tasks')} {tasks}; {name}")
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the face under the finger."""
        for face, box in self._boxes:
            if box.contains(event.position()):
                self.face_chosen.emit(face)
        if self._who.contains(event.position()):
            self.who_wanted.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint faces at the left, the state of what I did at the right."""
        theme = self._theme
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(theme.panel))
            painter.fillRect(0, _HIGH - 2, self.width(), 2, QColor(theme.line))
            left = 12.0
            self._boxes = []
            for face in FACES:
                left = self._paint_face(painter, face, left) + 8
            room = int(self.width() - left - 64)
            name = metrics(16).elidedText(self._name, Qt.TextElideMode.ElideRight, room)
            wide = metrics(16).horizontalAdvance(name) + 40
            self._who = QRectF(self.width() - wide - 12, 5, wide, 44)
            ink = QColor(theme.text)
            draw_icon(painter, "account-outline", self._who.adjusted(0, 0, -wide + 28, 0), ink,
                      LARGE)  # fmt: skip
            painter.setFont(font(16))
            painter.setPen(ink)
            painter.drawText(self._who.adjusted(34, 0, 0, 0), _VCENTER, name)

    def _paint_face(self, painter: QPainter, face: str, left: float) -> float:
        theme, here = self._theme, face == self._face
        words = tr(f"field.{face}") + (f" {self._tasks}" if face == "tasks" else "")
        width = max(96, metrics(16, 600).horizontalAdvance(words) + 60)
        box = QRectF(left, 5, width, 44)
        self._boxes.append((face, box))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen if here else QColor(theme.line))
        painter.setBrush(QColor(theme.accent if here else theme.panel))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setFont(font(16, 600))
        painter.setPen(QColor("#FFFFFF" if here else theme.text))
        painter.drawText(box.adjusted(28, 0, 0, 0), Qt.AlignmentFlag.AlignCenter, words)
        ink = QColor("#FFFFFF" if here else theme.text)
        draw_icon(painter, _ICONS[face], QRectF(left + 12, 5, LARGE, 44), ink, LARGE)
        return left + width


_VCENTER = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
