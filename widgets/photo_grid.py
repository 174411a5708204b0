"""The photos of a folder as big targets, newest first: chosen by finger or by keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.i18n import tr
from widgets.symbols import draw_state
from widgets.theme import Theme, font, metrics
from widgets.words import local

_WIDE, _PICTURE, _WORDS, _GAP = 208, 140, 48, 12
_RING = 3


@dataclass(frozen=True)
class Shot:
    """One picture file. `lon`, `lat` are degrees WGS 84 as the camera wrote them, or None.

    `exif_time` tells whether `at_ms` is the camera's word, else it is the file's time. `state` is
    reading, ok or broken; `attached` that it was stored with a case from here.
    """

    path: Path
    at_ms: int
    exif_time: bool = False
    lon: float | None = None
    lat: float | None = None
    image: QImage | None = None
    state: str = "reading"
    attached: bool = False


class PhotoGrid(QWidget):
    """Painted. `chosen` comes whenever other photos are chosen; only whole ones can be."""

    chosen = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shots: tuple[Shot, ...] = ()
        self._marked: set[Path] = set()
        self._at = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def show_shots(self, shots: Sequence[Shot]) -> None:
        """Show these, newest first; what was chosen stays chosen as far as it is there."""
        here = self._shots[self._at].path if self._at < len(self._shots) else None
        self._shots = tuple(shots)
        paths = [shot.path for shot in self._shots]
        self._at = paths.index(here) if here in paths else 0
        whole = {shot.path for shot in self._shots if shot.state == "ok"}
        if not self._marked <= whole:
            self._marked &= whole
            self.chosen.emit()
        self.setFixedHeight(self._rows() * self._step() + _GAP)
        self._tell()
        self.update()

    def marked(self) -> tuple[Shot, ...]:
        """Return the chosen ones, newest first."""
        return tuple(shot for shot in self._shots if shot.path in self._marked)

    def clear(self) -> None:
        """Choose none."""
        self._marked.clear()
        self.chosen.emit()
        self.update()

    def box(self, at: int) -> QRect:
        """Return where a photo is painted, in pixels of this widget."""
        columns = self._columns()
        left = _GAP + at % columns * (_WIDE + _GAP)
        return QRect(left, _GAP + at // columns * self._step(), _WIDE, self._step() - _GAP)

    # Qt overrides

    def sizeHint(self) -> QSize:
        """Return room for three photos a row."""
        return QSize(3 * (_WIDE + _GAP) + _GAP, 2 * self._step())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Be as high as the rows of this width."""
        self.setFixedHeight(self._rows() * self._step() + _GAP)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the photo under the finger, or choose it no more."""
        spot = event.position().toPoint()
        at = next((n for n in range(len(self._shots)) if self.box(n).contains(spot)), None)
        if at is not None:
            self._go(at)
            self._turn(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk with the arrows, choose with Space."""
        columns = self._columns()
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns,
              Qt.Key.Key_Down: columns}.get(Qt.Key(event.key()))  # fmt: skip
        if by is not None and self._shots:
            self._go(max(0, min(len(self._shots) - 1, self._at + by)))
        elif event.key() == Qt.Key.Key_Space and self._shots:
            self._turn(self._at)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keys are."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show it no more."""
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the photos in sight."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            for at, shot in enumerate(self._shots):
                if self.box(at).intersects(event.rect()):
                    self._paint_shot(painter, at, shot)

    # ---- parts ---------------------------------------------------------------------------

    def _paint_shot(self, painter: QPainter, at: int, shot: Shot) -> None:
        theme, box = self._theme, QRectF(self.box(at))
        here, marked = at == self._at and self.hasFocus(), shot.path in self._marked
        if marked:
            painter.fillRect(box, QColor(theme.selected))
        picture = QRectF(box.left() + 4, box.top() + 4, _WIDE - 8, _PICTURE - 4)
        painter.fillRect(picture, QColor(theme.track))
        if shot.image is not None and not shot.image.isNull():
            self._paint_image(painter, picture, shot.image)
        else:
            self._paint_word(painter, picture, shot.state)
        self._paint_words(painter, box, shot)
        if marked:
            self._paint_mark(painter, picture)
        if here or marked:
            painter.setPen(QPen(QColor(theme.text if here else theme.accent), _RING))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(1.5, 1.5, -1.5, -1.5), 6, 6)

    def _paint_image(self, painter: QPainter, box: QRectF, image: QImage) -> None:
        fit = image.size().toSizeF()
        fit.scale(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF(0, 0, fit.width(), fit.height())
        place.moveCenter(box.center())
        painter.drawImage(place, image)

    def _paint_word(self, painter: QPainter, box: QRectF, state: str) -> None:
        if state == "broken":
            draw_state(painter, "bad", box.center() - _UP, 20, self._theme)
        painter.setFont(font(14))
        painter.setPen(self._theme.ink("bad") if state == "broken" else QColor(self._theme.dim))
        below = box.adjusted(0, 32, 0, 0) if state == "broken" else box
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, tr(f"camera.{state}"))

    def _paint_words(self, painter: QPainter, box: QRectF, shot: Shot) -> None:
        painter.setFont(font(14, 600))
        painter.setPen(QColor(self._theme.text))
        line = QRectF(box.left() + 8, box.top() + _PICTURE + 4, _WIDE - 16, 20)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, time_words(shot))
        painter.setFont(font(12))
        painter.setPen(QColor(self._theme.dim))
        words = tr("camera.attached") if shot.attached else place_words(shot)
        line.translate(0, 20)
        painter.drawText(
            line, Qt.AlignmentFlag.AlignVCenter,
            metrics(12).elidedText(words, Qt.TextElideMode.ElideRight, int(line.width())),
        )  # fmt: skip

    def _paint_mark(self, painter: QPainter, picture: QRectF) -> None:
        spot = QRectF(picture.right() - 36, picture.top() + 4, 32, 32)
        painter.setPen(QPen(QColor("#FFFFFF"), 2))
        painter.setBrush(QColor(self._theme.accent))
        painter.drawEllipse(spot)
        painter.setFont(font(16, 700))
        painter.setPen(QColor("#FFFFFF"))
        painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, "✓")

    def _go(self, at: int) -> None:
        self._at = at
        self._tell()
        self.update()

    def _turn(self, at: int) -> None:
        shot = self._shots[at]
        if shot.state != "ok":
            return
        self._marked ^= {shot.path}
        self._tell()
        self.chosen.emit()
        self.update()

    def _tell(self) -> None:
        if self._at < len(self._shots):
            shot = self._shots[self._at]
            chosen = tr("camera.chosen") if shot.path in self._marked else ""
            self.setAccessibleName(f"{shot.path.name} {time_words(shot)} {chosen}".strip())

    def at_box(self) -> QRect:
        """Return where the photo is that the keys stand on."""
        return self.box(self._at)

    def _columns(self) -> int:
        return max(1, (self.width() - _GAP) // (_WIDE + _GAP))

    def _rows(self) -> int:
        return -(-len(self._shots) // self._columns())

    def _step(self) -> int:
        return _PICTURE + _WORDS + _GAP


def time_words(shot: Shot) -> str:
    """Return when it was taken and who says so."""
    source = tr("camera.by_exif") if shot.exif_time else tr("camera.by_file")
    return f"{local(shot.at_ms):%m-%d %H:%M}  {source}"


def place_words(shot: Shot) -> str:
    """Return where it was taken, as the camera wrote it, or that it wrote nothing."""
    if shot.state == "broken":
        return shot.path.name
    if shot.lon is None or shot.lat is None:
        return tr("camera.no_place")
    return tr("camera.place", lon=shot.lon, lat=shot.lat)


_UP = QRectF(0, 0, 0, 14).bottomRight()
