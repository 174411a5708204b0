"""What an error says in the language spoken: its English sentence, found among translated ones.

Errors are raised in English, with their numbers and names filled in. The table's keys are those
sentences with `{}` for what is filled in, so nothing need be said at the raise; the test that walks
all raises keeps the table whole. What has no translation is shown as it was raised.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TABLES = Path(__file__).resolve().parents[2] / "resources" / "i18n"
_HOLE = "{}"
_FILL = re.compile(r"\{(\d*)\}")


@dataclass(frozen=True)
class _Sentence:
    """One translated sentence; `letters` of its own tell how well it fits."""

    pattern: re.Pattern[str]
    words: str
    letters: int

    def said(self, text: str, lang: str) -> str | None:
        """Return the translation of `text` if this is its sentence."""
        found = self.pattern.fullmatch(text)
        if found is None:
            return None
        parts = [_whole(lang).get(part, part) for part in found.groups()]
        order = iter(range(len(parts)))

        def fill(hole: re.Match[str]) -> str:
            return parts[int(hole[1]) if hole[1] else next(order)]

        return _FILL.sub(fill, self.words)


def error_said(text: str, lang: str) -> str:
    """Return an error's message or advice in `lang` (zh or en), as it is if untranslated."""
    whole = _whole(lang).get(text)
    if whole is not None:
        return whole
    for sentence in _sentences(lang):
        said = sentence.said(text, lang)
        if said is not None:
            return said
    return text


def table_of(lang: str) -> dict[str, str]:
    """Return the translated sentences of `lang` by the English ones; empty if there are none."""
    path = _TABLES / f"errors_{lang}.toml"
    if not path.is_file():
        return {}
    return {str(key): str(value) for key, value in tomllib.loads(path.read_text("utf-8")).items()}


@cache
def _whole(lang: str) -> dict[str, str]:
    return {key: words for key, words in table_of(lang).items() if _HOLE not in key}


@cache
def _sentences(lang: str) -> tuple[_Sentence, ...]:
    made = []
    for key, words in table_of(lang).items():
        parts = key.split(_HOLE)
        if len(parts) > 1:
            pattern = re.compile("(.*?)".join(re.escape(part) for part in parts), re.DOTALL)
            made.append(_Sentence(pattern, words, sum(map(len, parts))))
    return tuple(sorted(made, key=lambda one: -one.letters))
