"""Outline icons: QtAwesome's Material Design set, drawn as glyphs.

QtAwesome itself takes 0.4 s until the first icon (measured: it loads all its fonts), which the
window's loop cannot spare; this takes the one font and its table from the package, in 10 ms.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPainter

SMALL, USUAL, LARGE = 16, 20, 24
_PREFIX = "materialdesignicons6-webfont"


@cache
def _set() -> tuple[str, dict[str, str]]:
    """Return the font's family and the glyph of each name; empty where the package lacks them."""
    spec = find_spec("qtawesome")  # found, not imported: that is what takes long
    family, table = "", dict[str, str]()
    if spec is None or spec.origin is None:
        return family, table
    for entry in (Path(spec.origin).parent / "fonts").glob(f"{_PREFIX}*"):
        if entry.suffix == ".ttf":
            number = QFontDatabase.addApplicationFont(str(entry))
            families = QFontDatabase.applicationFontFamilies(number)
            family = families[0] if families else ""
        elif entry.suffix == ".json":
            codes = json.loads(entry.read_text("utf-8"))
            table = {name: chr(int(code, 16)) for name, code in codes.items()}
    return family, table


@cache
def _font(px: int) -> QFont:
    made = QFont(_set()[0])
    made.setPixelSize(px)
    return made


def draw_icon(painter: QPainter, name: str, box: QRectF, colour: QColor, px: int = SMALL) -> None:
    """Draw an icon of `px` pixels in the middle of `box`; an unknown name draws nothing."""
    family, table = _set()
    glyph = table.get(name, "")
    if family and glyph:
        painter.setFont(_font(px))
        painter.setPen(colour)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, glyph)


def load_icons() -> None:
    """Load the font now, before anybody waits for it."""
    _set()
