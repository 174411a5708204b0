"""A theme for the map without Qt: the tokens as they are."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import SimpleNamespace

TOKENS = Path(__file__).parents[2] / "resources" / "styles" / "tokens.toml"


def map_theme(name: str) -> SimpleNamespace:
    """Return the colours of `light`, `dark` or `field` as `layers.look.MapTheme` has them."""
    tokens = tomllib.loads(TOKENS.read_text("utf-8"))[name]
    return SimpleNamespace(name=name, dark=name == "dark", **tokens)
