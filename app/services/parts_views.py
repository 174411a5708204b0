"""Values about parts and grids that services hand to others, and what they need of the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from app.domain.areas import Area
from app.domain.codes import PartLayout
from app.domain.parts.grids import Cell, GridState
from app.domain.parts.record import Part
from app.domain.parts.register import PartState


@dataclass(frozen=True)
class PartRow:
    """A part as a map shows it: degrees WGS 84; a gone one is shown no more."""

    uid: UUID
    code: str
    cls: int
    state: int
    lon: float
    lat: float
    gone: bool = False

    @classmethod
    def of(cls, part: Part) -> PartRow:
        """Return what a map shows of `part`."""
        return cls(part.uid, part.code, part.cls, part.state, part.lon, part.lat, part.gone)


@dataclass(frozen=True)
class MapDue:
    """What the map is to take: parts and cells as they are now, up to entry `upto` of `journal`."""

    journal: str
    upto: int
    parts: tuple[Part, ...] = ()
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True)
class PartStory:
    """A part as it is now and all that was done to it, with the reasons still kept, by step."""

    part: Part
    fid: int | None
    grid_code: str
    state: PartState | None
    names: dict[UUID, str]
    reasons: dict[str, str]


@dataclass(frozen=True)
class GridStory:
    """All splits and merges of a city's grids, oldest first, with the reasons still kept."""

    state: GridState | None
    names: dict[UUID, str]
    reasons: dict[str, str]


@dataclass(frozen=True)
class MergePlan:
    """What merging grids would make, and the duty grids whose edges it would move.

    `taker` is the duty grid that gets all of it, None where the grids lie in one; `givers` are
    those that lose ground to it.
    """

    wkb: bytes
    taker: Cell | None = None
    givers: tuple[Cell, ...] = ()


class PartMap(Protocol):
    """The map as it is edited: parts and grids as its rows have them, shapes, and the way in."""

    def part(self, uid: UUID) -> Part | None:
        """Return a part of the map."""

    def fid_of(self, uid: UUID) -> int | None:
        """Return the row of a part, None if the map has no such part (yet)."""

    def uid_of(self, fid: int) -> UUID | None:
        """Return the part in a row."""

    def of_code(self, code: str) -> Sequence[UUID]:
        """Return the parts of the map with that code."""

    def last_code(self, prefix: str, *, grids: bool = False) -> str:
        """Return the largest code of parts (or grids, valid or not) that begins so, or empty."""

    def layout(self) -> PartLayout:
        """Return the layout in which the map's part codes are written."""

    def class_of(self, name: str) -> int | None:
        """Return the number of a class of parts by its code, its name or that number as text."""

    def class_code(self, cls: int) -> str:
        """Return the code of a class, four digits or five, empty for one that is unknown."""

    def grid(self, code: str) -> Sequence[UUID]:
        """Return the valid grids with that code."""

    def cell(self, uid: UUID) -> Cell | None:
        """Return a grid or duty grid with its shape; `to_ms` is None for a valid one."""

    def duty_grid(self, area: Area) -> UUID | None:
        """Return the duty grid that covers a grid, if there is one."""

    def split(self, wkb: bytes, line: Sequence[tuple[float, float]]) -> Sequence[bytes]:
        """Return the pieces (WKB, largest first) into which a line (degrees) cuts a shape."""

    def merged(self, wkbs: Sequence[bytes]) -> bytes | None:
        """Return the one shape (WKB) of neighbours, None if they do not share an edge."""

    def without(self, wkb: bytes, taken: Sequence[bytes]) -> bytes | None:
        """Return a shape (WKB) less what was taken from it, None if nothing is left."""

    def joined(self, wkb: bytes, added: Sequence[bytes]) -> bytes:
        """Return a shape (WKB) with what was added to it, in as many pieces as it takes."""

    def take(self) -> bool:
        """Let the map take what it has not taken yet; False if somebody holds it now.

        Raises `StorageFailure` if the map cannot be written; what was decided stays in the log.
        """
