"""What of a case's title says what it is, where a row names the place on a line of its own."""

from __future__ import annotations

import re
from typing import Final

_PLACE_END: Final = re.compile(r".*[路街道弄号幢室村镇区]")
_THEREABOUTS: Final = re.compile(r"^(?:(?:附近|旁边|这一段|这里|这边)的?[，,]?)+")
_LEAST: Final = 4  # signs that must be left when the place is taken from a title
_JOINTS: Final = " ，,：:、"
ENDS: Final = "。！!？?"  # of a sentence; a title goes without


def what_of(title: str, address: str) -> str:
    """Return a case's title without the place that it begins with, for a row that names it too."""
    cut = _shared(title, address.replace(" ", ""))
    rest = _THEREABOUTS.sub("", title[cut:].lstrip(_JOINTS)) if cut else title
    return rest if len(rest) >= _LEAST else title


def _shared(title: str, address: str) -> int:
    """Return how much of `title` is the beginning of `address`, up to a whole part of it."""
    at = matched = 0
    while at < len(title) and matched < len(address):
        if title[at] != " ":
            if title[at] != address[matched]:
                break
            matched += 1
        at += 1
    if at == len(title):
        return 0
    whole = _PLACE_END.match(title[:at])
    cut = at if matched == len(address) else whole.end() if whole else 0
    return 0 if title[cut : cut + 1].isdigit() else cut
