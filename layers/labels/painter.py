"""Draws names: each text prepared once with its halo, then laid where it stands."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
)

from app.domain.camera import Camera
from layers.labels.geometry import (
    DISTRICT,
    GREEN,
    GRID,
    INNER,
    LEVEL,
    MAIN,
    ROAD,
    STREET,
    WATER,
    Candidate,
)  # fmt: skip
from layers.labels.halo import haloed
from layers.look import MapTheme, colour

FAMILY = "Noto Sans CJK SC"
_SIZES = {DISTRICT: 15, INNER: 13, STREET: 14, WATER: 13, MAIN: 13, ROAD: 12, GREEN: 12, GRID: 12}
_HALO = 5.0  # a pen: half of it stands out
_KEPT = 1_500
_STEEP = 60  # degrees


class LabelPainter:
    """Measures and draws names. `scale` enlarges all type (the wall is read from afar)."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self._halo = _HALO * scale
        self._fonts = {style: _font(style, scale) for style in _SIZES}
        self._metrics = {style: QFontMetricsF(font) for style, font in self._fonts.items()}
        self._sizes: dict[tuple[int, str], tuple[float, float]] = {}
        self._pictures: OrderedDict[tuple[int, str, int], QPixmap] = OrderedDict()
        self._dressed: object = None

    def measure(self, style: int, text: str) -> tuple[float, float]:
        """Return width and height of a text in logical pixels of scale 1."""
        width, height = self._measure(style, text)
        return width / self.scale, height / self.scale

    def _measure(self, style: int, text: str) -> tuple[float, float]:
        size = self._sizes.get((style, text))
        if size is None:
            metrics = self._metrics[style]
            size = self._sizes[style, text] = (metrics.horizontalAdvance(text), metrics.height())
        return size

    def prepare(self, label: Candidate, theme: MapTheme, dpr: float, heading: float) -> QPixmap:
        """Return the picture of a name, turned; made when first asked for."""
        angle = 0.0 if label.style in LEVEL else _upright(label.angle - heading)
        if self._dressed != (id(theme), dpr):
            self._dressed = (id(theme), dpr)
            self._pictures.clear()
        key = (label.style, label.text, round(angle))
        picture = self._pictures.get(key)
        if picture is None:
            picture = self._pictures[key] = self._drawn(label, angle, theme, dpr)
            if len(self._pictures) > _KEPT:
                self._pictures.popitem(last=False)
        else:
            self._pictures.move_to_end(key)
        return picture

    def paint(
        self,
        painter: QPainter,
        labels: Sequence[Candidate],
        camera: Camera,
        theme: MapTheme,
        free: QRectF,
        taken: Sequence[QRectF] = (),
    ) -> int:
        """Draw all names that lie wholly in `free` and off `taken`; returns how many."""
        if not labels:
            return 0
        dpr = painter.device().devicePixelRatioF()
        drawn = 0
        xs, ys = camera.to_screen_many(
            np.array([label.x for label in labels]), np.array([label.y for label in labels])
        )
        for label, sx, sy in zip(labels, xs.tolist(), ys.tolist(), strict=True):
            if not free.contains(sx, sy):
                continue
            box = self._box(label, sx, sy, camera.heading)
            if not free.contains(box) or any(box.intersects(other) for other in taken):
                continue
            picture = self.prepare(label, theme, dpr, camera.heading)
            if label.lead is not None:
                self._lead(painter, box, camera.to_screen(*label.lead), theme)
            left = sx - picture.width() / dpr / 2
            top = sy - picture.height() / dpr / 2
            painter.drawPixmap(QPointF(round(left * dpr) / dpr, round(top * dpr) / dpr), picture)
            drawn += 1
        return drawn

    def _lead(
        self, painter: QPainter, box: QRectF, to: tuple[float, float], theme: MapTheme
    ) -> None:
        """Draw a line from a name's nearest edge to its place."""
        end = QPointF(*to)
        start = QPointF(
            min(max(end.x(), box.left()), box.right()), min(max(end.y(), box.top()), box.bottom())
        )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        land, ink = QColor(theme.land), _ink(INNER, theme)
        painter.setPen(QPen(land, 3.0 * self.scale))
        painter.drawLine(start, end)
        painter.setPen(QPen(ink, 1.0 * self.scale))
        painter.drawLine(start, end)
        painter.setPen(QPen(land, 1.0 * self.scale))
        painter.setBrush(ink)
        painter.drawEllipse(end, 2.4 * self.scale, 2.4 * self.scale)

    def _box(self, label: Candidate, sx: float, sy: float, heading: float) -> QRectF:
        w, h = self._measure(label.style, label.text)
        if label.style not in LEVEL:
            turn = math.radians(label.angle - heading)
            sin, cos = abs(math.sin(turn)), abs(math.cos(turn))
            w, h = w * cos + h * sin, w * sin + h * cos
        return QRectF(sx - w / 2, sy - h / 2, w, h)

    def _drawn(self, label: Candidate, angle: float, theme: MapTheme, dpr: float) -> QPixmap:
        width, height = self._measure(label.style, label.text)
        turn, room = math.radians(angle), self._halo + 2
        sin, cos = abs(math.sin(turn)), abs(math.cos(turn))
        w, h = width * cos + height * sin + room, width * sin + height * cos + room
        form = QImage.Format.Format_ARGB32_Premultiplied
        picture = QImage(math.ceil(w * dpr), math.ceil(h * dpr), form)
        picture.setDevicePixelRatio(dpr)
        picture.fill(Qt.GlobalColor.transparent)
        w, h = picture.width() / dpr, picture.height() / dpr
        painter = QPainter(picture)
        try:
            painter.setRenderHints(
                QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing
            )
            painter.translate(w / 2, h / 2)
            if _stands(label, angle):
                painter.rotate(angle - math.copysign(90, angle))
            else:
                painter.rotate(angle)
            self._text(painter, label, angle, theme)
        finally:
            painter.end()
        reach = self._halo / 2 * (0.7 if label.style == GRID else 1.0)
        return _on_halo(picture, theme, reach * dpr)

    def _text(self, painter: QPainter, label: Candidate, angle: float, theme: MapTheme) -> None:
        path = self._upright_path(label) if _stands(label, angle) else self._level_path(label)
        painter.fillPath(path, _ink(label.style, theme))

    def _level_path(self, label: Candidate) -> QPainterPath:
        metrics = self._metrics[label.style]
        width, _ = self._measure(label.style, label.text)
        base = QPointF(-width / 2, (metrics.ascent() - metrics.descent()) / 2)
        path = QPainterPath()
        path.addText(base, self._fonts[label.style], label.text)
        return path

    def _upright_path(self, label: Candidate) -> QPainterPath:
        """Set each sign upright, one under the other, as on a street sign."""
        metrics = self._metrics[label.style]
        width, _ = self._measure(label.style, label.text)
        step = width / len(label.text)
        path = QPainterPath()
        for n, sign in enumerate(label.text):
            along = (n + 0.5) * step - width / 2
            left = -metrics.horizontalAdvance(sign) / 2
            base = QPointF(left, along + (metrics.ascent() - metrics.descent()) / 2)
            path.addText(base, self._fonts[label.style], sign)
        return path


def _stands(label: Candidate, angle: float) -> bool:
    """Whether a name along a steep road is written downwards: Chinese only."""
    return abs(angle) > _STEEP and all(ord(sign) >= 0x2E80 for sign in label.text)


def _font(style: int, scale: float) -> QFont:
    font = QFont(FAMILY)
    font.setPixelSize(max(round(_SIZES[style] * scale), 8))
    if style in (DISTRICT, INNER, STREET, MAIN):
        font.setWeight(QFont.Weight.Bold if style in (DISTRICT, INNER) else QFont.Weight.Medium)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def _ink(style: int, theme: MapTheme) -> QColor:
    if style in (DISTRICT, INNER):
        return _between(theme.text, theme.dim, 0.25)
    if style in (STREET, MAIN):
        return _between(theme.text, theme.dim, 0.5)
    if style == ROAD:
        return _between(theme.text, theme.dim, 0.75)
    if style == GRID:
        return _between(theme.dim, theme.land, 0.35)
    if style == WATER:
        return _between(theme.accent, theme.dim, 0.35)
    if style == GREEN:
        return _between(theme.normal_ink, theme.dim, 0.35)
    return QColor(theme.dim)


def _on_halo(picture: QImage, theme: MapTheme, reach: float) -> QPixmap:
    """Lay the picture of a text on a halo in the land's colour (see `layers.look.look_of`)."""
    w, h = picture.width(), picture.height()
    text = np.frombuffer(picture.constBits(), np.uint8).reshape(h, w, 4)
    laid = np.ascontiguousarray(haloed(text, colour(theme.land), reach))
    form = QImage.Format.Format_ARGB32_Premultiplied
    made = QPixmap.fromImage(QImage(laid.data, w, h, w * 4, form))
    made.setDevicePixelRatio(picture.devicePixelRatio())
    return made


def _between(a: str, b: str, share: float) -> QColor:
    x, y = QColor(a), QColor(b)
    return QColor.fromRgbF(
        x.redF() + (y.redF() - x.redF()) * share,
        x.greenF() + (y.greenF() - x.greenF()) * share,
        x.blueF() + (y.blueF() - x.blueF()) * share,
    )


def _upright(angle: float) -> float:
    angle = (angle + 180) % 360 - 180
    return angle - 180 if angle > 90 else angle + 180 if angle <= -90 else angle
