"""The search box: ranks what the segments find, and looks codes up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.codes import one_slip
from app.engines.gazetteer.asked import readings
from app.engines.gazetteer.doors import metres
from app.engines.gazetteer.likeness import Spoken
from app.engines.gazetteer.segment import Segment, name_of_kind
from app.services.views import PlaceHit

_NEAR = 0.03  # what being at the map's centre is worth against being far
_FAR_KM = 30.0
_KIND = {"area:district": 0.03, "area:street": 0.026, "area:city": 0.02, "road": 0.022,
         "area:community": 0.012, "area:compound": 0.012, "area:grid": -0.01}  # fmt: skip
_LEAST = 0.5
_KNOWN = 0.06  # what nearness and kind may add
_CODE = range(2, 17)
_TEXTS = 4  # so many texts may say one thing


@dataclass(frozen=True)
class Ranked:
    """One thing of one segment with its score."""

    score: float
    segment: Segment
    thing: int


def allowed(tokens: int) -> float:
    """Return how much a question of so many characters may be off."""
    if tokens <= 2:
        return 0.45
    return 1.35 if tokens <= 4 else 2.4 if tokens <= 9 else 3.4


def search(
    segments: Sequence[Segment], text: str, limit: int, near: tuple[float, float] | None
) -> list[PlaceHit]:
    """Return the best answers; `near` (degrees) draws what is close a little forward."""
    asked = readings(text, segments[0].speller)
    if not asked:
        return []
    ranked = [*_by_code(segments, text.strip()), *_by_text(segments, asked, near, _TEXTS * limit)]
    best: dict[tuple[int, int], Ranked] = {}
    for one in ranked:
        key = (id(one.segment), one.thing)
        if key not in best or best[key].score < one.score:
            best[key] = one
    order = sorted(best.values(), key=lambda one: -one.score)[:limit]
    return [hit_of(one) for one in order]


def hit_of(one: Ranked) -> PlaceHit:
    """Return what the window and the command line show of a thing."""
    lon, lat = float(one.segment.lon[one.thing]), float(one.segment.lat[one.thing])
    known = not math.isnan(lon)
    return PlaceHit(
        one.segment.kind_name(one.thing), one.segment.title(one.thing),
        one.segment.detail(one.thing), lon if known else None, lat if known else None,
        one.segment.uid(one.thing), round(one.score, 4),
    )  # fmt: skip


def _by_text(
    segments: Sequence[Segment],
    asked: Sequence[Spoken],
    near: tuple[float, float] | None,
    most: int,
) -> Iterable[Ranked]:
    for segment in segments:
        best = 0.0
        for one in asked:
            if best > one.worth + _KNOWN:  # nothing that this reading finds could come first
                continue
            found = segment.find(one)
            good = found.cost <= allowed(len(one))
            things = segment.text_thing[found.text[good]]
            score = one.worth * (1 - found.cost[good] / max(len(one), 2))
            score = score + _bonus(segment, things, near)
            keep = score >= _LEAST
            best = max(best, float(score.max(initial=0.0)))
            things, score = things[keep], score[keep]
            if len(score) > most:
                first = np.argpartition(-score, most)[:most]
                things, score = things[first], score[first]
            for thing, value in zip(things.tolist(), score.tolist(), strict=True):
                yield Ranked(value, segment, thing)


def _bonus(
    segment: Segment, things: NDArray[np.int32], near: tuple[float, float] | None
) -> NDArray[np.float64]:
    different, which = np.unique(segment.kind[things], return_inverse=True)
    worth = [_KIND.get(name_of_kind(int(kind)), 0.0) for kind in different]
    bonus = np.array(worth, np.float64)[which]
    if near is not None and len(things):
        km = metres(segment.lon[things], segment.lat[things], *near) / 1000
        bonus += _NEAR * (1 - np.minimum(np.nan_to_num(km, nan=_FAR_KM) / _FAR_KM, 1))
    return bonus


def _by_code(segments: Sequence[Segment], text: str) -> Iterable[Ranked]:
    """Find areas by the beginning of their code, or by a code with one slip in it."""
    if not text.isdigit() or not text.isascii() or len(text) not in _CODE:
        return
    segment = segments[0]
    codes = segment.arrays["code"]
    if not len(codes):
        return
    start = int(np.searchsorted(codes, np.bytes_(text)))
    end = int(np.searchsorted(codes, np.bytes_(text + ":")))
    for at in range(start, min(end, start + 50)):
        area = int(segment.arrays["code_area"][at])
        yield Ranked(1.0 - 0.01 * (len(codes[at]) - len(text)), segment, area)
    if start < end or len(text) < 6:
        return
    slips = np.array(sorted(one.encode() for one in one_slip(text)), "S17")
    at_ = np.searchsorted(codes, slips)
    hit = (at_ < len(codes)) & (codes[np.minimum(at_, len(codes) - 1)] == slips)
    for at in np.unique(at_[hit])[:50].tolist():
        yield Ranked(0.6, segment, int(segment.arrays["code_area"][at]))
