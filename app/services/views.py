"""Questions and answers between the window (or command line) and the services: values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.domain.addresses.placed import Placed, reason_kinds
from app.domain.areas import Whereabouts
from app.domain.cases import CaseState
from app.domain.clocks import Calendar
from app.domain.people import Accountable
from app.domain.workflow import Chain, Move, Workflow
from app.services.changes import CaseRow


@dataclass(frozen=True)
class CaseQuery:
    """Which cases to list.

    `tab`: `to_dispatch`, `mine`, `due_soon`, `returned`, `open`, `closed`, `all` or
    `still_same` (merged, its master closed since that was last confirmed); `text` is
    searched in words, addresses, numbers and matters (Chinese by overlapping bigrams); `area`
    limits to a district, street or grid. Paging by key: `after` is the last row's cursor.
    """

    tab: str = "all"
    text: str = ""
    area: UUID | None = None
    person: UUID | None = None
    now_ms: int = 0
    limit: int = 200
    after: str = ""


@dataclass(frozen=True)
class CasePage:
    """One page of rows; `total` is exact up to 1,000, an estimate beyond (`estimated`)."""

    rows: tuple[CaseRow, ...]
    total: int
    estimated: bool = False
    cursor: str = ""


@dataclass(frozen=True)
class MatterSuggestion:
    """A matter the words and place speak for; `score` in per mille, `words` that spoke for it."""

    code: str
    name: str
    score: int
    words: tuple[str, ...]


@dataclass(frozen=True)
class Suggestion:
    """What the rules would do with a reported case, and why.

    `sure` only if words and place leave exactly one matter and one person (`rule` says so).
    """

    matters: tuple[MatterSuggestion, ...]
    accountable: Accountable | None
    sure: bool
    rule: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Apart:
    """One action kept apart: of which case, what, when, by whom, why, and until when.

    `why` is `early`, or the right its author lacked (`role`, `handled_it`); `release_ms` (Unix
    ms) is when an early one counts by itself, None for one that never will.
    """

    hash: str
    case: UUID
    number: str
    type: str
    at_ms: int
    actor: UUID
    actor_name: str
    role: str
    device: str
    why: str
    release_ms: int | None


@dataclass(frozen=True)
class RequestView:
    """A request beside a case, as its sheet shows it.

    `said` are the words of who asked by kind (`reason`, `condition`; empty once erased), `fields`
    what else was asked for (`amount`, `amount_unit`, `wake_ms`); `granted` names who granted the
    chain's first steps. `may_answer` and `may_withdraw` are for who looks.
    """

    hash: str
    move: Move
    chain: Chain | None
    by_name: str
    at_ms: int
    standing: str
    said: Mapping[str, str]
    fields: Mapping[str, Any]
    granted: tuple[str, ...]
    next_roles: tuple[str, ...]
    may_answer: bool
    may_withdraw: bool


@dataclass(frozen=True)
class TaskView:
    """A task of a co-handling unit; `may` names the steps open to who looks."""

    hash: str
    unit_name: str
    person_name: str
    step: str
    due_ms: int | None
    words: str
    may: tuple[str, ...]


@dataclass(frozen=True)
class CaseSheet:
    """Everything the sheet of one case shows.

    `words` are the vault's values by vault key (absent = erased); `names` resolve uids of
    persons, units and areas; `moves` are those open to `role` now; `near` likely duplicates;
    `requests` and `tasks` what goes on beside the step; `way` and `calendar` are those in force.
    """

    state: CaseState
    row: CaseRow
    where: Whereabouts
    words: Mapping[UUID, str]
    names: Mapping[UUID, str]
    suggestion: Suggestion | None
    moves: tuple[Move, ...]
    can_undo: bool
    near: tuple[CaseRow, ...] = ()
    requests: tuple[RequestView, ...] = ()
    tasks: tuple[TaskView, ...] = ()
    way: Workflow | None = None
    calendar: Calendar | None = None


@dataclass(frozen=True)
class PlaceHit:
    """One answer of the search box: an area, place, part, case or command."""

    kind: str
    title: str
    detail: str
    lon: float | None = None
    lat: float | None = None
    uid: UUID | None = None
    score: float = 0.0


@dataclass(frozen=True)
class Geocoded:
    """Where an address is, degrees WGS 84, and why: one answer of the geocoder.

    `precision`: room, building, number, between (two known numbers), name, crossing, lane, road
    or area. `confidence` is 0 to 1. `reasons` are `what:value` pairs, such as `road:武康路`,
    `between:370-380`, `district_differs:黄浦区`. `metres` is how far off it may well be.
    """

    title: str
    address: str
    lon: float
    lat: float
    precision: str
    confidence: float
    reasons: tuple[str, ...]
    metres: float
    uid: UUID | None = None

    @property
    def placed(self) -> Placed:
        """What a sighting found by it keeps of it."""
        return Placed(
            "geocode", self.precision, round(1000 * self.confidence), round(self.metres),
            self.uid, reason_kinds(self.reasons),
        )  # fmt: skip


@dataclass(frozen=True)
class PlaceMatch:
    """How one imported row was matched with the register; degrees WGS 84, confidence 0 to 1.

    `kind` is exact, alias, near or none; `metres` how far off the matched place lies, `title` what
    it is called. `standing`: open until somebody says that the match is right (confirmed) or
    wrong (refused).
    """

    uid: UUID
    name: str
    address: str
    lon: float
    lat: float
    kind: str
    confidence: float
    metres: int
    reason: str
    matched: UUID | None
    title: str
    standing: str = "open"


@dataclass(frozen=True)
class NearPlace:
    """A place of the register near a point, and how far off it is in metres."""

    uid: UUID | None
    title: str
    address: str
    lon: float
    lat: float
    metres: float


@dataclass(frozen=True)
class PartRecord:
    """What the map's file says of one part 部件: `cls` and `state` are the numbers kept there.

    `code` has 16 digits; `initial_date` is ISO text; `accuracy` is A, B or C; what is not known
    is empty.
    """

    fid: int
    uid: UUID
    code: str
    cls: int
    state: int
    grid_code: str
    grid_name: str
    source: str
    initial_date: str
    accuracy: str
    sample: bool


@dataclass(frozen=True)
class CityFacts:
    """What a city says of itself: name, code, frame centre, whether it is a sample 示意."""

    uid: UUID
    name: str
    code: str
    lon0: float
    lat0: float
    sample: bool
    created_at: str
    totals: Mapping[str, float] = field(default_factory=dict)
