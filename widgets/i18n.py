"""Words of the window by key, Chinese first: `tr("tab.mine")`.

The tables lie in `resources/i18n/<lang>.toml` and hold the same keys (a test says so). A key that
is missing shows itself, so that nothing is ever blank.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

TABLES = Path(__file__).resolve().parents[1] / "resources" / "i18n"
LANGUAGES = ("zh", "en")


class _Tongue:
    """The language spoken now; one for the program, as there is one person before it."""

    lang = "zh"


@cache
def table(lang: str) -> Mapping[str, str]:
    """Return all words of `lang` by dotted key."""
    with (TABLES / f"{lang}.toml").open("rb") as file:
        return dict(_flat(tomllib.load(file), ""))


def _flat(raw: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in raw.items():
        name = f"{prefix}{key}"
        found += _flat(value, f"{name}.") if isinstance(value, dict) else [(name, str(value))]
    return found


def set_language(lang: str) -> None:
    """Speak `lang` (`zh` or `en`) from now on."""
    if lang not in LANGUAGES:
        raise ValueError(f"There is no table of words for {lang!r}.")
    _Tongue.lang = lang


def language() -> str:
    """Return the language spoken now."""
    return _Tongue.lang


def tr(key: str, **values: object) -> str:
    """Return the words of `key` with `{name}` filled from `values`."""
    words = table(_Tongue.lang).get(key, key)
    return words.format(**values) if values else words


def tr_or(key: str, fallback: str) -> str:
    """Return the words of `key`, or `fallback` where the table lacks it (data's own codes)."""
    return table(_Tongue.lang).get(key, fallback)
