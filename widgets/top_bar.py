"""The top bar: where we are, search, who is on shift, alarms, the time of day."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from app.domain.areas import Area
from widgets.i18n import tr
from widgets.icons import SMALL, draw_icon
from widgets.pieces import make_label
from widgets.symbols import draw_open_diamond, draw_state
from widgets.theme import Theme, font, metrics
from widgets.words import area_name, person_named

_SEARCH_WIDTH = 520
_HALF_BLINK_MS = 500


class Breadcrumb(QWidget):
    """City › district › street; a click on a name goes there, on the arrow opens the choice."""

    area_chosen = Signal(object)  # Area, or None for the whole city
    choice_wanted = Signal(object)  # the Area whose children to offer, None for the city

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._city = ""
        self._areas: tuple[Area, ...] = ()
        self._boxes: list[tuple[int, QRectF]] = []
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(39)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def show_path(self, city: str, areas: Sequence[Area]) -> None:
        """Show the way from the city down to where we are."""
        self._city, self._areas = city, tuple(areas)
        self.setAccessibleName(" › ".join(self._names()))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for all names."""
        width = sum(metrics(14, 600).horizontalAdvance(name) + 36 for name in self._names())
        return QSize(width + 12, 39)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint names, chevrons and the arrow."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(font(14, 600))
            self._boxes = []
            left, middle = 12.0, self.height() / 2
            for at, name in enumerate(self._names()):
                if at:
                    self._chevron(painter, left + 18, middle)
                    left += 36
                width = metrics(14, 600).horizontalAdvance(name)
                painter.setPen(QColor(self._theme.text))
                painter.drawText(QPointF(left, middle + 5), name)
                self._boxes.append((at, QRectF(left - 8, 0, width + 16, self.height())))
                left += width
            self._arrow(painter, left + 20, middle)
            self._boxes.append((-1, QRectF(left + 8, 0, 28, self.height())))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the name under the pointer, or offer its children."""
        for at, box in self._boxes:
            if box.contains(event.position()):
                self._choose(at)
                return

    def _choose(self, at: int) -> None:
        if at == -1:
            self.choice_wanted.emit(self._areas[-1] if self._areas else None)
        else:
            self.area_chosen.emit(self._areas[at - 1] if at else None)

    def _names(self) -> list[str]:
        return [self._city, *(area_name(area) for area in self._areas)]

    def _chevron(self, painter: QPainter, x: float, middle: float) -> None:
        painter.setPen(QPen(QColor(self._theme.dim), 1.2))
        painter.drawPolyline(
            [QPointF(x - 2, middle - 3.5), QPointF(x + 2, middle), QPointF(x - 2, middle + 3.5)]
        )

    def _arrow(self, painter: QPainter, x: float, middle: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.dim))
        painter.drawPolygon(
            [QPointF(x - 4, middle - 2), QPointF(x + 4, middle - 2), QPointF(x, middle + 3.5)]
        )


class SearchField(QWidget):
    """Looks like a field; a click opens the palette, which does the searching."""

    wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setFixedHeight(28)
        self.setMaximumWidth(_SEARCH_WIDTH)
        self.setMinimumWidth(200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        """Return the width of the pictures."""
        return QSize(_SEARCH_WIDTH, 28)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Open the palette."""
        self.wanted.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the field with its hint and key."""
        theme = self._theme
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(theme.line), 1))
            painter.setBrush(QColor(theme.field))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
            painter.setFont(font(14))
            painter.setPen(QColor(theme.dim))
            room = self.width() - 100
            hint = tr("bar.search")
            if metrics(14).horizontalAdvance(hint) > room:
                hint = tr("bar.search_short")
            painter.drawText(QPointF(34, self.height() / 2 + 5), hint)
            lens = QRectF(8, 0, 22, self.height())
            draw_icon(painter, "magnify", lens, QColor(theme.dim), SMALL)
            key = QRectF(self.width() - 54, self.height() / 2 - 8.5, 43, 17)
            painter.setPen(QPen(QColor(theme.line), 1))
            painter.setBrush(QColor(theme.panel))
            painter.drawRoundedRect(key, 4, 4)
            painter.setFont(font(12))
            painter.setPen(QColor(theme.dim))
            painter.drawText(key, Qt.AlignmentFlag.AlignCenter, "Ctrl K")


class AlarmCount(QWidget):
    """A red diamond and how many cases are critical; nothing red when there are none.

    It blinks once a second while one of them is not acknowledged. Nothing else blinks.
    """

    wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._count = self._unseen = 0
        self._lit = True
        self._blink = QTimer(self)
        self._blink.setInterval(_HALF_BLINK_MS)
        self._blink.timeout.connect(self._turn)
        self.setFixedHeight(39)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.show_count(0)

    @property
    def is_blinking(self) -> bool:
        """Whether an alarm waits to be acknowledged."""
        return self._blink.isActive()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def show_count(self, count: int, unseen: int = 0) -> None:
        """Show how many cases are critical now, and how many of them nobody acknowledged."""
        self._count, self._unseen = count, unseen
        words = tr("bar.alarms", n=count) if count else tr("bar.no_alarms")
        if unseen:
            words = f"{words}  {tr('bar.alarms_unseen', n=unseen)}"
            if not self._blink.isActive():
                self._blink.start()
        else:
            self._blink.stop()
            self._lit = True
        self.setToolTip(words)
        self.setAccessibleName(words)
        self.setFixedWidth(24 + metrics(14, 600).horizontalAdvance(str(count)))
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Acknowledge the newest alarm and go there."""
        self.wanted.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint symbol and number."""
        with QPainter(self) as painter:
            middle = self.height() / 2
            place = QPointF(8, middle)
            if not self._count:
                draw_state(painter, "normal", place, 10, self._theme)
            elif self._lit:
                draw_state(painter, "critical", place, 13, self._theme)
            else:
                draw_open_diamond(painter, place, 13, self._theme)
            painter.setFont(font(14, 600 if self._count else 400))
            ink = self._theme.ink("critical") if self._count else QColor(self._theme.dim)
            painter.setPen(ink)
            painter.drawText(QPointF(20, middle + 5), str(self._count))

    def _turn(self) -> None:
        self._lit = not self._lit
        self.update()


class TopBar(QWidget):
    """40 px with its hairline. Emits what the person wants; shows what it is told."""

    area_chosen = Signal(object)
    choice_wanted = Signal(object)
    palette_wanted = Signal()
    who_wanted = Signal()
    alarms_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFixedHeight(40)
        self._crumb = Breadcrumb(theme, self)
        self._search = SearchField(theme, self)
        self._shift = make_label(self, 14, 500)
        self._who = WhoButton(theme, self)
        self._alarms = AlarmCount(theme, self)
        self._clock = make_label(self, 14, ink="dim")
        self._menu: QMenu | None = None
        self._offered: tuple[Area, ...] = ()
        self._build()

    def _build(self) -> None:
        right = QWidget(self)
        row = QHBoxLayout(right)
        row.setContentsMargins(0, 0, 12, 0)
        row.setSpacing(16)
        row.addStretch(1)
        for part in (self._shift, self._who, self._alarms, self._clock):
            row.addWidget(part)
        left = QWidget(self)
        first = QHBoxLayout(left)
        first.setContentsMargins(0, 0, 0, 0)
        first.addWidget(self._crumb)
        first.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 1)
        layout.setSpacing(12)
        layout.addWidget(left, 3)
        layout.addWidget(self._search, 2)
        layout.addWidget(right, 3)
        self._crumb.area_chosen.connect(self.area_chosen)
        self._crumb.choice_wanted.connect(self.choice_wanted)
        self._search.wanted.connect(self.palette_wanted)
        self._who.wanted.connect(self.who_wanted)
        self._alarms.wanted.connect(self.alarms_wanted)

    def show_path(self, city: str, areas: Sequence[Area]) -> None:
        """Show the breadcrumb."""
        self._crumb.show_path(city, areas)

    def show_who(self, name: str, role: str) -> None:
        """Show who sits here, in which role."""
        self._who.say(person_named(name), role)

    def show_clock(self, time: str, shift: str) -> None:
        """Show the time of day and the shift."""
        self._clock.setText(time)
        self._shift.setText(shift)

    def show_alarms(self, count: int, unseen: int = 0) -> None:
        """Show how many cases are critical, and blink while some are not acknowledged."""
        self._alarms.show_count(count, unseen)

    def offer_areas(self, areas: Sequence[Area]) -> None:
        """Open the choice of areas below the breadcrumb."""
        self._offered = tuple(areas)
        if self._menu is not None:
            self._menu.deleteLater()
        self._menu = QMenu(self)
        for at, area in enumerate(self._offered):
            action = QAction(area_name(area), self._menu)
            action.setData(at)
            self._menu.addAction(action)
        self._menu.triggered.connect(self._on_offered)
        corner = self._crumb.mapToGlobal(self._crumb.rect().bottomLeft())
        self._menu.popup(corner)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        for part in (self._crumb, self._search, self._alarms, self._who):
            part.set_theme(theme)
        self.update()

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self._search.update()
        self._crumb.updateGeometry()
        self._crumb.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground and hairline."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(self._theme.panel))
            painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(self._theme.line))

    def _on_offered(self, action: QAction) -> None:
        self.area_chosen.emit(self._offered[int(action.data())])


class WhoButton(QWidget):
    """Name and role of who sits here; a click switches."""

    wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._name = self._role = ""
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedHeight(39)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def say(self, name: str, role: str) -> None:
        """Show a name and a role."""
        self._name, self._role = name, role
        self.setAccessibleName(f"{name} {role}")
        self.setToolTip(tr("bar.who"))
        wide = metrics(14).horizontalAdvance(name) + metrics(12).horizontalAdvance(role) + 8
        self.setFixedWidth(wide)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ask for the switch."""
        self.wanted.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint name and role."""
        with QPainter(self) as painter:
            middle = self.height() / 2 + 5
            painter.setFont(font(14))
            painter.setPen(QColor(self._theme.text))
            painter.drawText(QPointF(0, middle), self._name)
            painter.setFont(font(12))
            painter.setPen(QColor(self._theme.dim))
            painter.drawText(
                QPointF(metrics(14).horizontalAdvance(self._name) + 8, middle), self._role
            )
