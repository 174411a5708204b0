"""A clock of a case in words: what is left, or since when it stands, and until when it was put."""

from __future__ import annotations

from app.domain.clocks import Clock, EventKind
from app.services.views import CaseSheet
from widgets.facts import Fact, Span
from widgets.i18n import language, tr, tr_or
from widgets.words import local, span

_HOUR = 3_600_000


def clocks_of(sheet: CaseSheet, now_ms: int) -> list[Fact]:
    """Return the clocks not stopped, coloured by what is left of them."""
    return [Fact(_name(one.name, sheet), _spans(one, now_ms)) for one in sheet.state.running()]


def moment(at_ms: int, now_ms: int) -> str:
    """Return a time of today, else with its day, and with its year if that is another."""
    at, now = local(at_ms), local(now_ms)
    if at.date() == now.date():
        return f"{at:%H:%M}"
    return f"{at:%m-%d %H:%M}" if at.year == now.year else f"{at:%Y-%m-%d %H:%M}"


def _name(name: str, sheet: CaseSheet) -> str:
    kind = sheet.way.clocks.get(name) if sheet.way is not None else None
    own = name if kind is None else kind.en if language() == "en" else kind.zh
    return tr_or(f"clock.{name}", own)


def _spans(one: Clock, now_ms: int) -> tuple[Span, ...]:
    stood = _stands_since(one, now_ms)
    if stood is not None:
        return (Span(tr("sheet.paused_since", at=moment(stood, now_ms)), "dim"),)
    left = one.due_ms - now_ms
    if left < 0:
        words = Span(tr("time.late", span=span(-left)), "critical", 600)
    else:
        near = left < _HOUR
        said = tr("time.left", span=span(left))
        words = Span(said, "bad", 600) if near else Span(said)
    at = moment(one.due_ms, now_ms)
    longer = any(event.kind is EventKind.EXTEND for event in one.events)
    spans = [words, Span(tr("sheet.extended_to", at=at) if longer else at, "dim")]
    if one.provisional:
        spans.append(Span(tr("sheet.provisional"), "attention"))
    return tuple(spans)


def _stands_since(one: Clock, now_ms: int) -> int | None:
    if one.paused:
        return one.events[-1].at_ms
    if one.held_at(now_ms):
        return next(e.at_ms for e in reversed(one.events) if e.kind is EventKind.HOLD)
    return None
