"""The field's bar: three faces as big targets, who I am, what is saved and what is not sent."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from widgets.i18n import tr
from widgets.icons import LARGE, draw_icon
from widgets.symbols import draw_state
from widgets.theme import Theme, font, metrics

FACES = ("tasks", "map", "form")
_ICONS = {"tasks": "clipboard-list-outline", "map": "map-outline", "form": "pencil-outline"}
_HIGH = 56


class FieldBar(QWidget):
    """Painted; `face_chosen` carries tasks, map or form, `who_wanted` asks for the switch."""

    face_chosen = Signal(object)
    who_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._face = FACES[0]
        self._name = ""
        self._unsent = self._tasks = 0
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

    def show_state(self, name: str, unsent: int, tasks: int) -> None:
        """Show who I am, how much is not sent yet, how many tasks wait."""
        self._name, self._unsent, self._tasks = name, unsent, tasks
        self.setAccessibleName(self._state_words())
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
            words = self._state_words()
            right = self.width() - 20.0 - metrics(16, 600).horizontalAdvance(words)
            painter.setFont(font(16, 600))
            state = "attention" if self._unsent else "normal"
            painter.setPen(theme.ink(state))
            painter.drawText(QPointF(right, 34), words)
            draw_state(painter, state, QPointF(right - 18, 28), 16, theme)
            painter.setFont(font(16))
            painter.setPen(QColor(theme.text))
            wide = metrics(16).horizontalAdvance(self._name)
            painter.drawText(QPointF(right - 48 - wide, 34), self._name)
            self._who = QRectF(right - 68 - wide, 5, wide + 40, 44)

    def _paint_face(self, painter: QPainter, face: str, left: float) -> float:
        theme, here = self._theme, face == self._face
        words = tr(f"field.{face}") + (f" {self._tasks}" if face == "tasks" else "")
        width = max(96, metrics(16, 600).horizontalAdvance(words) + 72)
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

    def _state_words(self) -> str:
        if self._unsent:
            return tr("field.some_unsent", n=self._unsent)
        return tr("field.all_sent")
