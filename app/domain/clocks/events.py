"""What happens to a clock, as spans in which it stands still and stages that it runs through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from app.domain.clocks.limits import Limit, LimitUnit

Still = Sequence[tuple[int, int]]  # disjoint spans (from, until] in which a clock stands, in order

PAUSE = "pause"  # key of a stop that is to be resumed
_FOREVER = 1 << 62


class EventKind(StrEnum):
    """What can happen to a clock after its start."""

    ASK = "ask"  # 申请: an extension or a hold is asked for; the clock runs on
    REFUSE = "refuse"  # it was refused, and is as if never asked
    EXTEND = "extend"  # 延期 approved: `more` is added, or `until_ms` is the new deadline
    HOLD = "hold"  # 挂账 approved: stands still until `until_ms`
    WAKE = "wake"  # the holds named `key` end early
    STOP = "stop"  # the action that ends it
    RESUME = "resume"  # 返工 on the old clock: it goes on with what was left


@dataclass(frozen=True)
class ClockEvent:
    """Something that happened to a clock; times in Unix ms.

    Attributes:
        key: names a request, so that a wake finds its hold; clocks may have several.
        until_ms: `hold`: when it wakes by itself; `extend`: the new deadline, a moment.
        more: `extend`: what is added to the limit.
    """

    at_ms: int
    kind: EventKind
    key: str = ""
    until_ms: int | None = None
    more: Limit | None = None


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the union of spans (from, until], disjoint and in order; empty ones vanish."""
    found: list[tuple[int, int]] = []
    for a, b in sorted(spans):
        if a >= b:
            continue
        if found and a <= found[-1][1]:
            found[-1] = (found[-1][0], max(b, found[-1][1]))
        else:
            found.append((a, b))
    return found


@dataclass(frozen=True)
class Stage:
    """A part of the limit: the first, and what an extension in another unit added to it.

    A new deadline given as a moment is one that runs on the natural clock from `fixed_ms`, and
    for which only what comes from the event `since` on stands still.
    """

    unit: LimitUnit
    steps: int
    fixed_ms: int | None = None
    since: int = 0


def stages_of(limit: Limit, events: Sequence[ClockEvent]) -> list[Stage]:
    """Return the limit with what approved extensions made of it."""
    stages = [Stage(limit.unit, limit.steps)]
    for i, event in enumerate(events):
        if event.kind is not EventKind.EXTEND:
            continue
        if event.until_ms is not None and event.until_ms > event.at_ms:
            span = event.until_ms - event.at_ms
            stages = [Stage(LimitUnit.URGENT_MINUTE, span, event.at_ms, i + 1)]
        elif event.more is not None and event.more.amount > 0:
            last, more = stages[-1], event.more
            if last.unit is more.unit:
                stages[-1] = replace(last, steps=last.steps + more.steps)
            else:
                stages.append(Stage(more.unit, more.steps))
    return stages


def holds_of(events: Sequence[ClockEvent]) -> list[tuple[int, int]]:
    """Return the span of every hold, cut by its wake."""
    spans: list[tuple[int, int]] = []
    keys: list[str] = []
    for event in events:
        if event.kind is EventKind.HOLD and event.until_ms is not None:
            spans.append((event.at_ms, event.until_ms))
            keys.append(event.key)
        elif event.kind is EventKind.WAKE:
            spans = [
                (a, min(b, event.at_ms)) if key == event.key else (a, b)
                for (a, b), key in zip(spans, keys, strict=True)
            ]
    return spans


def stops_of(events: Sequence[ClockEvent]) -> list[tuple[int, int]]:
    """Return the spans from stop to resume, the last one open if nothing resumed it."""
    spans: list[tuple[int, int]] = []
    since: int | None = None
    for event in events:
        if event.kind is EventKind.STOP and since is None:
            since = event.at_ms
        elif event.kind is EventKind.RESUME and since is not None:
            spans.append((since, event.at_ms))
            since = None
    return spans if since is None else [*spans, (since, _FOREVER)]


def stands_still(events: Sequence[ClockEvent]) -> list[tuple[int, int]]:
    """Return the spans of holds and of stops that were resumed."""
    closed = [span for span in stops_of(events) if span[1] != _FOREVER]
    return merged([*holds_of(events), *closed])


def stopped_at(events: Sequence[ClockEvent]) -> int | None:
    """Return when the stop came that nothing resumed, or None."""
    return next((a for a, b in stops_of(events) if b == _FOREVER), None)
