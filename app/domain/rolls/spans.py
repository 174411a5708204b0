"""The timetable of posts as intervals, and its gaps and doubles, without stepping minutes.

Between two neighbouring edges (of shifts, of changes) nothing can change, so one question at each
edge tells the whole. Intervals are Unix ms [from, to), in order, the same person's joined.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from uuid import UUID

from app.domain.people import Duty
from app.domain.rolls.changes import Change
from app.domain.rolls.rolls import FALLBACK, Rolls

Intervals = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Span:
    """Who stands on an area's posts of a kind in [from_ms, to_ms): nobody, one, or more."""

    from_ms: int
    to_ms: int
    persons: tuple[UUID, ...]
    posts: tuple[UUID, ...]
    is_open: bool = True  # whether any of its posts is on the rolls


@dataclass(frozen=True)
class Fault:
    """A gap (nobody stands) or a double (two posts do) of a kind on an area."""

    what: str  # "gap" or "double"
    area: UUID
    kind: str
    from_ms: int
    to_ms: int
    posts: tuple[UUID, ...] = ()


def spans(rolls: Rolls, area: UUID, kind: str, from_ms: int, to_ms: int) -> tuple[Span, ...]:
    """Return the whole timetable of an area's posts of a kind; empty where it has no post."""
    posts = rolls.posts_on.get((area, kind), ())
    if not posts or from_ms >= to_ms:
        return ()
    edges = sorted({from_ms, to_ms, *_edges(rolls, posts, from_ms, to_ms)})
    found: list[Span] = []
    for start, end in pairwise(edges):
        span = _span(rolls, posts, start, end)
        before = found[-1] if found else None
        if before is not None and replace(span, from_ms=before.from_ms, to_ms=start) == before:
            found[-1] = replace(before, to_ms=end)
        else:
            found.append(span)
    return tuple(found)


def faults(rolls: Rolls, from_ms: int, to_ms: int) -> Iterator[Fault]:
    """Yield the gaps and doubles of all areas and kinds that have a post."""
    for area, kind in rolls.posts_on:
        yield from faults_of(rolls, area, kind, from_ms, to_ms)


def faults_of(rolls: Rolls, area: UUID, kind: str, from_ms: int, to_ms: int) -> Iterator[Fault]:
    """Yield the gaps and doubles of one area and kind; no gap while none of its posts is valid."""
    for what, some in _runs(spans(rolls, area, kind, from_ms, to_ms)):
        start, end = some[0].from_ms, some[-1].to_ms
        doubled = tuple(dict.fromkeys(post for span in some for post in span.posts))
        yield Fault(what, area, kind, start, end, doubled)


def uncovered(rolls: Rolls, path: Sequence[UUID], lead: str, from_ms: int, to_ms: int) -> Intervals:
    """Return when nobody stands on any post for `lead` on a path, before and with the fallback."""
    left: Intervals = ((from_ms, to_ms),)
    for area in path:
        for kind in dict.fromkeys((lead, FALLBACK)):
            left = _common(left, nobody(rolls, area, kind, from_ms, to_ms))
    return left


def nobody(rolls: Rolls, area: UUID, kind: str, from_ms: int, to_ms: int) -> Intervals:
    """Return when nobody stands on an area's posts of a kind; all of it where it has none."""
    if (area, kind) not in rolls.posts_on:
        return ((from_ms, to_ms),)
    found = spans(rolls, area, kind, from_ms, to_ms)
    return tuple((one.from_ms, one.to_ms) for one in found if not one.persons)


def _span(rolls: Rolls, posts: Sequence[Duty], start: int, end: int) -> Span:
    slot = rolls.slot(start)
    stand = [(post, found) for post in posts if (found := rolls.on_post(post, start, slot))]
    persons = tuple(who.uid for _, (who, _) in stand)
    is_open = any(rolls.is_valid(post.uid, start) for post in posts)
    return Span(start, end, persons, tuple(post.uid for post, _ in stand), is_open)


def _edges(rolls: Rolls, posts: Sequence[Duty], from_ms: int, to_ms: int) -> Iterator[int]:
    """Yield all instants within the window at which something about these posts may change."""
    every = (
        *rolls.shift_edges(from_ms, to_ms),
        *(edge for one in concerned(rolls, posts) for edge in (one.from_ms, one.to_ms)),
    )
    return (edge for edge in every if edge is not None and from_ms < edge < to_ms)


def concerned(rolls: Rolls, posts: Sequence[Duty]) -> Sequence[Change]:
    """Return the changes about posts, their units, and all who may come to stand on them."""
    open_ = [uid for post in posts for uid in named_by(post)]
    seen, found = set(open_), dict[str, Change]()
    while open_:
        for one in rolls.about.get(open_.pop(), ()):
            found[one.hash] = one
            new = {uid for uid in named_in(one) if uid not in seen}
            seen |= new
            open_ += new
    return list(found.values())


def named_by(post: Duty) -> tuple[UUID, ...]:
    """Return the post, its unit and the persons of its row."""
    return (post.uid, post.unit, *post.person_by_shift.values())


def named_in(change: Change) -> Iterator[UUID]:
    """Yield whom a change names."""
    yield from change.subjects
    if change.other is not None:
        yield change.other
    for day in change.body.get("pattern", ()):
        yield from map(UUID, day.values())


def _runs(found: Sequence[Span]) -> Iterator[tuple[str, list[Span]]]:
    """Yield neighbouring spans that are alike a gap, or alike a double."""
    run: list[Span] = []
    for span in found:
        if run and _fault(span) != _fault(run[0]):
            yield _fault(run[0]), run
            run = []
        if _fault(span):
            run.append(span)
    if run:
        yield _fault(run[0]), run


def _fault(span: Span) -> str:
    if not span.persons:
        return "gap" if span.is_open else ""
    return "double" if len(span.persons) > 1 else ""


def _common(one: Intervals, other: Intervals) -> Intervals:
    """Return what two ordered sets of intervals share."""
    found, i, j = [], 0, 0
    while i < len(one) and j < len(other):
        start, end = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if start < end:
            found.append((start, end))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)
