"""Which rows an export takes: of an area, of some classes, with some uids; who sees the words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from app.data.city import SqlCity
from app.data.map_target import map_target
from app.data.readers.classes import part_classes
from app.data.readers.keys import Uids, uids_of
from app.data.readers.shapes import point_coordinates
from app.domain.errors import InvalidInput, NotAllowed, NotFound
from app.domain.people import Person, Role

SEE_WORDS = (Role.SHIFT_LEAD, Role.DUTY_LEADER)
"""Roles that may take personal data out of a city."""


class UidSet:
    """Many uids in columns: 16 bytes each, found by binary search."""

    def __init__(self, uids: Uids) -> None:
        """Take uids as uint8 of shape (n, 16), in any order."""
        late, early = _halves(uids)
        order = np.lexsort((early, late))
        late, early = late[order], early[order]
        new = np.ones(len(late), np.bool_)
        new[1:] = (late[1:] != late[:-1]) | (early[1:] != early[:-1])
        self._late, self._early = late[new], early[new]
        alike = np.unique(self._late, return_counts=True)[1]
        self._most = int(alike.max(initial=0))  # uids that share their later half: one, mostly

    @classmethod
    def of(cls, uids: Iterable[UUID]) -> UidSet:
        """Return the set of some uids."""
        return cls(_rows(b"".join(uid.bytes for uid in uids)))

    def __len__(self) -> int:
        """Return how many different uids there are."""
        return len(self._late)

    def holds(self, uids: Uids) -> NDArray[np.bool_]:
        """Tell for each uid (rows, 16) whether it is one of them."""
        late, early = _halves(uids)
        at = np.searchsorted(self._late, late)
        found = np.zeros(len(late), np.bool_)
        for step in range(self._most):
            place = np.minimum(at + step, len(self) - 1)
            found |= (self._late[place] == late) & (self._early[place] == early)
        return found


@dataclass(frozen=True)
class Selection:
    """What to write out; empty fields do not narrow it.

    `area`: an area's code; `classes`: of parts, by code or name; `ids`: uids; `person`: uid or name
    of who asks for `personal` data (citizens' words and addresses in cases).
    """

    area: str = ""
    classes: tuple[str, ...] = ()
    ids: UidSet | None = None
    personal: bool = False
    person: str = ""


def read_ids(path: Path) -> UidSet:
    """Read a file with one uid a line; raises `InvalidInput` naming the line at fault."""
    found = bytearray()
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if text := line.strip():
                    found += _uid(text, number, path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}.", field="ids") from None
    if not found:
        raise InvalidInput(f"{path.name} names no uid.", field="ids")
    return UidSet(_rows(bytes(found)))


def _uid(text: str, number: int, name: str) -> bytes:
    try:
        return UUID(text).bytes
    except ValueError:
        raise InvalidInput(
            f"Line {number} of {name} is no uid: {text[:40]!r}.",
            advice="One uid a line, as an export shows them.",
            field="ids",
        ) from None


def _rows(raw: bytes) -> Uids:
    return np.frombuffer(raw, np.uint8).reshape(-1, 16)


def _halves(uids: Uids) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return the later and the earlier eight bytes of each uid, as numbers."""
    both = np.ascontiguousarray(uids).view(np.uint64).reshape(-1, 2)
    return both[:, 1], both[:, 0]


def narrowed(
    city: SqlCity, wanted: Selection, batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Yield only the selected rows of `batches` (readers' columns).

    Raises `NotFound` for an area, `InvalidInput` for a class that there is not.
    """
    shape = _shape(city, wanted.area) if wanted.area else None
    classes = [_class(name) for name in wanted.classes]
    for batch in batches:
        if wanted.ids is not None:
            batch = batch.filter(pa.array(wanted.ids.holds(uids_of(batch.column("uid")))))
        if classes:
            batch = batch.filter(pc.is_in(_classes(batch), pa.array(classes, pa.uint8())))
        if shape is not None and batch.num_rows:
            batch = batch.filter(pa.array(_within(batch, shape)))
        if batch.num_rows:
            yield batch


def who_may_see_words(city: SqlCity, wanted: Selection) -> Person:
    """Return the person who takes personal data out; raises `NotFound` or `NotAllowed`."""
    with city.begin(write=False) as uow:
        people = [
            one
            for one in uow.directory.persons()
            if wanted.person and wanted.person in (one.name, str(one.uid))
        ]
    if len(people) != 1:
        raise NotFound(
            "Personal data go out only to a person on the rolls.",
            advice="Name one, by uid or a name that only one bears, with --as.",
            field="as",
        )
    if people[0].role not in SEE_WORDS:
        raise NotAllowed(
            f"{people[0].name} may not take personal data out of the city.",
            advice="Export without --with-personal, or ask who leads the shift.",
            field="with_personal",
        )
    return people[0]


def _shape(city: SqlCity, code: str) -> Any:
    if not code.isalnum():
        raise InvalidInput(f"{code!r} is no code of an area.", field="area")
    target = map_target(city)
    rows = target.ask(
        f"SELECT geom FROM area WHERE valid_to IS NULL AND code = '{code}' "
        "ORDER BY CASE tier WHEN 'duty_grid' THEN 1 ELSE 0 END LIMIT 1"
    )
    if not rows:
        raise NotFound(f"No area has the code {code}.", field="area")
    shape = target.shape(rows[0][0])
    shapely.prepare(shape)
    return shape


def _class(name: str) -> int:
    found = part_classes().get(name)
    if found is None:
        raise InvalidInput(
            f"There is no class of parts {name!r}.",
            advice="Name it by its code, such as 0101, or as resources/part_classes.csv does.",
            field="class",
        )
    return found


def _classes(batch: pa.RecordBatch) -> pa.Array:
    if "class" not in batch.schema.names:
        raise InvalidInput("Only parts have classes.", field="class")
    return batch.column("class")


def _within(batch: pa.RecordBatch, shape: Any) -> np.ndarray[Any, np.dtype[np.bool_]]:
    if "geom" not in batch.schema.names:
        lon, lat = (batch.column(name).to_numpy(zero_copy_only=False) for name in ("lon", "lat"))
        return np.asarray(shapely.intersects_xy(shape, lon, lat), np.bool_)
    points = point_coordinates(batch.column("geom"))
    if points is not None:
        return np.asarray(shapely.intersects_xy(shape, points[:, 0], points[:, 1]), np.bool_)
    shapes = shapely.from_wkb(np.array(batch.column("geom").to_pylist(), dtype=object))
    inner = shapely.point_on_surface(shapes)
    return np.asarray(shapely.intersects(shape, inner), np.bool_)
