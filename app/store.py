"""The current picture, columnar and free of Qt: what the window shows of the city now.

Rows come in only by `Changes`. Each inbox tab is a sorted array of slots; a change of a few rows
edits it in place of sorting again, so that a million rows stay as quick as ten. What the window
must redraw is told by `StoreDelta`. Order, in every tab: urgent ones, then those sent back, then
by deadline; closed ones last, newest first.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.services.changes import CaseRow, Changes, SignRow, UnitRow

TABS = ("to_dispatch", "mine", "due_soon", "returned", "open", "all")
DUE_SOON_MS = 2 * 3_600_000
ATTENTION_MS = 3_600_000
BULK = 64  # above so many rows at once a tab is sorted anew
STATES = ("normal", "attention", "bad", "critical", "unknown")
NORMAL, ATTENTION, BAD, CRITICAL, UNKNOWN = range(5)

_NEVER = np.int64(1) << 44
_RANK = 48  # the order key holds the rank above 48 bits of milliseconds
_TO_DISPATCH = frozenset({"reported", "filed"})
_HANDLING = frozenset({"dispatched", "signed"})
# what waits for a role, beside the cases sent to the person itself
WAITS_FOR: Mapping[str, frozenset[str]] = {
    "dispatcher": frozenset({"checked"}),
    "intake": frozenset({"reported"}),
    "supervisor": frozenset({"handled"}),
    "shift_lead": frozenset({"handled", "checked"}),
    "duty_leader": frozenset(),
    "handler": frozenset(),
}

_USED, _OPEN, _URGENT, _BACK, _WAITING, _RETURNED, _MINE = (1 << bit for bit in range(7))
_FILED, _SENT, _AUTO, _IN_HAND = (1 << bit for bit in range(7, 11))
_AT_STEP = {"reported": 1 << 11, "handled": 1 << 12, "checked": 1 << 13}
_MEMBER = {
    "to_dispatch": _WAITING,
    "mine": _MINE,
    "due_soon": _OPEN,
    "returned": _RETURNED,
    "open": _OPEN,
    "all": _USED,
}

Slots = NDArray[np.int32]


class TabEdit(NamedTuple):
    """One step that turns a tab's old list into the new one; `at` counts as of that step."""

    kind: str  # insert | remove | change
    at: int
    slot: int


@dataclass(frozen=True)
class StoreDelta:
    """What became of the picture.

    `tabs` has the edits of each tab touched, None where it was sorted anew; `cases` are the
    uids whose row is new or other, `gone` those no longer there; `parts` are edited parts.
    """

    cases: tuple[UUID, ...] = ()
    gone: tuple[UUID, ...] = ()
    tabs: Mapping[str, tuple[TabEdit, ...] | None] = field(default_factory=dict)
    units: bool = False
    signs: tuple[tuple[str, str], ...] = ()
    map_changed: bool = False
    parts: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class MapCases:
    """Open cases as the map draws them: degrees WGS 84, `state` an index into `STATES`."""

    uids: tuple[UUID, ...]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    state: NDArray[np.uint8]


@dataclass(frozen=True)
class River:
    """The flow of cases: numbers of today, but for `in_hand` and `overdue`, which are of now."""

    reported: int
    filed: int
    sent: int
    sent_by_rule: int
    in_hand: int
    overdue: int
    longest_ms: int
    closed: int


def state_of(row: CaseRow, now_ms: int) -> str:
    """Return how a case stands at `now_ms`: computed when shown, never stored."""
    if not row.is_open or row.due_ms is None:
        return STATES[NORMAL]
    if row.due_ms < now_ms:
        return STATES[CRITICAL] if row.urgent else STATES[BAD]
    if row.due_ms - now_ms < ATTENTION_MS or row.returned or row.reworked or row.urgent:
        return STATES[ATTENTION]
    return STATES[NORMAL]


class Store:
    """The picture. Used on one thread only, the window's."""

    def __init__(self) -> None:
        self.revision = 0
        self.units: dict[UUID, UnitRow] = {}
        self.signs: dict[tuple[str, str], SignRow] = {}
        self.readings = 0
        self._rows: list[CaseRow | None] = []
        self._slots: dict[UUID, int] = {}
        self._free: list[int] = []
        self._key = np.empty(0, np.int64)
        self._uid = np.empty(0, np.object_)
        self._lon = np.empty(0, np.float64)
        self._lat = np.empty(0, np.float64)
        self._due = np.empty(0, np.int64)
        self._kind = np.empty(0, np.uint16)  # bits: _USED and so on
        self._reported = np.empty(0, np.int64)
        self._closed = np.empty(0, np.int64)  # 0 while open
        self._order: dict[str, Slots] = {tab: np.empty(0, np.int32) for tab in TABS}
        self._tasks: dict[UUID, set[int]] = {}  # slots of open cases by person
        self._person: UUID | None = None
        self._role = ""
        self._now_ms = 0

    # ---- reading -------------------------------------------------------------------------

    def row(self, uid: UUID) -> CaseRow | None:
        """Return the row of a case, None if the picture lacks it."""
        slot = self._slots.get(uid)
        return None if slot is None else self._rows[slot]

    def row_at(self, slot: int) -> CaseRow:
        """Return the row in a slot; raises `KeyError` for an empty one."""
        row = self._rows[slot]
        if row is None:
            raise KeyError(slot)
        return row

    def order(self, tab: str) -> Slots:
        """Return the slots of a tab in order; the array is never changed in place."""
        return self._order[tab]

    def slot(self, uid: UUID) -> int | None:
        """Return where a case lies, for finding it in `order`."""
        return self._slots.get(uid)

    def counts(self) -> dict[str, int]:
        """Return how many rows each tab holds."""
        return {tab: int(self._order[tab].size) for tab in TABS}

    def overdue(self, now_ms: int) -> int:
        """Return how many open cases are late."""
        slots = self._order["open"]
        return int(np.count_nonzero(self._due[slots] < now_ms))

    def critical(self, now_ms: int) -> tuple[CaseRow, ...]:
        """Return the open critical cases, newest change first."""
        slots = self._order["open"]
        late = slots[self._due[slots] < now_ms]
        rows = [self.row_at(int(slot)) for slot in late[(self._kind[late] & _URGENT) > 0]]
        return tuple(sorted(rows, key=lambda row: -row.changed_ms))

    def map_cases(self, now_ms: int) -> MapCases:
        """Return the open cases as arrays, the worst last so that they are drawn on top."""
        slots = self._order["open"]
        state = self._states(slots, now_ms)
        by = np.argsort(state, kind="stable")
        slots, state = slots[by], state[by]
        uids = tuple(self._uid[slots].tolist())
        return MapCases(uids, self._lon[slots], self._lat[slots], state)

    def river(self, now_ms: int, since_ms: int) -> River:
        """Return how the cases reported or closed since `since_ms` flow, as the wall shows it."""
        count = len(self._rows)
        kind, closed = self._kind[:count], self._closed[:count]
        today = (self._reported[:count] >= since_ms) & ((kind & _USED) > 0)
        open_now = (kind & _OPEN) > 0
        late = open_now & (self._due[:count] < now_ms)
        sent = today & ((kind & _SENT) > 0)
        return River(
            reported=int(today.sum()),
            filed=int((today & ((kind & _FILED) > 0)).sum()),
            sent=int(sent.sum()),
            sent_by_rule=int((sent & ((kind & _AUTO) > 0)).sum()),
            in_hand=int((open_now & ((kind & _IN_HAND) > 0)).sum()),
            overdue=int(late.sum()),
            longest_ms=int(now_ms - self._due[:count][late].min()) if late.any() else 0,
            closed=int(((closed >= since_ms) & ((kind & _USED) > 0)).sum()),
        )

    def headlines(self) -> dict[str, SignRow]:
        """Return by dimension the city's sign that stands for it: the worst, else the first.

        The city's own area is the one with the lowest code (310000 before 310101).
        """
        city = min((area for _, area in self.signs), default="")
        best: dict[str, SignRow] = {}
        for sign in self.signs.values():
            if sign.area != city:
                continue
            held = best.get(sign.dimension)
            if held is None or _weight(sign.state) > _weight(held.state):
                best[sign.dimension] = sign
        return best

    def signs_of(self, dimension: str) -> tuple[SignRow, ...]:
        """Return the city's signs of a dimension, the worst first."""
        city = min((area for _, area in self.signs), default="")
        found = [s for s in self.signs.values() if s.dimension == dimension and s.area == city]
        return tuple(sorted(found, key=lambda sign: -_weight(sign.state)))

    def oldest_reading_ms(self) -> int | None:
        """Return the time of the oldest headline, None without readings."""
        return min((sign.at_ms for sign in self.headlines().values()), default=None)

    def _states(self, slots: Slots, now_ms: int) -> NDArray[np.uint8]:
        due, kind = self._due[slots], self._kind[slots]
        late, urgent = due < now_ms, (kind & _URGENT) > 0
        watch = (due - now_ms < ATTENTION_MS) | ((kind & _BACK) > 0) | urgent
        watch &= due < _NEVER
        state = np.where(watch, np.uint8(ATTENTION), np.uint8(NORMAL))
        state[late] = BAD
        state[late & urgent] = CRITICAL
        return state

    # ---- writing -------------------------------------------------------------------------

    def apply(self, changes: Changes) -> StoreDelta:
        """Take in what a write changed and tell what to redraw."""
        self.revision = max(self.revision, changes.revision)
        self.readings += changes.readings
        for unit in changes.units:
            self.units[unit.uid] = unit
        signs = tuple((sign.code, sign.area) for sign in changes.signs)
        self.signs.update(zip(signs, changes.signs, strict=True))
        tabs, gone = self._apply_rows(changes.cases, changes.gone)
        gone_units = [uid for uid in changes.gone if self.units.pop(uid, None)]
        return StoreDelta(
            cases=tuple(row.uid for row in changes.cases),
            gone=gone,
            tabs=tabs,
            units=bool(changes.units or gone_units),
            signs=signs,
            map_changed=changes.map_changed,
            parts=tuple(row.uid for row in changes.parts),
        )

    def look_from(self, person: UUID | None, role: str) -> StoreDelta:
        """Say who sits here: what `mine` holds depends on it."""
        self._person, self._role = person, role
        mine = (self._kind & self._waits_for()) > 0
        mine[list(self._tasks.get(person, ()) if person else ())] = True
        self._kind &= ~np.uint16(_MINE)
        self._kind[mine] |= np.uint16(_MINE)
        return self._resort(("mine",))

    def tick(self, now_ms: int) -> StoreDelta:
        """Let time pass: what is due soon changes without any action."""
        self._now_ms = now_ms
        before = self._order["due_soon"]
        self._sort_tab("due_soon")
        if np.array_equal(before, self._order["due_soon"]):
            return StoreDelta()
        return StoreDelta(tabs={"due_soon": None})

    def _resort(self, tabs: Iterable[str]) -> StoreDelta:
        names = tuple(tabs)
        for tab in names:
            self._sort_tab(tab)
        return StoreDelta(tabs=dict.fromkeys(names))

    def _apply_rows(
        self, rows: Sequence[CaseRow], gone: Sequence[UUID]
    ) -> tuple[dict[str, tuple[TabEdit, ...] | None], tuple[UUID, ...]]:
        leaving = tuple(uid for uid in gone if uid in self._slots)
        if len(rows) + len(leaving) > BULK:
            for uid in leaving:
                self._forget(self._slots[uid])
            self._fill(rows)
            for tab in TABS:
                self._sort_tab(tab)
            return dict.fromkeys(TABS), leaving
        edits: dict[str, list[TabEdit]] = {}
        for uid in leaving:
            slot = self._slots[uid]
            for tab in TABS:
                edits.setdefault(tab, []).extend(self._take_out(tab, slot))
            self._forget(slot)
        for row in rows:
            self._place(row, edits)
        return {tab: tuple(steps) for tab, steps in edits.items() if steps}, leaving

    def _place(self, row: CaseRow, edits: dict[str, list[TabEdit]]) -> None:
        old = self._slots.get(row.uid)
        if old is not None and self.row_at(old).changed_ms > row.changed_ms:
            return  # a page read before a newer change came
        slot = self._new_slot() if old is None else old
        before = {} if old is None else {tab: self._position(tab, slot) for tab in TABS}
        same_key = old is not None and int(self._key[slot]) == _order_key(row)
        for tab, at in before.items():
            if at is not None and not (same_key and self._will_hold(tab, row)):
                edits.setdefault(tab, []).extend(self._take_out(tab, slot))
                before[tab] = None
        self._write(slot, row, _order_key(row))
        for tab in TABS:
            at = before.get(tab)
            if at is not None:
                edits.setdefault(tab, []).append(TabEdit("change", at, slot))
            elif self._holds(tab, slot):
                edits.setdefault(tab, []).append(self._put_in(tab, slot))

    def _will_hold(self, tab: str, row: CaseRow) -> bool:
        bits = self._bits(row)
        if tab == "due_soon":
            soon = row.due_ms is not None and row.due_ms - self._now_ms < DUE_SOON_MS
            return bool(soon and bits & _OPEN)
        return bool(bits & _MEMBER[tab])

    def _fill(self, rows: Sequence[CaseRow]) -> None:
        self._grow(len(self._rows) + len(rows))
        for row in rows:
            old = self._slots.get(row.uid)
            if old is not None and self.row_at(old).changed_ms > row.changed_ms:
                continue
            self._write(self._new_slot() if old is None else old, row, _order_key(row))

    def _write(self, slot: int, row: CaseRow, key: int) -> None:
        self._drop_task(slot)
        if row.is_open and row.person is not None:
            self._tasks.setdefault(row.person, set()).add(slot)
        self._rows[slot] = row
        self._slots[row.uid] = slot
        self._key[slot], self._uid[slot] = key, row.uid
        self._lon[slot], self._lat[slot] = row.lon, row.lat
        self._due[slot] = _NEVER if row.due_ms is None else row.due_ms
        self._reported[slot], self._closed[slot] = row.reported_ms, row.closed_ms or 0
        self._kind[slot] = self._bits(row)

    def _bits(self, row: CaseRow) -> int:
        sent = row.unit is not None
        made = _USED | (_FILED if row.number else 0) | (_SENT if sent else 0)
        made |= _AUTO if sent and row.auto else 0
        if not row.is_open:
            return made
        waiting = row.step in _TO_DISPATCH
        bits = made | _OPEN | (_URGENT if row.urgent else 0) | (_WAITING if waiting else 0)
        bits |= _BACK if row.returned or row.reworked else 0
        bits |= _RETURNED if waiting and row.returned else 0
        bits |= _IN_HAND if row.step in _HANDLING else 0
        bits |= _AT_STEP.get(row.step, 0)
        return bits | (_MINE if self._is_mine(row) else 0)

    def _new_slot(self) -> int:
        if self._free:
            return self._free.pop()
        self._rows.append(None)
        self._grow(len(self._rows))
        return len(self._rows) - 1

    def _drop_task(self, slot: int) -> None:
        old = self._rows[slot]
        if old is not None and old.person is not None:
            self._tasks.get(old.person, set()).discard(slot)

    def _waits_for(self) -> np.uint16:
        steps = WAITS_FOR.get(self._role, frozenset())
        return np.uint16(sum(_AT_STEP[step] for step in steps))

    def _forget(self, slot: int) -> None:
        row = self.row_at(slot)
        self._drop_task(slot)
        del self._slots[row.uid]
        self._rows[slot] = None
        self._kind[slot] = 0
        self._free.append(slot)

    def _grow(self, size: int) -> None:
        have = self._key.size
        if size <= have:
            return
        more = max(size, have * 3 // 2, 64) - have
        for name in ("_key", "_uid", "_lon", "_lat", "_due", "_kind", "_reported", "_closed"):
            held = getattr(self, name)
            setattr(self, name, np.concatenate([held, np.zeros(more, held.dtype)]))

    # ---- tabs ----------------------------------------------------------------------------

    def _holds(self, tab: str, slot: int) -> bool:
        if tab == "due_soon":
            soon = self._due[slot] - self._now_ms < DUE_SOON_MS
            return bool(soon and self._kind[slot] & _OPEN)
        return bool(self._kind[slot] & _MEMBER[tab])

    def _is_mine(self, row: CaseRow) -> bool:
        if row.step in WAITS_FOR.get(self._role, frozenset()):
            return True
        return self._person is not None and row.person == self._person

    def _sort_tab(self, tab: str) -> None:
        kind = self._kind[: len(self._rows)]
        if tab == "due_soon":
            due = self._due[: len(self._rows)]
            member = (due - self._now_ms < DUE_SOON_MS) & ((kind & _OPEN) > 0)
        else:
            member = (kind & _MEMBER[tab]) > 0
        found = np.flatnonzero(member).astype(np.int32)
        self._order[tab] = found[np.lexsort((found, self._key[found]))]

    def _bisect(self, tab: str, slot: int) -> int:
        order, keys, key = self._order[tab], self._key, self._key[slot]
        low, high = 0, int(order.size)
        while low < high:
            middle = (low + high) // 2
            if (keys[order[middle]], order[middle]) < (key, slot):
                low = middle + 1
            else:
                high = middle
        return low

    def _position(self, tab: str, slot: int) -> int | None:
        at, order = self._bisect(tab, slot), self._order[tab]
        return at if at < order.size and order[at] == slot else None

    def _take_out(self, tab: str, slot: int) -> Iterable[TabEdit]:
        at = self._position(tab, slot)
        if at is None:
            return ()
        self._order[tab] = np.delete(self._order[tab], at)
        return (TabEdit("remove", at, slot),)

    def _put_in(self, tab: str, slot: int) -> TabEdit:
        at = self._bisect(tab, slot)
        self._order[tab] = np.insert(self._order[tab], at, slot)
        return TabEdit("insert", at, slot)


def _order_key(row: CaseRow) -> int:
    """Return the place of a row in every tab as one whole number."""
    if not row.is_open:
        return (3 << _RANK) + int(_NEVER) - (row.closed_ms or row.changed_ms)
    rank = 0 if row.urgent else 1 if row.returned and row.step in _TO_DISPATCH else 2
    return (rank << _RANK) + (int(_NEVER) if row.due_ms is None else row.due_ms)


def _weight(state: str) -> int:
    return {"normal": 0, "unknown": 1, "attention": 2, "bad": 3, "critical": 4}.get(state, 1)


def edits_count(delta: StoreDelta) -> int:
    """Return how many single edits a delta asks for (bulk tabs count none)."""
    return sum(map(len, itertools.chain(filter(None, delta.tabs.values()))))
