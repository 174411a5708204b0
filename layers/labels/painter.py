"""Draws names: each text prepared once with its halo, then laid where it stands."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

from app.domain.camera import Camera
from layers.labels.geometry import DISTRICT, GREEN, GRID, ROAD, STREET, WATER, Candidate
from layers.look import MapTheme

FAMILY = "Noto Sans CJK SC"
_SIZES = {DISTRICT: 15, STREET: 13, WATER: 13, ROAD: 12, GREEN: 12, GRID: 12}
_HALO = 3.0
_KEPT = 2_000
_STEEP = 60  # degrees


class LabelPainter:
    """Measures and draws names. `scale` enlarges all type (the wall is read from afar)."""

    def __init__(self, scale: float = 1.0) -> None:
        self._fonts = {style: _font(style, scale) for style in _SIZES}
        self._metrics = {style: QFontMetricsF(font) for style, font in self._fonts.items()}
        self._sizes: dict[tuple[int, str], tuple[float, float]] = {}
        self._pictures: OrderedDict[tuple[object, ...], QPixmap] = OrderedDict()

    def measure(self, style: int, text: str) -> tuple[float, float]:
        """Return width and height of a text in logical pixels."""
        size = self._sizes.get((style, text))
        if size is None:
            metrics = self._metrics[style]
            size = self._sizes[style, text] = (metrics.horizontalAdvance(text), metrics.height())
        return size

    def prepare(self, label: Candidate, theme: MapTheme, dpr: float, heading: float) -> QPixmap:
        """Return the picture of a name, turned; made when first asked for."""
        angle = _upright(label.angle - heading) if label.style == ROAD else 0.0
        key = (label.style, label.text, round(angle), theme, dpr)
        picture = self._pictures.get(key)
        if picture is None:
            picture = self._pictures[key] = self._drawn(label, angle, theme, dpr)
            if len(self._pictures) > _KEPT:
                self._pictures.popitem(last=False)
        return picture

    def paint(
        self, painter: QPainter, labels: Iterable[Candidate], camera: Camera, theme: MapTheme
    ) -> int:
        """Draw all names in sight; returns how many."""
        dpr = painter.device().devicePixelRatioF()
        drawn = 0
        for label in labels:
            sx, sy = camera.to_screen(label.x, label.y)
            if not (-200 < sx < camera.width + 200 and -60 < sy < camera.height + 60):
                continue
            picture = self.prepare(label, theme, dpr, camera.heading)
            left = sx - picture.width() / dpr / 2
            top = sy - picture.height() / dpr / 2
            painter.drawPixmap(QPointF(round(left * dpr) / dpr, round(top * dpr) / dpr), picture)
            drawn += 1
        return drawn

    def _drawn(self, label: Candidate, angle: float, theme: MapTheme, dpr: float) -> QPixmap:
        width, height = self.measure(label.style, label.text)
        side = max(width, height) if angle else 0.0
        w, h = (side or width) + 2 * _HALO + 2, (side or height) + 2 * _HALO + 2
        picture = QPixmap(round(w * dpr), round(h * dpr))
        picture.setDevicePixelRatio(dpr)
        picture.fill(Qt.GlobalColor.transparent)
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
        return picture

    def _text(self, painter: QPainter, label: Candidate, angle: float, theme: MapTheme) -> None:
        path = self._upright_path(label) if _stands(label, angle) else self._level_path(label)
        halo = QColor(theme.ground if theme.dark else theme.panel)
        halo.setAlphaF(0.86)
        pen = QPen(halo, _HALO)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(path, pen)
        painter.fillPath(path, _ink(label.style, theme))

    def _level_path(self, label: Candidate) -> QPainterPath:
        metrics = self._metrics[label.style]
        width, _ = self.measure(label.style, label.text)
        base = QPointF(-width / 2, (metrics.ascent() - metrics.descent()) / 2)
        path = QPainterPath()
        path.addText(base, self._fonts[label.style], label.text)
        return path

    def _upright_path(self, label: Candidate) -> QPainterPath:
        """Set each sign upright, one under the other, as on a street sign."""
        metrics = self._metrics[label.style]
        width, _ = self.measure(label.style, label.text)
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
    if style in (DISTRICT, STREET):
        font.setWeight(QFont.Weight.Bold if style == DISTRICT else QFont.Weight.Medium)
    return font


def _ink(style: int, theme: MapTheme) -> QColor:
    if style == DISTRICT:
        return _between(theme.text, theme.dim, 0.45)
    if style == WATER:
        return _between(theme.accent, theme.dim, 0.55)
    return QColor(theme.dim)


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
