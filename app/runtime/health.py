"""What the status strip shows of each part of the machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class HealthItem:
    """One item of the status strip.

    `state` is normal, attention, bad, critical or unknown; `code` names the sentence (a key of
    the translations such as `database_local`); `count`/`total` are its numbers (feeds 3/4,
    7 waiting), `since_ms` when the state began; `detail` is free text for a tool tip.
    """

    state: str
    code: str
    count: int = 0
    total: int = 0
    since_ms: int | None = None
    detail: str = ""


HealthSource = Callable[[], HealthItem]
