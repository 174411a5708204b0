"""A case 案件 as folded from its actions: values only, nothing of the present."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from app.domain.addresses.placed import Placed
from app.domain.clocks import Clock
from app.domain.requests import Request
from app.domain.tasks import Task
from app.domain.workflow import ERASE, UNDO
from app.domain.workflow.grammar import REPLY

E7 = 10_000_000  # degrees are whole 1e-7 in actions, which hold no floats


@dataclass(frozen=True)
class Entry:
    """One action in a case's history, as the sheet shows it.

    `effect` tells what became of it: `applied`, `undone`, `refused` (it was not open at that
    point, as after two people acted apart; `why` says so), `quarantined` (beyond its author's
    rights as of its parents: outside the state for good) or `waiting` (a parent is missing).
    `refs` are vault keys by kind (`note`, `reason`, …).
    """

    hash: str
    type: str
    at_ms: int
    actor: UUID
    role: str
    effect: str
    why: str = ""
    refs: Mapping[str, UUID] = field(default_factory=dict)
    photos: tuple[str, ...] = ()
    auto: bool = False


@dataclass(frozen=True)
class CaseState:
    """What a case is after its actions. Places are WGS 84 degrees times 1e7, times Unix ms.

    `refs` are vault keys of personal values (`words`, `address`, `reporter_name`, …).
    `reasons` say why it was sent where it was sent; `auto` that a stated rule sent it. `placed`
    says why it stands where it stands, None for reports from before that was kept. `facts` are
    what was found out that decides its way (`source` is the kind of its source), `wake_ms` is when
    a suspended case is to be taken up again, `delayed` how often its limit was extended. `master`
    is the case it is merged into, `confirmed_ms` when somebody last said that it still is the same.
    """

    uid: UUID
    receipt: str
    step: str
    lon_e7: int
    lat_e7: int
    source: str
    reported_ms: int
    number: str = ""
    matter: str = ""
    grid: UUID | None = None
    street: UUID | None = None
    district: UUID | None = None
    unit: UUID | None = None
    post: UUID | None = None
    person: UUID | None = None
    handler: UUID | None = None
    reasons: tuple[str, ...] = ()
    placed: Placed | None = None
    auto: bool = False
    sample: bool = False
    clocks: tuple[Clock, ...] = ()
    refs: Mapping[str, UUID] = field(default_factory=dict)
    photos: tuple[str, ...] = ()
    returned: int = 0
    reworked: int = 0
    changed_ms: int = 0
    history: tuple[Entry, ...] = ()
    heads: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    requests: tuple[Request, ...] = ()
    tasks: tuple[Task, ...] = ()
    wake_ms: int | None = None
    delayed: int = 0
    master: UUID | None = None
    confirmed_ms: int | None = None

    @property
    def lon(self) -> float:
        """Longitude in degrees."""
        return self.lon_e7 / E7

    @property
    def lat(self) -> float:
        """Latitude in degrees."""
        return self.lat_e7 / E7

    def running(self) -> tuple[Clock, ...]:
        """Return the clocks not stopped, soonest due first."""
        return tuple(sorted((c for c in self.clocks if c.stopped_ms is None), key=_due))

    def last_applied(self) -> Entry | None:
        """Return the newest step that has effect; compensating and erasing ones are no steps."""
        return next(
            (
                e
                for e in reversed(self.history)
                if e.effect == "applied" and e.type not in (UNDO, ERASE, REPLY)
            ),
            None,
        )


def _due(clock: Clock) -> int:
    return clock.due_ms
