"""Where each thing of a printed sheet stands: pure arithmetic, millimetres, no Qt.

`compose` turns a `Sheet` into pages of plain items (text, box, mark, map, picture, table,
scale bar, north arrow) that the QGIS process only has to place. Text is measured with the
advance widths of Noto Sans CJK SC Regular, so that lists can be wrapped and paged here.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from app.domain.errors import InvalidInput
from app.domain.page_setup import PAPERS
from app.engines.qgis_protocol import Extent, LegendEntry, Record, Row, Sheet

Rect = tuple[float, float, float, float]
Align = Literal["left", "right", "center"]

POINT_MM = 25.4 / 72
LINE_SPACING = 1.4
GAP = 5.0
MOST_LINES = 3
GLYPHS = {"circle": "●", "triangle": "▲", "square": "■", "diamond": "◆", "hollow": "○"}
# Advances of U+0020 to U+007E in thousandths of an em; everything else counts as one em.
_ADVANCES = (
    *(224, 323, 474, 555, 555, 921, 680, 278, 338, 338, 467, 555, 278, 347, 278, 392),
    *(555, 555, 555, 555, 555, 555, 555, 555, 555, 555, 278, 278, 555, 555, 555, 474),
    *(946, 608, 657, 638, 688, 589, 552, 689, 728, 293, 535, 646, 543, 812, 723, 742),
    *(633, 742, 635, 596, 599, 721, 575, 878, 573, 531, 603, 338, 392, 338, 555, 559),
    *(606, 563, 618, 510, 620, 554, 325, 564, 607, 275, 275, 552, 284, 926, 610, 606),
    *(620, 620, 388, 468, 377, 607, 521, 802, 498, 521, 475, 338, 270, 338, 555),
)


def text_width(text: str, points: float) -> float:
    """Return the width of `text` in millimetres at a font size in points."""
    ems = sum(_ADVANCES[ord(c) - 32] if " " <= c <= "~" else 1000 for c in text)
    return ems / 1000 * points * POINT_MM


def elide(text: str, width: float, points: float) -> str:
    """Return `text`, cut and ended with … where it is wider than `width` millimetres."""
    if text_width(text, points) <= width:
        return text
    while text and text_width(text + "…", points) > width:
        text = text[:-1]
    return text + "…"


def wrap(text: str, width: float, points: float) -> list[str]:
    """Break `text` into at most three lines; anywhere between Chinese, at spaces between words."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text, width, points):
        if line and text_width((line + piece).rstrip(), points) > width:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    lines.append(line.rstrip())
    if len(lines) <= MOST_LINES:
        return lines
    return [*lines[: MOST_LINES - 1], elide("".join(lines[MOST_LINES - 1 :]), width, points)]


def _pieces(text: str, width: float, points: float) -> list[str]:
    """Split into what must stay together: Latin words with their space, single Chinese signs."""
    pieces: list[str] = []
    word = ""
    for letter in text.replace("\n", " "):
        latin = "!" <= letter <= "~"
        too_long = text_width(word + letter, points) > width
        if not latin or too_long:
            if word:
                pieces.append(word)
            word = ""
        if latin:
            word += letter
        else:
            pieces.append(letter)
    return [*pieces, word] if word else pieces


def nice_length(metres: float) -> float:
    """Return the largest of 1, 2, 5 × 10ⁿ that is not above `metres` (at least 1)."""
    best = 1.0
    for exponent in range(7):
        for step in (1, 2, 5):
            if step * 10**exponent <= metres:
                best = float(step * 10**exponent)
    return best


def png_size(image: bytes) -> tuple[int, int]:
    """Return (width, height) in pixels; raises InvalidInput where `image` is no PNG."""
    if len(image) < 24 or not image.startswith(b"\x89PNG\r\n\x1a\n"):
        raise InvalidInput("The picture of the map is not a PNG.", field="image")
    width, height = struct.unpack(">II", image[16:24])
    return width, height


def _check_shape(size: tuple[int, int], extent: Extent) -> None:
    """Refuse a picture whose metres a pixel differ across and along: its scale would lie."""
    across, along = (extent[2] - extent[0]) / size[0], (extent[3] - extent[1]) / size[1]
    if abs(across / along - 1) > 0.02:
        raise InvalidInput(
            f"A picture of {size[0]} x {size[1]} pixels has not the shape of its extent {extent}.",
            advice="Give the extent that the picture shows.",
            field="view",
        )


@dataclass(frozen=True)
class Crop:
    """The part of a window picture that fills the map's frame: pixels, and its extent."""

    pixels: tuple[int, int, int, int]
    extent: Extent


def crop_to(size: tuple[int, int], extent: Extent, rect: Rect) -> Crop:
    """Cut a picture of `size` pixels over `extent` to the shape of `rect`, keeping its middle."""
    width, height = size
    pixels_per_mm = min(width / rect[2], height / rect[3])
    w, h = rect[2] * pixels_per_mm, rect[3] * pixels_per_mm
    metres = (extent[2] - extent[0]) / width
    x, y = (extent[0] + extent[2]) / 2, (extent[1] + extent[3]) / 2
    dx, dy = w * metres / 2, h * metres / 2
    pixels = (int((width - w) / 2), int((height - h) / 2), int(w), int(h))
    return Crop(pixels, (x - dx, y - dy, x + dx, y + dy))


def grow_to(extent: Extent, rect: Rect) -> Extent:
    """Widen `extent` around its middle until it has the shape of `rect`."""
    width, height = extent[2] - extent[0], extent[3] - extent[1]
    x, y = (extent[0] + extent[2]) / 2, (extent[1] + extent[3]) / 2
    scale = max(width / rect[2], height / rect[3])
    dx, dy = rect[2] * scale / 2, rect[3] * scale / 2
    return (x - dx, y - dy, x + dx, y + dy)


def compose(sheet: Sheet, style: Mapping[str, Any]) -> Record:
    """Return {"page_mm", "pages", "items"}: what the QGIS process places, in drawing order.

    `style` is `resources/layouts/sheet.json`. Raises InvalidInput for a picture that is
    no PNG or has not the shape of its extent.
    """
    composer = _Composer(sheet, style)
    composer.run()
    wide, high = (composer.paper[side] for side in ("width", "height"))
    items, by = composer.items, composer.enlarged
    if by != 1.0:
        items = [_larger(item, by) for item in items]
    return {"page_mm": [wide * by, high * by], "pages": composer.pages, "items": items}


def _design(sheet: Sheet, style: Mapping[str, Any]) -> tuple[Mapping[str, float], float]:
    """Return the paper a sheet is laid out on, and how much that is enlarged in the end."""
    name = sheet.paper if sheet.paper in style["papers"] else "A3"
    paper = dict(style["papers"][name])
    by = PAPERS[sheet.paper][0] / PAPERS[name][0]
    if sheet.portrait:
        paper["width"], paper["height"] = paper["height"], paper["width"]
    return paper, by


def _larger(item: Record, by: float) -> Record:
    made = item | {"rect": tuple(side * by for side in item["rect"])}
    for name in ("points", "radius"):
        if name in item:
            made[name] = item[name] * by
    for name in ("widths", "heights"):
        if name in item:
            made[name] = [one * by for one in item[name]]
    return made


@dataclass(frozen=True)
class _Line:
    """A row of the list, broken into lines: its cells, height in mm, and the row itself."""

    cells: list[str]
    height: float
    row: Row


class _Composer:
    """One run of `compose`: `items` and `pages` grow from the head to the last foot."""

    def __init__(self, sheet: Sheet, style: Mapping[str, Any]) -> None:
        self.sheet, self.style, self.words = sheet, style, sheet.words
        self.size: Mapping[str, float] = style["size"]
        self.paper, self.enlarged = _design(sheet, style)
        self.margin: float = self.paper["margin"]
        self.width = self.paper["width"] - 2 * self.margin
        self.bottom = self.paper["height"] - self.margin - 6.5
        self.items: list[Record] = []
        self.pages = 1

    def run(self) -> None:
        """Lay out every page."""
        top = self._head()
        lines = [self._line(row) for row in self.sheet.rows]
        strip = lines[: self._strip_length(lines)]
        bottom = self.bottom
        if self.sheet.columns:
            bottom -= 6.5 + self._row_height(1) + sum(line.height for line in strip)
            self._list(bottom, strip, 0)
            bottom -= 3.5
        self._map_and_side(top, bottom)
        self._further_pages(lines[len(strip) :])
        for page in range(self.pages):
            self._foot(page)

    def _text(
        self,
        text: str,
        rect: Rect,
        role: str = "body",
        color: str = "text",
        *,
        bold: bool = False,
        align: Align = "left",
        page: int = 0,
    ) -> None:
        width = rect[2] * (0.94 if bold else 1.0)
        item = {"kind": "text", "rect": rect, "page": page, "align": align, "bold": bold}
        item["text"] = elide(text, width, self.size[role])
        item["points"] = self.size[role]
        item["color"] = self.style.get(color, color)
        self.items.append(item)

    def _box(
        self, rect: Rect, fill: str, line: str = "", radius: float = 0.0, page: int = 0
    ) -> None:
        item = {"kind": "box", "rect": rect, "page": page, "radius": radius}
        self.items.append(item | {"fill": self.style.get(fill, fill), "line": line})

    def _mark(self, entry: LegendEntry, x: float, y: float) -> None:
        if entry.shape == "line":
            self._box((x - 2.2, y - 0.4, 4.4, 0.8), entry.color, radius=0.4)
        elif entry.shape == "area":
            self._box((x - 2.2, y - 1.5, 4.4, 3.0), entry.color, "#9AA7B5", 0.4)
        else:
            rect = (x - 1.7, y - 1.7, 3.4, 3.4)
            self.items.append({"kind": "mark", "rect": rect, "page": 0} | asdict(entry))

    def _head(self) -> float:
        x, y, w = self.margin, self.margin - 3.0, self.width
        self._text(self.sheet.title, (x, y, w - 75, 9.5), "title", bold=True)
        self._text(self.sheet.subtitle, (x, y + 10.2, w - 75, 5), "subtitle", "dim")
        made = f"{self.words.made} {self.sheet.date}".strip()
        self._text(made, (x + w - 75, y + 10.2, 75, 5), "subtitle", "dim", align="right")
        if self.sheet.sample:
            width = text_width(self.words.sample, self.size["heading"]) + 7.0
            rect = (x + w - width, y + 2.2, width, 6.0)
            self._box(rect, "none", self.style["accent"], 1.4)
            self._text(self.words.sample, rect, "heading", "accent", bold=True, align="center")
        self._box((x, y + 17.0, w, 0.25), "line")
        return y + 20.5

    def _foot(self, page: int) -> None:
        x, y, w = self.margin, self.paper["height"] - self.margin - 2.5, self.width
        self._box((x, y - 1.0, w, 0.2), "line", page=page)
        notes = [self.words.sample_note if self.sheet.sample else "", self.sheet.credit]
        text = "  ·  ".join(note for note in notes if note)
        self._text(text, (x, y, w - 50, 5), "small", "dim", page=page)
        number = self.words.page.format(page=page + 1, pages=self.pages)
        rect = (x + w - 50, y, 50.0, 5.0)
        self._text(number, rect, "small", "dim", align="right", page=page)

    def _map_and_side(self, top: float, bottom: float) -> None:
        side = self.paper["side"]
        rect = (self.margin, top, self.width - side - GAP, bottom - top)
        extent = self._map(rect)
        x = self.margin + self.width - side
        y = self._figures(x, top, side)
        self._legend(x, y, side, bottom - 17)
        self._scale_and_north(x, bottom - 13, side, (extent[2] - extent[0]) / rect[2])

    def _map(self, rect: Rect) -> Extent:
        """Place map or picture; return the extent that fills `rect`."""
        view = self.sheet.view
        if self.sheet.image is None:
            extent = grow_to(view.extent, rect)
            self.items.append({"kind": "map", "page": 0, "rect": rect, "extent": extent})
        else:
            size = png_size(self.sheet.image)
            _check_shape(size, view.extent)
            crop = crop_to(size, view.extent, rect)
            extent = crop.extent
            self.items.append({"kind": "image", "page": 0, "rect": rect, "crop": crop.pixels})
        self._box(rect, "none", self.style["line"])
        return extent

    def _figures(self, x: float, y: float, side: float) -> float:
        figures = self.sheet.figures[:6]
        for number, figure in enumerate(figures):
            left, line = x + (number % 2) * side / 2, y - 1.0 + (number // 2) * 14.5
            color = figure.color or "text"
            self._text(figure.value, (left, line, side / 2, 7.5), "figure", color, bold=True)
            self._text(figure.label, (left, line + 8.2, side / 2, 4.2), "small", "dim")
        return y + (len(figures) + 1) // 2 * 14.5

    def _legend(self, x: float, y: float, side: float, bottom: float) -> None:
        entries = self.sheet.legend
        if not entries:
            return
        if self.sheet.figures:
            self._box((x, y, side, 0.2), "line")
            y += 2.0
        self._text(self.words.legend, (x, y, side, 5), "heading", bold=True)
        y += 6.5
        fits = max(1, int((bottom - y) // 5.2))
        columns = 1 if len(entries) <= fits else 2
        for number, entry in enumerate(entries[: fits * columns]):
            left, line = x + (number // fits) * side / 2, y + (number % fits) * 5.2
            self._mark(entry, left + 2.4, line + 2.4)
            self._text(entry.label, (left + 7, line, side / columns - 7.5, 4.8))

    def _scale_and_north(self, x: float, y: float, side: float, metres_per_mm: float) -> None:
        rect = (x + side - 9.5, y, 9.5, 12.5)
        heading = self.sheet.view.heading
        self.items.append({"kind": "north", "page": 0, "rect": rect, "turn": -heading})
        if self.sheet.tilted:
            self._text(self.words.tilted, (x, y + 6, side - 12, 5), "small", "dim")
            return
        ratio = metres_per_mm * 1000 / self.enlarged
        rounded = round(ratio, 2 - len(str(int(ratio)))) if ratio >= 100 else ratio
        about = f"1 : {rounded:,.0f}"
        self._text(about, (x, y - 1.0, side - 12, 4.5), "small", "dim")
        self._scale_bar(x, y + 5.0, (side - 26) * metres_per_mm, metres_per_mm)

    def _scale_bar(self, x: float, y: float, most: float, metres_per_mm: float) -> None:
        """A line with three ticks, at most `most` metres long."""
        metres = nice_length(most)
        length = metres / metres_per_mm
        self._box((x + 1, y + 1.2, length, 0.35), "text")
        for part in (0.0, 0.5, 1.0):
            self._box((x + 1 + length * part - 0.12, y, 0.3, 1.4), "text")
            self._text(
                self._distance(metres, part),
                (x + length * part - 5, y + 2, 12, 4),
                "small",
                align="center",
            )

    def _distance(self, metres: float, part: float) -> str:
        kilometres = metres >= 1000
        number = metres * part / (1000 if kilometres else 1)
        unit = self.words.kilometre if kilometres else self.words.metre
        return f"{number:g}" + (f" {unit}" if part == 1.0 else "")

    def _widths(self) -> list[float]:
        shares = sum(column.share for column in self.sheet.columns)
        return [(self.width - 6.0) * column.share / shares for column in self.sheet.columns]

    def _row_height(self, lines: int) -> float:
        return 2.4 + lines * self.size["body"] * POINT_MM * LINE_SPACING

    def _line(self, row: Row) -> _Line:
        cells = [
            wrap(text, width - 3.0, self.size["body"])
            for text, width in zip(row.cells, self._widths(), strict=True)
        ]
        height = self._row_height(max(len(cell) for cell in cells))
        return _Line(["\n".join(cell) for cell in cells], height, row)

    def _strip_length(self, lines: Sequence[_Line]) -> int:
        """Return how many rows stand under the map, so that the map keeps its room."""
        room, count = self.paper["height"] * 0.25, 0
        for line in lines[: int(self.paper["strip_rows"])]:
            room -= line.height
            if room < 0:
                break
            count += 1
        return count

    def _further_pages(self, lines: Sequence[_Line]) -> None:
        top = self.margin - 1.0
        while lines:
            self.pages += 1
            room = self.bottom - top - 6.5 - self._row_height(1)
            count = 0
            while count < len(lines) and lines[count].height <= room:
                room -= lines[count].height
                count += 1
            self._list(top, lines[:count], self.pages - 1)
            lines = lines[count:]

    def _list(self, top: float, lines: Sequence[_Line], page: int) -> None:
        x, w = self.margin, self.width
        title = self.words.list if page == 0 else self.sheet.title
        self._text(title, (x, top, w - 30, 5), "heading", bold=True, page=page)
        if not lines:
            self._text(self.words.empty, (x, top + 6.5, w, 6), "body", "dim")
            return
        total = (x + w - 30, top, 30.0, 5.0)
        count = f"{len(self.sheet.rows):,}"
        self._text(count, total, "heading", "dim", align="right", page=page)
        self._table(x, top + 6.5, lines, page)

    def _table(self, x: float, y: float, lines: Sequence[_Line], page: int) -> None:
        head = self._row_height(1)
        heights = [head, *(line.height for line in lines)]
        self._box((x, y, self.width, head), "ground", page=page)
        below = y + head
        for height in heights[1:]:
            below += height
            self._box((x, below - 0.1, self.width, 0.15), "line", page=page)
        columns = self.sheet.columns
        dim, text = self.style["dim"], self.style["text"]
        cells = [[["", dim, "left"], *([c.title, dim, c.align] for c in columns)]]
        for line in lines:
            row = [self._glyph(line.row.mark)]
            row += [[t, text, c.align] for t, c in zip(line.cells, columns, strict=True)]
            cells.append(row)
        item: Record = {"kind": "table", "page": page, "cells": cells, "heights": heights}
        item |= {"rect": (x, y, self.width, sum(heights)), "widths": [6.0, *self._widths()]}
        self.items.append(item | {"points": self.size["body"]})

    def _glyph(self, mark: LegendEntry | None) -> list[str]:
        if mark is None:
            return ["", self.style["text"], "center"]
        return [GLYPHS.get(mark.shape, "●"), mark.color, "center"]
