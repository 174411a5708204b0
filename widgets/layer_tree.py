"""The layer tree: groups, visibility, opacity, filters by click, a legend of what is in sight.

It shows a `Tree` and says what a person wants; it changes nothing itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from widgets.i18n import tr
from widgets.overlay import keeps_key
from widgets.pieces import make_label
from widgets.theme import Theme

_WIDE, _MARGIN, _SWATCH = 284, 14, 12


@dataclass(frozen=True)
class Choice:
    """One thing to switch: `name` is what is emitted, `colour` '#RRGGBB' of its swatch.

    `opacity` in per cent has a slider, None has not; `note` stands dim at the right.
    """

    name: str
    words: str
    on: bool
    colour: str = ""
    note: str = ""
    opacity: int | None = None
    faint: bool = False


@dataclass(frozen=True)
class Section:
    """A heading with what can be switched under it, and buttons (name, words)."""

    title: str
    choices: tuple[Choice, ...] = ()
    buttons: tuple[tuple[str, str], ...] = ()
    hour: int | None = None


class _Swatch(QWidget):
    def __init__(self, colour: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._colour = colour
        self.setFixedSize(_SWATCH, _SWATCH)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._colour))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 3, 3)


class LayerTree(QFrame):
    """Stands at the right of the map `over`.

    Signals:
        switched: name, on. faded: name, per cent. pressed: name of a button. hour_chosen: 0 to 23.
        closed: nothing, by a person.
    """

    switched = Signal(str, bool)
    faded = Signal(str, int)
    pressed = Signal(str)
    hour_chosen = Signal(int)
    closed = Signal()

    def __init__(self, theme: Theme, over: QWidget) -> None:
        super().__init__(over)
        self.setObjectName("float")
        self._theme, self._over = theme, over
        self._shown: tuple[Section, ...] = ()
        self._hour: QLabel | None = None
        self._area = QScrollArea(self)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 6, 1, 6)
        layout.addWidget(self._area)
        over.installEventFilter(self)
        self.hide()

    @property
    def sections(self) -> tuple[Section, ...]:
        """What is on show."""
        return self._shown

    def show_sections(self, sections: Sequence[Section]) -> None:
        """Show these; nothing is rebuilt if they are the same."""
        if tuple(sections) == self._shown:
            return
        self._shown = tuple(sections)
        at = self._area.verticalScrollBar().value()
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(11, 4, 11, 4)
        column.setSpacing(2)
        for section in sections:
            self._add_section(section, page, column)
        column.addStretch(1)
        self._area.setWidget(page)
        self._area.verticalScrollBar().setValue(at)
        self._place()

    def open(self) -> None:
        """Show the panel."""
        self._place()
        self.show()
        self.raise_()

    def leave(self) -> bool:
        """Close; returns whether it was open."""
        shown = self.isVisible()
        self.hide()
        return shown

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme

    def event(self, event: QEvent) -> bool:
        """Keep plain keys from being short cuts of the window, but for L and Esc."""
        key = event.key() if hasattr(event, "key") else 0
        if key not in (Qt.Key.Key_L, Qt.Key.Key_Escape) and keeps_key(event):
            return True
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the map's edge."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def sizeHint(self) -> QSize:
        """Return room for all, as far as the map has it."""
        page = self._area.widget()
        high = 200 if page is None else page.sizeHint().height() + 14
        return QSize(_WIDE, min(high, self._over.height() - 2 * _MARGIN - 140))

    def _add_section(self, section: Section, page: QWidget, column: QVBoxLayout) -> None:
        head = make_label(page, 12, 600, "dim")
        head.setText(section.title)
        head.setContentsMargins(0, 8, 0, 2)
        column.addWidget(head)
        for choice in section.choices:
            column.addLayout(self._line(choice, page))
        if section.hour is not None:
            column.addLayout(self._hours(section.hour, page))
        if section.buttons:
            row = QHBoxLayout()
            row.setSpacing(6)
            for name, words in section.buttons:
                button = QPushButton(words, page)
                button.setObjectName("chip")
                button.setProperty("deed", name)
                button.clicked.connect(self._on_pressed)
                row.addWidget(button)
            row.addStretch(1)
            column.addLayout(row)

    def _line(self, choice: Choice, page: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        box = QCheckBox(choice.words, page)
        box.setChecked(choice.on)
        box.setProperty("deed", choice.name)
        box.setMinimumHeight(26)
        if choice.faint:
            box.setToolTip(tr("layer.not_here"))
            box.setStyleSheet(f"color: {self._theme.dim}")
        box.clicked.connect(self._on_switched)
        if choice.colour:
            row.addWidget(_Swatch(choice.colour, page))
        row.addWidget(box)
        row.addStretch(1)
        if choice.note:
            note = QLabel(choice.note, page)
            note.setProperty("ink", "dim")
            row.addWidget(note)
        if choice.opacity is not None:
            row.addWidget(self._slider(choice.name, choice.opacity, choice.words, page))
        return row

    def _slider(self, name: str, value: int, words: str, page: QWidget) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal, page)
        slider.setRange(10, 100)
        slider.setPageStep(10)
        slider.setValue(value)
        slider.setFixedWidth(64)
        slider.setToolTip(tr("layer.opacity"))
        slider.setAccessibleName(f"{words} {tr('layer.opacity')}")
        slider.setProperty("deed", name)
        slider.valueChanged.connect(self._on_faded)
        return slider

    def _hours(self, hour: int, page: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(10)
        label = QLabel(tr("layer.hour", hour=hour), page)
        label.setProperty("ink", "dim")
        slider = QSlider(Qt.Orientation.Horizontal, page)
        slider.setRange(0, 23)
        slider.setValue(hour)
        slider.setAccessibleName(tr("layer.heat"))
        slider.valueChanged.connect(self._on_hour)
        self._hour = label
        row.addWidget(label)
        row.addWidget(slider, 1)
        return row

    def _on_pressed(self) -> None:
        self.pressed.emit(str(self.sender().property("deed")))

    def _on_switched(self, on: bool) -> None:
        self.switched.emit(str(self.sender().property("deed")), on)

    def _on_hour(self, hour: int) -> None:
        if self._hour is not None:
            self._hour.setText(tr("layer.hour", hour=hour))
        self.hour_chosen.emit(hour)

    def _on_faded(self, value: int) -> None:
        self.faded.emit(str(self.sender().property("deed")), value)

    def _place(self) -> None:
        size = self.sizeHint()
        left = self._over.width() - size.width() - _MARGIN
        self.setGeometry(left, _MARGIN, size.width(), size.height())
