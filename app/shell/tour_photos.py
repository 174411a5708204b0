"""Drawn pictures 示意 for the tour's camera folder: a street, and something on it."""

from __future__ import annotations

import os
import random
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPen, QPolygonF

_SIDE = (960, 720)
_SEED = 7
_EVERY_S = 420  # between two pictures
_SKIES = ("#B9CFE0", "#D8DDE2", "#E9D9C4")
_WALLS = ("#8A8F98", "#A49788", "#7F8C84", "#9A7F78", "#6F7A8A")


def draw_photos(folder: Path, last_ms: int, count: int = 8) -> None:
    """Leave `count` pictures in `folder`, the newest taken at `last_ms` (Unix ms)."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(_SEED)
    for number in range(count):
        path = folder / f"IMG_{2041 + number}.JPG"
        _street(chance, number).save(str(path), quality=82)
        at_s = last_ms / 1000 - (count - number) * _EVERY_S
        os.utime(path, (at_s, at_s))


def _street(chance: random.Random, number: int) -> QImage:
    image = QImage(*_SIDE, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        wide, high = _SIDE
        line = high * chance.uniform(0.40, 0.52)
        middle = wide * chance.uniform(0.35, 0.65)
        sky = QLinearGradient(0, 0, 0, line)
        sky.setColorAt(0, QColor(chance.choice(_SKIES)))
        sky.setColorAt(1, QColor("#F1F2F0"))
        painter.fillRect(QRectF(0, 0, wide, line), sky)
        _houses(painter, chance, line)
        painter.fillRect(QRectF(0, line, wide, high - line), QColor("#8D8F8E"))
        road = [(middle - 20, line), (middle + 20, line), (wide * 1.02, high), (-wide * 0.02, high)]
        painter.setBrush(QColor("#5E6164"))
        painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in road]))
        (_cover, _litter, _branch, _pool)[number % 4](painter, chance)
    finally:
        painter.end()
    return image


def _houses(painter: QPainter, chance: random.Random, line: float) -> None:
    left = 0.0
    while left < _SIDE[0]:
        wide, high = chance.uniform(90, 190), line * chance.uniform(0.45, 0.95)
        painter.fillRect(QRectF(left, line - high, wide, high), QColor(chance.choice(_WALLS)))
        for row in range(int(high // 44)):
            for column in range(int(wide // 36)):
                box = QRectF(left + 10 + column * 36, line - high + 12 + row * 44, 18, 24)
                painter.fillRect(box, QColor("#C9D3DB" if chance.random() < 0.6 else "#59626C"))
        left += wide + chance.uniform(0, 14)


def _cover(painter: QPainter, chance: random.Random) -> None:
    at = QPointF(_SIDE[0] * chance.uniform(0.4, 0.6), _SIDE[1] * 0.76)
    painter.setBrush(QColor("#2A2C2E"))
    painter.drawEllipse(at, 120, 46)
    painter.setBrush(QColor("#7A6A58"))
    painter.drawEllipse(at + QPointF(88, -18), 112, 40)
    painter.setPen(QPen(QColor("#54493C"), 4))
    for step in range(-3, 4):
        painter.drawLine(at + QPointF(28 + step * 18, -40), at + QPointF(148 + step * 18, 4))


def _litter(painter: QPainter, chance: random.Random) -> None:
    for _ in range(14):
        at = QPointF(chance.uniform(0.25, 0.75) * _SIDE[0], chance.uniform(0.68, 0.88) * _SIDE[1])
        painter.setBrush(QColor(chance.choice(("#1F2A33", "#E4E2DA", "#B04A3A", "#3E6B4F"))))
        painter.drawEllipse(at, chance.uniform(24, 62), chance.uniform(18, 44))


def _branch(painter: QPainter, chance: random.Random) -> None:
    for _ in range(90):
        x, y = chance.gauss(0.5, 0.13), chance.gauss(0.72, 0.05)
        painter.setBrush(QColor(chance.choice(("#3F5E36", "#56793F", "#2F4A2C"))))
        painter.drawEllipse(QPointF(x * _SIDE[0], y * _SIDE[1]), 34, 16)
    painter.setPen(QPen(QColor("#5A4433"), 20))
    painter.drawLine(QPointF(180, 600), QPointF(790, 470))


def _pool(painter: QPainter, chance: random.Random) -> None:
    at = QPointF(_SIDE[0] * chance.uniform(0.42, 0.58), _SIDE[1] * 0.78)
    for size, colour in ((1.0, "#7C8E9B"), (0.82, "#93A6B3"), (0.5, "#B3C3CD")):
        painter.setBrush(QColor(colour))
        painter.drawEllipse(at, 330 * size, 96 * size)
