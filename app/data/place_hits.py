"""How hits of the search box are matched and ranked, the same for both maps."""

from __future__ import annotations

from app.services.views import PlaceHit


def like_pattern(words: str) -> str:
    """Return a LIKE pattern (escape character: backslash) for text that holds `words`."""
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def match_score(words: str, name: str) -> float:
    """Return 1 for the name itself, less for its beginning, least for a part of it."""
    if words == name:
        return 1.0
    if name.startswith(words):
        return 0.9
    return 0.5 * len(words) / max(len(name), 1) + 0.2


def rank(hit: PlaceHit) -> tuple[float, int]:
    """Sort key: best first, shorter titles before longer ones."""
    return (-hit.score, len(hit.title))
