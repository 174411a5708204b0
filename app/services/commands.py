"""Commands: what a person or a rule asks for. Frozen, strict, imperative."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.domain.addresses.placed import Placed


@dataclass(frozen=True)
class Actor:
    """Who asks, in which role. The machine's own identity acts under role `machine`."""

    person: UUID
    role: str


MACHINE = Actor(UUID("00000000-0000-7000-8000-000000000001"), "machine")


@dataclass(frozen=True)
class ReportCase:
    """A sighting comes in: a citizen's words and a place (degrees WGS 84).

    `case` may be given so that a repeated request adds nothing twice. `at_ms` is when it was
    seen, if not now. `matter` is set only if the reporter knows it. With `auto_dispatch` the
    stated rule sends the case at once when it is sure. `placed` says how the place was found.
    """

    actor: Actor
    words: str
    lon: float
    lat: float
    address: str = ""
    source: str = "hotline"
    matter: str = ""
    reporter_name: str = ""
    reporter_phone: str = ""
    photos: tuple[str, ...] = ()
    at_ms: int | None = None
    case: UUID | None = None
    auto_dispatch: bool = True
    placed: Placed | None = None


@dataclass(frozen=True)
class ActOnCase:
    """Take one move of the workflow.

    `fields` by move: `matter` (file); `unit`, `post`, `person` as uid text (dispatch; left out,
    the accountable ones are taken); `note`, `reason`, `condition`, `document` (free words, kept
    in the vault); `amount` and `amount_unit` (延期), `wake_ms` (挂账; Unix ms), `grade` (which
    chain is to grant a move that must be asked for).
    """

    actor: Actor
    case: UUID
    move: str
    fields: Mapping[str, str] = field(default_factory=dict)
    photos: tuple[str, ...] = ()


@dataclass(frozen=True)
class AcceptSuggestion:
    """One key: file under the first suggested matter and dispatch to who is accountable."""

    actor: Actor
    case: UUID


@dataclass(frozen=True)
class AnswerRequest:
    """Answer a request: `approve` (the next step of its chain), `decline` or `withdraw`.

    `request` is the hash of the action that asked.
    """

    actor: Actor
    case: UUID
    request: str
    answer: str
    reason: str = ""


@dataclass(frozen=True)
class GiveTask:
    """Give a co-handling unit 协办 a task beside the case; `words` say what."""

    actor: Actor
    case: UUID
    unit: UUID
    words: str
    person: UUID | None = None


@dataclass(frozen=True)
class TaskStep:
    """Take a step of a task: `task_sign`, `task_done`, `task_return` or `task_cancel`.

    `task` is the hash of the action that gave it.
    """

    actor: Actor
    case: UUID
    task: str
    step: str
    words: str = ""
    photos: tuple[str, ...] = ()


@dataclass(frozen=True)
class MergeCase:
    """Merge a case into another open one, for `reasons` (as the suggestion gave them).

    Without `master`, say of a merged case that it still is the same, as after its master's close.
    """

    actor: Actor
    case: UUID
    master: UUID | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnmergeCase:
    """Take a merged case out again: it goes on where it was."""

    actor: Actor
    case: UUID


@dataclass(frozen=True)
class UndoLast:
    """Take back the last step of a case by a compensating action."""

    actor: Actor
    case: UUID


@dataclass(frozen=True)
class EraseSubject:
    """Erase the personal values and photos about a case; hashes, signatures and state stay.

    `why` is one of `domain.erasure.REASONS`: free words could name the person again.
    """

    actor: Actor
    case: UUID
    why: str = "request"


@dataclass(frozen=True)
class ReleaseDue:
    """Let those quarantined actions count whose time has come."""

    actor: Actor = MACHINE


@dataclass(frozen=True)
class SignCheckpoint:
    """Sign this device's word on all it holds, once a day; does nothing the second time."""

    actor: Actor = MACHINE


@dataclass(frozen=True)
class ProposeAddress:
    """Ask for a change of the register of addresses.

    `change`: new, rename, alias, move, retire, merge, split or undo; `address` is the uid of the
    one to change (merge: that gives its names up; split: that stays); `texts` are name, address,
    road, lane, number, building, unit, room, kind; lon and lat in degrees WGS 84 for a new, moved
    or split one. `into` is the address that a merge keeps; `undoes` the hash, or its beginning,
    of the approved request to take back. `photos` are content hashes. `reason` is kept in the
    vault.
    """

    actor: Actor
    change: str
    address: UUID | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    alias: str = ""
    lon: float | None = None
    lat: float | None = None
    reason: str = ""
    into: UUID | None = None
    undoes: str = ""
    photos: tuple[str, ...] = ()


@dataclass(frozen=True)
class JudgeMatch:
    """Say of an imported row whether it is the place of the register that it was matched with.

    If it is, its name is asked for as an alias where it differs; if not, a new address is asked
    for. Another person decides on what was asked.
    """

    actor: Actor
    row: UUID
    same: bool


@dataclass(frozen=True)
class WithdrawAddress:
    """Take one's own open change request back, named by its hash or its beginning."""

    actor: Actor
    request: str
    reason: str = ""


@dataclass(frozen=True)
class DecideAddress:
    """Approve or refuse a change request of somebody else, named by its hash or its beginning."""

    actor: Actor
    request: str
    approve: bool = True
    reason: str = ""


@dataclass(frozen=True)
class AddPart:
    """Add a part 部件 at a place (degrees WGS 84).

    `fields` are texts: class (its code, such as 0101), state, source, accuracy (A, B, C),
    initial_date (today if left out), attrs.NAME, and code (the next free one if left out).
    `part` may be given so that a repeated request adds nothing twice.
    """

    actor: Actor
    lon: float
    lat: float
    fields: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    part: UUID | None = None


@dataclass(frozen=True)
class ChangePart:
    """Change what a part's record says (`fields` as in `AddPart`), move it, or retire it.

    Moved over a border it keeps its code; with `recode` it gets one of the county it stands in
    now. Another class always gives it a code of that class.
    """

    actor: Actor
    part: UUID
    fields: Mapping[str, str] = field(default_factory=dict)
    lon: float | None = None
    lat: float | None = None
    retire: bool = False
    recode: bool = False
    reason: str = ""


@dataclass(frozen=True)
class UndoPart:
    """Take back the last change of a part that counts, by a compensating action."""

    actor: Actor
    part: UUID
    reason: str = ""


@dataclass(frozen=True)
class SplitGrid:
    """Split a grid 单元网格 along a line of places (degrees WGS 84)."""

    actor: Actor
    grid: UUID
    line: tuple[tuple[float, float], ...]
    reason: str = ""


@dataclass(frozen=True)
class MergeGrids:
    """Merge neighbouring grids into one.

    `duty` is the duty grid 责任网格 that takes it, where they lie in several; a grid's uid says the
    one that this grid lies in.
    """

    actor: Actor
    grids: tuple[UUID, ...]
    reason: str = ""
    duty: UUID | None = None


@dataclass(frozen=True)
class UndoGrids:
    """Take back a split or merge, named by the beginning of its hash; the last one if empty."""

    actor: Actor
    step: str = ""
    reason: str = ""


@dataclass(frozen=True)
class ChangeRolls:
    """Change the rolls from `from_ms` (now at the earliest) to before `to_ms` (Unix ms; for good).

    `change` is a kind of `domain.rolls.changes`. `fields` by kind: `about` (the uid text of the
    post, person or unit), `other` (who stands in or swaps), `unit`, `area`, `name`, `kind`,
    `as_role`, `anchor` (ISO day) with `pattern` (for each day of the rotation, shift code to
    person), `code`, `start`, `end` (local HH:MM). A person's name goes to the vault.
    """

    actor: Actor
    change: str
    fields: Mapping[str, Any]
    from_ms: int | None = None
    to_ms: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class UndoRolls:
    """Take a change of the rolls back from now on, named by the beginning of its hash."""

    actor: Actor
    step: str = ""
    reason: str = ""


Command = (
    ReportCase
    | ActOnCase
    | AcceptSuggestion
    | MergeCase
    | UnmergeCase
    | AnswerRequest
    | GiveTask
    | TaskStep
    | UndoLast
    | EraseSubject
    | ReleaseDue
    | SignCheckpoint
    | ProposeAddress
    | DecideAddress
    | WithdrawAddress
    | JudgeMatch
    | AddPart
    | ChangePart
    | UndoPart
    | SplitGrid
    | MergeGrids
    | UndoGrids
    | ChangeRolls
    | UndoRolls
)
