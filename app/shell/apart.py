"""What is kept apart from the state, as lines to go to."""

from __future__ import annotations

from collections.abc import Sequence

from app.services.views import Apart, PlaceHit
from widgets.i18n import tr, tr_or
from widgets.words import local, person_named


def apart_hits(apart: Sequence[Apart]) -> list[PlaceHit]:
    """Return a line for each action: which case and step; why, and when it counts by itself."""
    return [PlaceHit("case", _title(one), _detail(one), None, None, one.case) for one in apart]


def _title(one: Apart) -> str:
    step = tr_or(f"move.{one.type}", one.type)
    return f"{one.number or one.device}  {step}  {person_named(one.actor_name)}".rstrip()


def _detail(one: Apart) -> str:
    why = tr_or(f"apart.{one.why}", one.why)
    if one.release_ms is None:
        return f"{why}  {tr('apart.never')}"
    return f"{why}  {tr('apart.until', at=f'{local(one.release_ms):%m-%d %H:%M}')}"
