"""What a write changed, as frozen rows: the only way by which a screen learns of anything."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from uuid import UUID

from app.services.parts_views import PartRow

LONGEST_TITLE = 40
_SENTENCE_END = re.compile(r"[。！？!?；]")


def one_line(words: str) -> str:
    """Return the first sentence of a report as one line of at most `LONGEST_TITLE` characters."""
    line = " ".join(words[: LONGEST_TITLE * 4].split())
    line = _SENTENCE_END.split(line, maxsplit=1)[0] or line
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1] + "…"


def says_more(words: str) -> bool:
    """Tell whether `words` say more than `one_line` shows of them."""
    return " ".join(words.split()).rstrip("。") != one_line(words)


@dataclass(frozen=True)
class CaseRow:
    """One line of the inbox and one symbol on the map. Degrees WGS 84, times Unix ms.

    `due_ms` is the soonest running deadline (`due_clock` names it), None when none runs.
    `title` and `address` are joined from the vault at reading and empty once erased.
    `confidence` is what the words alone say for the first suggested matter, in per mille, while
    nobody has the case; None if they say nothing or it was sent. `master` is the case it is merged
    into (such a row is not open, and was not closed), `confirmed_ms` when that was last confirmed.
    """

    uid: UUID
    receipt: str
    number: str
    step: str
    matter: str
    matter_name: str
    title: str
    address: str
    lon: float
    lat: float
    grid: UUID | None
    grid_code: str
    street: UUID | None
    district: UUID | None
    unit: UUID | None
    unit_name: str
    person: UUID | None
    person_name: str
    source: str
    reported_ms: int
    due_ms: int | None
    due_clock: str
    returned: int
    reworked: int
    auto: bool
    urgent: bool
    is_open: bool
    changed_ms: int
    closed_ms: int | None
    sample: bool
    confidence: int | None = None
    master: UUID | None = None
    confirmed_ms: int | None = None


@dataclass(frozen=True)
class UnitRow:
    """Where a live unit 动态力量 is: degrees WGS 84, heading in degrees from north."""

    uid: UUID
    name: str
    kind: str
    lon: float
    lat: float
    heading: float
    at_ms: int


@dataclass(frozen=True)
class SignRow:
    """One vital sign of one area as shown: value with state, trend, age and source.

    `history` are the last values, oldest first (NaN where one is missing); `low`/`high` the
    normal band; `state` is normal, attention, bad, critical or unknown.
    """

    code: str
    area: str
    name_zh: str
    name_en: str
    dimension: str
    unit: str
    value: float
    state: str
    at_ms: int
    source: str
    low: float
    high: float
    history: tuple[float, ...] = ()
    worst_area: str = ""
    note_zh: str = ""
    note_en: str = ""


@dataclass(frozen=True)
class Changes:
    """What one command or batch changed.

    `revision` is the sequence number of the newest action in the log; `cases`, `units` and
    `signs` carry the new rows; `gone` are uids no longer shown; `map_changed` says that parts
    or areas changed, so the derived store is to be brought up to date; `addresses` are those
    of the register with a new request or a new form; `parts` are single parts as they are now.
    """

    revision: int = 0
    cases: tuple[CaseRow, ...] = ()
    gone: tuple[UUID, ...] = ()
    units: tuple[UnitRow, ...] = ()
    signs: tuple[SignRow, ...] = ()
    map_changed: bool = False
    readings: int = 0
    addresses: tuple[UUID, ...] = ()
    parts: tuple[PartRow, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)
