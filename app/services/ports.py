"""What the services need of the world, as Protocols; `app.main` injects what fulfils them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol
from uuid import UUID

from app.domain.actions import SignedAction, Signer, Verifier
from app.domain.addresses.register import AddressState, Entry, Request
from app.domain.areas import Area, Tier, Whereabouts
from app.domain.cases import CaseState
from app.domain.checkpoints import Checkpoint
from app.domain.hlc import HybridClock
from app.domain.parts.grids import Cell, GridState
from app.domain.parts.record import Part
from app.domain.parts.register import PartState
from app.domain.people import Duty, Person, Shift, Unit
from app.domain.personal import Secret
from app.domain.rolls.changes import Change
from app.domain.rolls.rolls import Rolls
from app.domain.rules import RuleBook
from app.services.changes import CaseRow
from app.services.parts_views import MapDue, PartMap, PartRow
from app.services.views import (
    CasePage,
    CaseQuery,
    CityFacts,
    Geocoded,
    NearPlace,
    PartRecord,
    PlaceHit,
    PlaceMatch,
)


class ActionLog(Protocol):
    """Append-only log of signed actions; every one ever taken stays."""

    def append(self, signed: SignedAction, *, quarantined: bool = False) -> int:
        """Store and return its sequence number (the present one if it is here already).

        A quarantined action is kept and shown, but `of_subject` leaves it out.
        """

    def of_subject(self, subject: UUID) -> Sequence[SignedAction]: ...

    def since(self, revision: int, limit: int) -> Sequence[tuple[int, SignedAction]]:
        """Return actions with a sequence number above `revision`, in order."""

    def revision(self) -> int:
        """Return the newest sequence number, 0 when empty."""

    def has(self, digest: str) -> bool: ...

    def release(self, digest: str) -> bool:
        """Let a quarantined action count from now on; False if it was not kept apart."""

    def of_kind(self, kind: str) -> Iterator[SignedAction]:
        """Return all actions of one type, in the order they came."""

    def apart(self) -> Sequence[tuple[SignedAction, bool]]:
        """Return what is kept apart, and whether it is so only because it is too early."""

    def mark_beyond(self, subject: UUID, digests: Collection[str]) -> None:
        """Mark those actions about `subject`, and no others, as beyond their authors' rights."""

    def subjects_naming(self, digest: str) -> set[UUID]:
        """Return the subjects of actions that name a hash (of a photo, a rule set). Reads all."""

    def heads_between(self, after: int, upto: int) -> Mapping[UUID, tuple[str, ...]]:
        """Return the heads, as of number `upto`, of all subjects with actions since `after`."""


class CaseTable(Protocol):
    """Rows of cases: folded from actions, or bulk-imported under one signed action."""

    def put(self, row: CaseRow, state: CaseState, search_text: str) -> None: ...

    def row(self, uid: UUID) -> CaseRow | None: ...

    def rows(self, uids: Sequence[UUID]) -> Sequence[CaseRow]: ...

    def page(self, query: CaseQuery) -> CasePage: ...

    def counts(self, query: CaseQuery) -> Mapping[str, int]:
        """Return how many rows each tab holds, plus `closed_today` and `overdue`."""

    def near(self, lon: float, lat: float, metres: float, limit: int) -> Sequence[CaseRow]:
        """Return open cases within `metres`, nearest first."""

    def merged_into(self, master: UUID) -> Sequence[CaseRow]:
        """Return the rows of the cases merged into `master`, first reported first."""

    def find(self, text: str) -> UUID | None:
        """Return the case with that uid, number or receipt number (or its unique beginning)."""


class Vault(Protocol):
    """Personal values by key."""

    def put(self, secrets: Iterable[Secret]) -> None: ...

    def get(self, keys: Iterable[UUID]) -> Mapping[UUID, str]:
        """Return the values still there."""

    def take(self, secrets: Iterable[Secret]) -> int:
        """Keep values whose key never was here; what was erased stays so. Return how many."""

    def secrets(self, subject: UUID) -> Sequence[Secret]:
        """Return what is still kept about `subject`."""

    def erase_subject(self, subject: UUID) -> int:
        """Erase value and salt of everything about `subject`; return how many."""

    def erase_keys(self, subject: UUID, keys: Iterable[UUID]) -> int:
        """Erase value and salt of those values about `subject`; return how many."""


class Directory(Protocol):
    """Units, posts, persons, shifts."""

    def unit(self, uid: UUID) -> Unit | None: ...

    def person(self, uid: UUID) -> Person | None: ...

    def duty(self, uid: UUID) -> Duty | None: ...

    def put_duties(self, duties: Iterable[Duty]) -> None: ...

    def put_units(self, units: Iterable[Unit]) -> None: ...

    def put_persons(self, persons: Iterable[Person]) -> None: ...

    def rolls(self, areas: Sequence[UUID], lead: str, zone: str) -> Rolls:
        """Return what of the rolls bears on who answers for a trade on some areas."""

    def all_rolls(self, zone: str) -> Rolls: ...

    def changes_about(self, uids: Iterable[UUID]) -> Sequence[Change]: ...

    def put_changes(self, changes: Iterable[Change]) -> None:
        """Keep these changes of the rolls and no others."""

    def duties_on(self, area: UUID) -> Sequence[Duty]:
        """Return all posts on an area."""

    def duties(self, areas: Sequence[UUID], kind: str) -> Sequence[Duty]:
        """Return posts of `kind` on any of `areas`, in the order of `areas`."""

    def duty_of(self, person: UUID) -> Duty | None:
        """Return the post on which a person stands in some shift, if any."""

    def shifts(self) -> Sequence[Shift]: ...

    def persons(self, role: str | None = None, unit: UUID | None = None) -> Sequence[Person]: ...

    def names(self, uids: Iterable[UUID]) -> Mapping[UUID, str]:
        """Return names of persons, units and posts."""


class Rules(Protocol):
    """Rule sets by hash; each came by an action."""

    def get(self, digest: str) -> RuleBook: ...

    def current(self) -> RuleBook: ...

    def put(self, book: RuleBook) -> None: ...

    def keep(self, book: RuleBook) -> None:
        """Keep a rule set to judge actions by; new ones are taken under the same as before."""


class Devices(Verifier, Protocol):
    """The devices whose signatures count, as this transaction sees them."""

    def is_known(self, device: str) -> bool: ...

    def introduce(self, signed: SignedAction) -> None:
        """Know the device that `signed` makes known; raises `Forged` if it does not vouch so."""


class Checkpoints(Protocol):
    """What devices signed of the log, a day at a time."""

    def last(self, device: str) -> Checkpoint | None: ...

    def put(self, made: Checkpoint, heads: Mapping[UUID, tuple[str, ...]]) -> None: ...


class AreaIndex(Protocol):
    """Read side of the map: which areas hold a point (degrees WGS 84)."""

    def at(self, lon: float, lat: float, at_ms: int | None = None) -> Whereabouts:
        """Return the areas that hold a point now, or held it at a past minute (Unix ms)."""

    def get(self, uid: UUID) -> Area | None: ...

    def children(self, uid: UUID, tier: Tier) -> Sequence[Area]: ...

    def root(self) -> Area: ...

    def parts(self, code: str, limit: int) -> Sequence[PlaceHit]:
        """Return parts whose code begins with `code`, else those one slip of a digit away."""

    def place(self, uid: UUID) -> Entry | None:
        """Return a place of the map as the register takes it over, None if there is none."""

    def names(self, uids: Iterable[UUID]) -> Mapping[UUID, str]: ...

    def part(self, fid: int) -> PartRecord | None:
        """Return the record of the part in row `fid` of the map, None if it is gone."""

    def close(self) -> None:
        """Let go of the file or connection."""


class Gazetteer(Protocol):
    """The one search and the geocoder over areas, grids, roads, places and addresses."""

    def apply(self, revision: int, entries: Callable[[], Sequence[Entry]]) -> None:
        """Let the register's changes count; `entries` are asked for only if `revision` is new."""

    def search(
        self, text: str, limit: int, near: tuple[float, float] | None = None
    ) -> Sequence[PlaceHit]:
        """Return what matches, best first; `near` (degrees) draws what is close forward."""

    def geocode(self, text: str, limit: int = 5) -> Sequence[Geocoded]:
        """Return where an address may be, surest first, with the reasons."""

    def nearest(self, lon: float, lat: float, limit: int = 3) -> Sequence[NearPlace]:
        """Return the places nearest to a point (degrees WGS 84)."""


class Addresses(Protocol):
    """The register of addresses as requests changed it, and the requests."""

    def put(self, state: AddressState, revision: int) -> None: ...

    def entry(self, uid: UUID) -> Entry | None: ...

    def entries(self) -> Sequence[Entry]: ...

    def revision(self) -> int: ...

    def requests(self, standing: str, limit: int) -> Sequence[Request]: ...

    def find_request(self, beginning: str) -> tuple[UUID, str] | None: ...

    def put_matches(self, found: Sequence[PlaceMatch]) -> None: ...

    def matches(self, below: float, standing: str, limit: int) -> Sequence[PlaceMatch]: ...

    def match(self, uid: UUID) -> PlaceMatch | None: ...

    def judge(self, uid: UUID, standing: str, by: UUID, at_ms: int) -> None: ...


class Parts(Protocol):
    """Parts and grids as actions made them, and the journal of what the map is to take."""

    def put_part(self, state: PartState, revision: int) -> None: ...

    def put_grids(self, state: GridState, revision: int) -> None: ...

    def part(self, uid: UUID) -> Part | None: ...

    def cell(self, uid: UUID) -> Cell | None: ...

    def of_code(self, code: str) -> Sequence[UUID]: ...

    def last_code(self, prefix: str, *, grids: bool = False) -> str: ...

    def rows(self, uids: Iterable[UUID]) -> Sequence[PartRow]: ...

    def journal(self) -> tuple[str, int]: ...

    def due(self, after: int) -> MapDue: ...


class UnitOfWork(Protocol):
    """One transaction on `log.db` (or the PostgreSQL city): all or nothing.

    `next_receipt()` and `next_number(district_code, day)` count without gaps being reused.
    """

    actions: ActionLog
    cases: CaseTable
    vault: Vault
    directory: Directory
    rules: Rules
    devices: Devices
    checkpoints: Checkpoints
    addresses: Addresses
    parts: Parts

    def next_receipt(self, day: str) -> str: ...

    def next_number(self, district_code: str, day: str) -> str: ...

    def saw_number(self, number: str) -> None:
        """Never give a number that came with a case from elsewhere again."""

    def commit(self) -> None: ...


class City(Protocol):
    """An open city: the way to its transactions, its map and its keys.

    `begin()` is a context manager that rolls back unless `commit()` was called; `write=False`
    opens a read-only snapshot. Used on the database thread only.
    """

    facts: CityFacts
    read_only: str
    areas: AreaIndex
    signer: Signer
    verifier: Verifier
    clock: HybridClock

    @property
    def blobs(self) -> Blobs: ...

    @property
    def gazetteer(self) -> Gazetteer: ...

    @property
    def edits(self) -> PartMap: ...

    def begin(self, *, write: bool) -> AbstractContextManager[UnitOfWork]: ...

    def close(self) -> None: ...


class Blobs(Protocol):
    """Photos and files by content hash (SHA-256, 64 hex digits)."""

    def put(self, data: bytes, name: str) -> str: ...

    def get(self, digest: str) -> bytes: ...

    def drop(self, digest: str) -> bool:
        """Delete it for good; False if it was not here."""


NowMs = Callable[[], int]
