"""Tokens become palette, style sheet and painters' colours: the one place for how it looks.

`resources/styles/tokens.toml` holds the values, `resources/styles/window.qss` the rules with
`@token` in place of a colour. Stations switch while running: `apply_theme` and then each panel's
`set_theme`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from PySide6.QtGui import QColor, QFont, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication

STYLES = Path(__file__).resolve().parents[1] / "resources" / "styles"
SIZES = (12, 14, 16, 20, 28, 40)
_TOKEN = re.compile(r"@([a-z_]+)")


@dataclass(frozen=True)
class Theme:
    """Colours as '#RRGGBB'. `…_ink` are the state colours dark enough for small text."""

    name: str
    dark: bool
    ground: str
    panel: str
    line: str
    text: str
    dim: str
    accent: str
    normal: str
    attention: str
    bad: str
    critical: str
    unknown: str
    normal_ink: str
    attention_ink: str
    bad_ink: str
    critical_ink: str
    unknown_ink: str
    selected: str
    hover: str
    field: str
    track: str
    accent_dark: str
    land: str
    outside: str
    water: str
    green: str
    expressway: str
    road_major: str
    road_minor: str
    road_face: str
    road_edge: str
    building: str
    building_edge: str
    metro: str
    grid_line: str
    area_line: str
    part_low: str
    part_high: str

    def state(self, name: str) -> QColor:
        """Return the colour of a state; an unknown word is `unknown`, never normal."""
        return QColor(getattr(self, name if name in STATES else "unknown"))

    def ink(self, name: str) -> QColor:
        """Return the text colour of a state."""
        return QColor(getattr(self, f"{name if name in STATES else 'unknown'}_ink"))


STATES = ("normal", "attention", "bad", "critical", "unknown")


@cache
def _tokens() -> dict[str, Any]:
    with (STYLES / "tokens.toml").open("rb") as file:
        return tomllib.load(file)


def load_theme(name: str) -> Theme:
    """Return the theme `light`, `dark` or `field` from the token file."""
    return Theme(name=name, dark=name == "dark", **_tokens()[name])


@cache
def font(px: int, weight: int = 400) -> QFont:
    """Return the type in `px` pixels with tabular figures. Do not change what it returns."""
    made = QFont(str(_tokens()["type"]["family"]))
    made.setPixelSize(px)
    made.setWeight(QFont.Weight(weight))
    made.setFeature(QFont.Tag("tnum"), 1)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made


@cache
def metrics(px: int, weight: int = 400) -> QFontMetrics:
    """Return the metrics of `font(px, weight)`."""
    return QFontMetrics(font(px, weight))


def style_sheet(theme: Theme) -> str:
    """Return the rules of `window.qss` with the theme's colours put in."""
    values = {field.name: str(getattr(theme, field.name)) for field in fields(theme)}
    values["styles"] = STYLES.as_posix()
    rules = (STYLES / "window.qss").read_text("utf-8")
    return _TOKEN.sub(lambda found: values.get(found[1], found[0]), rules)


def palette(theme: Theme) -> QPalette:
    """Return Qt's palette, for what the style sheet does not reach."""
    made = QPalette()
    for role, name in _ROLES.items():
        made.setColor(role, QColor(getattr(theme, name)))
    made.setColor(QPalette.ColorRole.HighlightedText, QColor("#FFFFFF"))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.dim))
    return made


_ROLES = {
    QPalette.ColorRole.Window: "panel",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Base: "panel",
    QPalette.ColorRole.AlternateBase: "ground",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.Button: "panel",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.Highlight: "accent",
    QPalette.ColorRole.PlaceholderText: "dim",
    QPalette.ColorRole.ToolTipBase: "panel",
    QPalette.ColorRole.ToolTipText: "text",
    QPalette.ColorRole.Link: "accent",
    QPalette.ColorRole.Mid: "line",
}


def apply_theme(application: QApplication, theme: Theme) -> None:
    """Give the whole program font, palette and style sheet of `theme`."""
    application.setFont(font(14))
    application.setPalette(palette(theme))
    application.setStyleSheet(style_sheet(theme))
