"""The camera folder: what the camera left there, to go with a task or into a new report."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from widgets.empty import EmptyState
from widgets.i18n import tr
from widgets.photo_grid import PhotoGrid, Shot
from widgets.pieces import KeyButton, make_label
from widgets.theme import Theme

_HIGH = 48


class CameraPage(QWidget):
    """Shows a folder's photos. `task_wanted` and `report_wanted` carry the chosen `Shot`s."""

    folder_wanted = Signal()
    task_wanted = Signal(object)
    report_wanted = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._folder = self._task = self._trouble = ""
        self._shots: tuple[Shot, ...] = ()
        self._title = make_label(self, 16, 600)
        self._note = make_label(self, 14, ink="dim")
        self._choose = KeyButton(theme, self)
        self.grid = PhotoGrid(theme, self)
        self._empty = EmptyState(theme, self)
        self._to_task, self._to_report = KeyButton(theme, self, accent=True), KeyButton(theme, self)
        for button in (self._choose, self._to_task, self._to_report):
            button.set_height(_HIGH)
        self._scroll = QScrollArea(self)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self.grid)
        self._painted = (self.grid, self._empty, self._choose, self._to_task, self._to_report)
        self._lay_out()
        self._connect()
        self.retranslate()

    def show_folder(self, folder: str, trouble: str = "") -> None:
        """Show which folder is watched, and what is wrong with it, if anything."""
        self._folder, self._trouble = folder, trouble
        self.retranslate()

    def show_shots(self, shots: Sequence[Shot]) -> None:
        """Show what lies in the folder, newest first."""
        self._shots = tuple(shots)
        self.grid.show_shots(self._shots)
        self.retranslate()

    def show_task(self, title: str) -> None:
        """Show which task is open, empty for none."""
        self._task = title
        self._say_buttons()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        for part in self._painted:
            part.set_theme(theme)

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self._title.setText(self._folder or tr("camera.title"))
        count = tr("camera.count", n=len(self._shots)) if self._folder else ""
        self._note.setText("   ".join(filter(None, (count, tr("camera.safe")))))
        self._choose.say(tr("camera.change") if self._folder else tr("camera.choose"), "O")
        empty = not self._shots
        self._pages.setCurrentWidget(self._empty if empty else self._scroll)
        if self._trouble:
            self._empty.say(tr("camera.trouble"), self._trouble)
        elif not self._folder:
            self._empty.say(tr("camera.none"), tr("camera.none_how"))
        else:
            self._empty.say(tr("camera.empty"), tr("camera.empty_how"))
        self._say_buttons()

    def take_keys(self) -> None:
        """Put the keys on the photos."""
        self.grid.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Attach on Enter, report on Ctrl Enter, from the photos."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                ctrl = event.modifiers() & Qt.KeyboardModifier.ControlModifier
                (self._on_report if ctrl else self._on_task)()
                return True
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                self.grid.keyPressEvent(event)
                box = self.grid.at_box()
                self._scroll.ensureVisible(box.center().x(), box.center().y(), 0, box.height())
                return True
        return False

    def _say_buttons(self) -> None:
        count = len(self.grid.marked())
        first = "" if count else tr("camera.pick_first")
        no_task = "" if self._task else tr("camera.no_task")
        self._to_task.say(no_task or first or tr("camera.to_task", n=count), "↵")
        self._to_report.say(first or tr("camera.to_report", n=count), "Ctrl ↵")
        self._to_task.setEnabled(bool(count and self._task))
        self._to_report.setEnabled(bool(count))
        self._to_task.setToolTip(self._task)

    def _on_folder(self) -> None:
        self.folder_wanted.emit()

    def _on_task(self) -> None:
        if self._to_task.isEnabled():
            self.task_wanted.emit(self.grid.marked())

    def _on_report(self) -> None:
        if self._to_report.isEnabled():
            self.report_wanted.emit(self.grid.marked())

    def _connect(self) -> None:
        self.grid.installEventFilter(self)
        self.grid.chosen.connect(self._say_buttons)
        self._choose.clicked.connect(self._on_folder)
        self._to_task.clicked.connect(self._on_task)
        self._to_report.clicked.connect(self._on_report)

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._title)
        words.addWidget(self._note)
        head = QHBoxLayout()
        head.setContentsMargins(12, 8, 12, 8)
        head.addLayout(words, 1)
        head.addWidget(self._choose)
        self._pages = QStackedLayout()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._scroll)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 8, 12, 8)
        foot.setSpacing(8)
        foot.addWidget(self._to_task, 1)
        foot.addWidget(self._to_report, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addLayout(self._pages, 1)
        layout.addLayout(foot)
