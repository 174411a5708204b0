"""Which names may stand where: candidates by scale, and a placing in which none collide. No Qt.

Candidates stand at places fixed to the ground for a scale, so that panning never moves them; those
already placed are tried first, so that they stay.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.domain.camera import Bounds
from app.domain.map_columns import AREA_TIERS, ROAD_KINDS
from app.engines.citystore import CityStore, Shapes
from app.engines.english import english as in_english

DISTRICT, INNER, STREET, WATER, MAIN, ROAD, GREEN, GRID = range(8)  # most important first
LEVEL = (DISTRICT, INNER, STREET, WATER, GREEN, GRID)  # never turned
_TIERS = ((DISTRICT, "district", 5.0, 500.0), (STREET, "street", 1.6, 17.0),
          (GRID, "grid", 0.0, 0.6))  # fmt: skip
_ROADS = {"expressway": 20.0, "arterial": 9.0, "collector": 3.6, "local": 1.7, "alley": 1.1}
_MAIN = ("expressway", "arterial")
_EVERY = 620.0  # pixels between the names of one road
_AVOID = 4.0  # pixels around what names should not cover
_APART = 330.0  # pixels that the same name keeps from itself
_MOST = 4_000
_PLAIN = " District"  # goes without saying on a map
_MAY_COVER = 2  # of what should be free, the name of a district that has no other place
_NARROW = 100.0  # pixels: a smaller district's name is short, in smaller type, beside it if need be
_RINGS = (1.4, 2.2, 3.2, 4.4, 5.8, 7.4)  # heights of a name that one beside its district is away
_ROUND = tuple(math.radians(a) for a in (0, 180, 330, 210, 30, 150, 300, 240, 60, 120, 270, 90))
_SHIFTS = ((0.0, 0.0), (0.0, -1.3), (0.0, 1.3), (-0.6, 0.0), (0.6, 0.0),
           (0.0, -2.4), (0.0, 2.4), (-0.6, -1.3), (0.6, -1.3), (-0.6, 1.3), (0.6, 1.3))  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """A name that may stand at (x, y), local metres; `angle` degrees, clockwise on the screen."""

    style: int
    text: str
    x: float
    y: float
    angle: float = 0.0
    rank: int = 0
    room: tuple[float, float, float, float] | None = None  # stepping aside it stays in this box
    lead: tuple[float, float] | None = None  # it stands beside this place, with a line to it

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from others at the same scale."""
        return self.style, self.text, round(self.x), round(self.y)


Measure = Callable[[int, str], tuple[float, float]]  # style, text -> width, height in pixels


def candidates(
    store: CityStore, box: Bounds, m_per_px: float, english: bool, measure: Measure,
    calm: bool = False,
) -> list[Candidate]:  # fmt: skip
    """Return all names that may stand in `box` (local metres) at this scale, best first."""
    found = search(store, box, m_per_px, english, measure, calm)
    return ordered([c for c in found if c is not None])


def ordered(found: list[Candidate]) -> list[Candidate]:
    """Return the best first, always in the same order."""
    return sorted(found, key=lambda c: (c.style, c.rank, c.x, c.y, c.text))[:_MOST]


def search(
    store: CityStore, box: Bounds, m_per_px: float, english: bool, measure: Measure,
    calm: bool = False,
) -> Iterator[Candidate | None]:  # fmt: skip
    """Yield what `candidates` returns, unordered; None after a feature that has no place here.

    Each step is short, so that a window can search in slices. `calm` (the wall) leaves out grids,
    greens and small roads.
    """
    yield from _areas(store, box, m_per_px, english, calm)
    if m_per_px <= 60:
        yield from _named(store, "water", WATER, box, m_per_px, english)
    if m_per_px <= 8 and not calm:
        yield from _named(store, "green", GREEN, box, m_per_px, english)
    yield from _roads(store, box, m_per_px, english, measure, calm)


def _areas(
    store: CityStore, box: Bounds, m_per_px: float, english: bool, calm: bool
) -> Iterator[Candidate]:
    shapes = store.shapes["area"]
    rows = shapes.within(store.relative(box))
    for style, tier, low, high in _TIERS:
        if low <= m_per_px < high and not (calm and style == GRID):
            for row in rows[shapes.kind[rows] == AREA_TIERS.index(tier)]:
                text = name_of(shapes, int(row), english)
                named = style
                if tier == "district":
                    text = text.removesuffix(_PLAIN)
                    if _is_narrow(shapes, int(row), m_per_px):
                        named, text = INNER, text.removesuffix("区") if len(text) > 2 else text
                if tier == "grid":  # its name repeats the street's; community and sequence tell it
                    text = shapes.text("code", int(row))[-6:] or text
                yield from _at_spot(store, shapes, int(row), named, text, box)


def _is_narrow(shapes: Shapes, row: int, m_per_px: float) -> bool:
    x0, y0, x1, y1 = (float(v) for v in shapes.box[row])
    return min(x1 - x0, y1 - y0) < _NARROW * m_per_px


def _named(
    store: CityStore, layer: str, style: int, box: Bounds, m_per_px: float, english: bool
) -> Iterator[Candidate]:
    shapes = store.shapes[layer]
    for row in shapes.within(store.relative(box)):
        wide = float(shapes.box[row, 2] - shapes.box[row, 0]) / m_per_px
        if wide > 60:
            text = name_of(shapes, int(row), english)
            yield from _at_spot(store, shapes, int(row), style, text, box)


def name_of(shapes: Shapes, row: int, english: bool) -> str:
    """Return a feature's name in the window's language; made from the Chinese if it has none."""
    if not english:
        return shapes.text("name", row)
    return shapes.text("name_en", row) or in_english(shapes.text("name", row))


def _at_spot(
    store: CityStore, shapes: Shapes, row: int, style: int, text: str, box: Bounds
) -> Iterator[Candidate]:
    x = float(shapes.spot[row, 0]) + store.origin[0]
    y = float(shapes.spot[row, 1]) + store.origin[1]
    if text and box.holds(x, y):
        b = shapes.box[row]
        rank = -int((b[2] - b[0]) * (b[3] - b[1]) / 1e4)
        ox, oy = store.origin
        room = (float(b[0]) + ox, float(b[1]) + oy, float(b[2]) + ox, float(b[3]) + oy)
        yield Candidate(style, text, x, y, rank=rank, room=room)


def _roads(
    store: CityStore, box: Bounds, m_per_px: float, english: bool, measure: Measure, calm: bool
) -> Iterator[Candidate | None]:
    shapes = store.shapes["road"]
    kinds = [k for k, until in _ROADS.items() if m_per_px <= until]
    if calm:
        kinds = [k for k in kinds if k in _MAIN]
    if not kinds:
        return
    rank = {ROAD_KINDS.index(k): n for n, k in enumerate(_ROADS)}
    rows = shapes.within(store.relative(box))
    rows = rows[np.isin(shapes.kind[rows], [ROAD_KINDS.index(k) for k in kinds])]
    main = [ROAD_KINDS.index(k) for k in _MAIN]
    sizes: dict[tuple[int, str], float] = {}
    for row in rows[np.argsort(shapes.kind[rows], kind="stable")[::-1]][:_MOST]:
        text = name_of(shapes, int(row), english)
        if not text:
            continue
        style = MAIN if shapes.kind[row] in main else ROAD
        width = sizes.get((style, text))
        if width is None:
            width = sizes[style, text] = measure(style, text)[0]
        line = shapes.rings(int(row))[0].astype(np.float64) + store.origin
        for x, y, angle in along(line, width * m_per_px, _EVERY * m_per_px):
            if box.holds(x, y):
                yield Candidate(style, text, x, y, angle, rank[int(shapes.kind[row])])
        yield None


def along(
    line: NDArray[np.float64], length: float, every: float
) -> Iterator[tuple[float, float, float]]:
    """Yield places on a line where a straight text of `length` fits: x, y, angle on the screen."""
    step = np.hypot(*np.diff(line, axis=0).T)
    run = np.concatenate([[0.0], np.cumsum(step)])
    if run[-1] < length * 1.15:
        return
    count = max(int(run[-1] // every), 1)
    for n in range(count):
        middle = run[-1] * (n + 0.5) / count
        s, e = middle - length / 2, middle + length / 2
        ax, ay = np.interp(s, run, line[:, 0]), np.interp(s, run, line[:, 1])
        bx, by = np.interp(e, run, line[:, 0]), np.interp(e, run, line[:, 1])
        if math.hypot(bx - ax, by - ay) < length * 0.985:
            continue  # too bent here
        angle = round(math.degrees(math.atan2(-(by - ay), bx - ax)))
        angle = angle - 180 if angle > 90 else angle + 180 if angle <= -90 else angle
        yield float((ax + bx) / 2), float((ay + by) / 2), float(angle)


class Placing:
    """One pass of placing: feed candidates in any number of slices, `placed` grows.

    Works in pixels of the scale, so it holds for every pan at that scale. `avoid` are places (n, 2)
    in local metres which names should not cover.
    """

    def __init__(
        self, m_per_px: float, measure: Measure, keep: list[Candidate],
        avoid: NDArray[np.float64] | None = None,
    ) -> None:  # fmt: skip
        self._scale = m_per_px
        self._measure = measure
        self._boxes = np.empty((256, 4))
        self._used = 0
        self._seen: set[tuple[object, ...]] = set()
        self._where: dict[str, list[tuple[float, float]]] = {}
        self.placed: list[Candidate] = []
        self._avoid = np.empty((0, 2)) if avoid is None else avoid * (1, -1) / m_per_px
        for candidate in keep:
            self._put(candidate)

    def offer(self, candidate: Candidate) -> bool:
        """Place a name unless it is there already or would touch another.

        Names of areas step aside, within their area, for others and for what should not be
        covered; one of a district that finds no free place there stands beside it with a line to
        it, or covers a little.
        """
        if candidate.key in self._seen:
            return False
        self._seen.add(candidate.key)
        if candidate.style not in LEVEL:
            return self._put(candidate)
        w, h = self._measure(candidate.style, candidate.text)
        shifts = _SHIFTS if candidate.style in (DISTRICT, INNER, STREET) else _SHIFTS[:1]
        for covers in (0, _MAY_COVER) if candidate.style in (DISTRICT, INNER) else (0,):
            if covers and candidate.style == INNER and self._beside(candidate, w, h):
                return True
            for dx, dy in shifts:
                x, y = candidate.x + dx * w * self._scale, candidate.y - dy * h * self._scale
                if _in_room(candidate, x, y) and self._put(replace(candidate, x=x, y=y), covers):
                    return True
        return False

    def _beside(self, candidate: Candidate, w: float, h: float) -> bool:
        """Place a name near its district, with a line to it."""
        spot = (candidate.x, candidate.y)
        for ring in _RINGS:
            for turn in _ROUND:
                x = candidate.x + math.cos(turn) * (w / 2 + ring * h) * self._scale
                y = candidate.y + math.sin(turn) * (h / 2 + ring * h) * self._scale
                if self._put(replace(candidate, x=x, y=y, lead=spot)):
                    return True
        return False

    def _put(self, candidate: Candidate, covers: int = 0) -> bool:
        x, y = candidate.x / self._scale, -candidate.y / self._scale
        same = self._where.get(candidate.text, [])
        if any((x - a) ** 2 + (y - b) ** 2 < _APART**2 for a, b in same):
            return False
        boxes = _boxes(candidate, x, y, *self._measure(candidate.style, candidate.text))
        if self._touches(boxes) or self._covered(boxes) > covers:
            return False
        self._add(boxes)
        self._where.setdefault(candidate.text, []).append((x, y))
        self.placed.append(candidate)
        return True

    def _touches(self, boxes: NDArray[np.float64]) -> bool:
        there = self._boxes[: self._used]
        return any(
            bool(np.any((there[:, 0] < b[2]) & (there[:, 2] > b[0])
                        & (there[:, 1] < b[3]) & (there[:, 3] > b[1])))
            for b in boxes
        )  # fmt: skip

    def _covered(self, boxes: NDArray[np.float64]) -> int:
        x, y = self._avoid[:, 0], self._avoid[:, 1]
        r = _AVOID
        return sum(
            int(np.sum((x > b[0] - r) & (x < b[2] + r) & (y > b[1] - r) & (y < b[3] + r)))
            for b in boxes
        )

    def _add(self, boxes: NDArray[np.float64]) -> None:
        while self._used + len(boxes) > len(self._boxes):
            self._boxes = np.concatenate([self._boxes, np.empty_like(self._boxes)])
        self._boxes[self._used : self._used + len(boxes)] = boxes
        self._used += len(boxes)


def _in_room(candidate: Candidate, x: float, y: float) -> bool:
    room = candidate.room
    return room is None or (room[0] <= x <= room[2] and room[1] <= y <= room[3])


def _boxes(c: Candidate, x: float, y: float, w: float, h: float) -> NDArray[np.float64]:
    """Return upright boxes that cover a text: one if level, a row of small ones if turned."""
    w, h = w + 8, h + 4
    if abs(c.angle) < 4:
        return np.array([[x - w / 2, y - h / 2, x + w / 2, y + h / 2]])
    n = max(math.ceil(w / h), 1)
    t = (np.arange(n) + 0.5) / n - 0.5
    cx = x + t * w * math.cos(math.radians(c.angle))
    cy = y + t * w * math.sin(math.radians(c.angle))
    half = h * 0.6
    return np.stack([cx - half, cy - half, cx + half, cy + half], axis=1)
