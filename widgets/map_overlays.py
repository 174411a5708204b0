"""What floats over the map: the chip with counts, the legend with the scale, the empty state."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QLinearGradient, QPainter, QPen

from app.domain.camera import Camera
from layers.labels.painter import FAMILY
from layers.look import MapTheme

Words = Callable[[str], str]
Symbol = Callable[[QPainter, int, QPointF, MapTheme], None]
MARGIN = 14.0
WIDEST_BAR = 120.0  # pixels
STATE_NAMES = ("normal", "attention", "bad", "critical", "unknown")


@dataclass(frozen=True)
class Counts:
    """What the chip says: parts in all and in sight (None: being counted), made up or not."""

    total: int
    in_view: int | None
    sample: bool


@dataclass(frozen=True)
class LegendRow:
    """One row: colours '#AARRGGBB' or '#RRGGBB' (more than one is a ramp), words, a figure."""

    words: str
    colours: tuple[str, ...]
    note: str = ""


def type_of(pixels: int, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Return the window's type at a size in pixels, with figures that line up."""
    font = QFont(FAMILY)
    font.setPixelSize(pixels)
    font.setWeight(weight)
    return font


def paint_panel(painter: QPainter, box: QRectF, theme: MapTheme) -> None:
    """Draw the ground of a floating panel."""
    ground = QColor(theme.panel)
    ground.setAlphaF(0.94)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(QColor(theme.line), 1))
    painter.setBrush(ground)
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)


def paint_chip(painter: QPainter, counts: Counts, theme: MapTheme, tr: Words) -> QRectF:
    """Draw the chip at the top left; returns its box."""
    box, runs = chip_of(counts, theme, tr)
    paint_panel(painter, box, theme)
    x = box.x() + 12
    base = box.center().y() + QFontMetricsF(type_of(14)).capHeight() / 2
    for text, face, colour, width in runs:
        painter.setFont(face)
        painter.setPen(QColor(colour))
        painter.drawText(QPointF(x, base), text)
        x += width
    return box


Run = tuple[str, QFont, str, float]  # text, type, colour, width in pixels


def chip_of(counts: Counts, theme: MapTheme, tr: Words) -> tuple[QRectF, list[Run]]:
    """Return the chip's box and what stands in it."""
    font, strong = type_of(14), type_of(14, QFont.Weight.Medium)
    in_view = "…" if counts.in_view is None else f"{counts.in_view:,}"
    runs = [
        (f"{tr('map.parts')} ", font, theme.text), (f"{counts.total:,}", strong, theme.text),
        (f"    {tr('map.in_view')} ", font, theme.dim), (in_view, strong, theme.text),
    ]  # fmt: skip
    if counts.sample:
        runs.append((f"    {tr('map.sample')}", font, theme.dim))
    widths = [QFontMetricsF(f).horizontalAdvance(text) for text, f, _ in runs]
    box = QRectF(MARGIN, MARGIN, math.ceil(sum(widths)) + 24, 36)
    return box, [(*run, width) for run, width in zip(runs, widths, strict=True)]


def legend_box(
    camera: Camera, tr: Words, states: Sequence[int], rows: Sequence[LegendRow] = ()
) -> QRectF:
    """Return the box of a legend of these states and rows; it always has room for the scale."""
    metrics = QFontMetricsF(type_of(13))
    widest = max(metrics.horizontalAdvance(tr(f"map.state_{state}")) for state in STATE_NAMES)
    for row in rows:
        note = metrics.horizontalAdvance(row.note) + 14 if row.note else 0.0
        widest = max(widest, metrics.horizontalAdvance(row.words) + note)
    wide = math.ceil(max(widest + 34, WIDEST_BAR) + 28)
    lines = len(states) + len(rows)
    high = 22 * lines + 44 if lines else 36
    left, top = camera.width - wide - MARGIN, camera.height - high - MARGIN
    return QRectF(left, top, wide, high)


def paint_legend(
    painter: QPainter, camera: Camera, theme: MapTheme, tr: Words, symbol: Symbol,
    states: Sequence[int], rows: Sequence[LegendRow] = (),
) -> QRectF:  # fmt: skip
    """Draw symbols and their words at the bottom right; returns its box. See `paint_scale`."""
    font = type_of(13)
    metrics = QFontMetricsF(font)
    box = legend_box(camera, tr, states, rows)
    paint_panel(painter, box, theme)
    painter.setFont(font)
    y = box.y() + 20
    for state in states:
        name = STATE_NAMES[state]
        symbol(painter, state, QPointF(box.x() + 20, y), theme)
        painter.setPen(QColor(theme.text))
        painter.drawText(
            QPointF(box.x() + 38, y + metrics.capHeight() / 2), tr(f"map.state_{name}")
        )
        y += 22
    for row in rows:
        _paint_row(painter, row, box, y, theme)
        y += 22
    return box


def _paint_row(painter: QPainter, row: LegendRow, box: QRectF, y: float, theme: MapTheme) -> None:
    """Draw a swatch or ramp, words and figure in one line of the legend."""
    swatch = QRectF(box.x() + 13, y - 6, 14, 12)
    ramp = QLinearGradient(swatch.topLeft(), swatch.topRight())
    for at, hue in enumerate(row.colours):
        ramp.setColorAt(at / max(1, len(row.colours) - 1), QColor(hue))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ramp)
    painter.drawRoundedRect(swatch, 3, 3)
    painter.setPen(QColor(theme.text))
    line = QRectF(box.x() + 38, y - 11, box.width() - 38 - 12, 22)
    painter.drawText(
        line, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), row.words
    )
    painter.setPen(QColor(theme.dim))
    painter.drawText(
        line, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), row.note
    )


def paint_scale(painter: QPainter, box: QRectF, m_per_px: float, theme: MapTheme) -> None:
    """Draw the scale in the lowest line of the legend in `box`: it changes with every zoom."""
    metres, length = scale_bar(m_per_px)
    at = QPointF(box.center().x() - length / 2, box.bottom() - 19)
    _paint_bar(painter, at, length, metres, theme)


def _paint_bar(
    painter: QPainter, at: QPointF, length: float, metres: float, theme: MapTheme
) -> None:
    text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    font = type_of(12)
    painter.setFont(font)
    width = QFontMetricsF(font).horizontalAdvance(text) + 8
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QPen(QColor(theme.dim), 1))
    x, y = round(at.x()), round(at.y())
    end = round(x + length)
    painter.drawLine(x, y - 5, x, y + 5)
    painter.drawLine(end, y - 5, end, y + 5)
    if width < length - 8:
        painter.drawLine(x, y, round((x + end - width) / 2), y)
        painter.drawLine(round((x + end + width) / 2), y, end, y)
        place = QRectF(x, y - 9, end - x, 18)
    else:
        painter.drawLine(x, y, end, y)
        place = QRectF(x - 40, y + 3, end - x + 80, 18)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QColor(theme.text))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


def scale_bar(m_per_px: float, most: float = WIDEST_BAR) -> tuple[float, float]:
    """Return the longest round length (metres) that fits `most` pixels, and its pixels."""
    top = m_per_px * most
    decade = 10.0 ** math.floor(math.log10(top))
    metres = max(m * decade for m in (1.0, 2.0, 5.0) if m * decade <= top * 1.0001)
    return metres, metres / m_per_px


def paint_empty(painter: QPainter, box: QRectF, text: str, theme: MapTheme) -> None:
    """Say in the middle what would be here and how to get it."""
    painter.fillRect(box, QColor(theme.ground))
    painter.setPen(QColor(theme.dim))
    painter.setFont(type_of(16))
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(box.adjusted(48, 0, -48, 0), int(flags), text)
