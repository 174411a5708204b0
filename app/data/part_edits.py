"""The map takes what was decided about parts and grids, and tells what its rows say of them.

No transaction spans log and map: the log commits first, with an entry in its journal for all that
the map is to take; the map keeps, in the same transaction as its rows, up to which entry of which
journal it has taken. So a kill between the two, a map put back from a copy or exchanged by an
import all mean the same: what is missing is written, as it is now, at the next occasion (`take`:
after each command, at opening, by the background). Writing a row twice changes nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import text
from sqlcipher3 import dbapi2

from app.data.errors import translated_files
from app.data.map_news import WrittenShape
from app.data.map_print import fingerprint
from app.data.part_geometry import merge_shapes, shape_with, shape_without, split_shape
from app.data.part_hand import GeoPackageHand, MapHand, PostgisHand
from app.data.part_map_rows import (
    find_cell,
    find_duty_grid,
    find_fid,
    find_grids,
    find_of_code,
    find_part,
    find_uid,
    greatest_code,
    layout_of,
)
from app.data.part_news import news_since, read_news, told_news
from app.data.part_write import Written, write_due
from app.data.readers.classes import class_codes, part_classes
from app.domain.areas import Area
from app.domain.codes import PartLayout
from app.domain.errors import StorageFailure
from app.domain.parts.grids import Cell
from app.domain.parts.record import Part

if TYPE_CHECKING:
    from app.data.city import SqlCity

_WAIT_S = 1.0
_TAKES = "map_takes"
_MOST_TAKES = 10_000
_CLASS_DIGITS = 4
_TURN = 0x57474D31  # one writer of a remote map at a time, as imports take it


@dataclass(frozen=True)
class Taken:
    """What a map has just taken: rows of parts and features, its fingerprints before and after."""

    rows: tuple[Written, ...]
    shapes: tuple[WrittenShape, ...]
    was: str
    now: str


EditListener = Callable[[Taken], None]


@dataclass
class EditedMap(ABC):
    """Fulfils `parts_views.PartMap` for one open city. Used on the database thread only."""

    city: SqlCity
    _from_start: bool = field(default=False, init=False)

    @abstractmethod
    def _reading(self) -> AbstractContextManager[MapHand]:
        """Open the map for reading."""

    @abstractmethod
    def _write(self) -> Taken | None:
        """Write what is due; None if another program holds the map."""

    def reading(self) -> AbstractContextManager[MapHand]:
        """Open the map for reading."""
        return self._reading()

    def redo(self) -> bool:
        """Write all that the log says of parts and grids into the map again.

        False if another program holds it. Twice is as good as once.
        """
        self._from_start = True
        try:
            taken = self._write()
        finally:
            self._from_start = False
        for listener in self.city.edit_listeners if taken is not None else ():
            listener(taken)  # type: ignore[arg-type]  # there is one
        return taken is not None

    def take(self) -> bool:
        """See `PartMap.take`."""
        with self.city.begin(write=False) as uow:
            journal = uow.parts.journal()
        if not journal[1]:
            return True
        with self._reading() as hand:
            if hand.taken() == journal:
                return True
        taken = self._write()
        if taken is None:
            return False
        for listener in self.city.edit_listeners:
            listener(taken)
        return True

    @contextmanager
    def telling(self, layer: str) -> Iterator[None]:
        """Tell the listeners which rows of a layer were added meanwhile, if they are not many.

        Who is not told finds the map changed, and reads it anew.
        """
        was, last = self._print(), self._last(layer)
        yield
        now = self._print()
        if now == was:
            return
        with self._reading() as hand:
            news = news_since(hand, layer, last)
        if news is not None:
            taken = Taken(*news, was, now)
            self._keep(taken)
            for listener in self.city.edit_listeners:
                listener(taken)

    def _last(self, layer: str) -> int:
        with self._reading() as hand:
            return int(hand.ask(f"SELECT max(fid) FROM {layer}")[0][0] or 0)

    @abstractmethod
    def _print(self) -> str:
        """Return the map's fingerprint."""

    @abstractmethod
    def _keep(self, taken: Taken) -> None:
        """Keep what was added for other desks."""

    def missed(self, fingerprint: str) -> Taken | None:
        """Return the edits between a fingerprint of the map and now, None if they are not known.

        Only a remote map knows: others write to it without this machine's drawing store.
        """
        return None

    def _written(self, hand: MapHand) -> tuple[tuple[Written, ...], tuple[WrittenShape, ...]]:
        """Write what is due through `hand`, in its transaction."""
        journal, number = hand.taken()
        with self.city.begin(write=False) as uow:
            own, _newest = uow.parts.journal()
            known = journal == own and not self._from_start
            due = uow.parts.due(number if known else 0)
        written = write_due(hand, due)
        hand.set_taken(due.journal, due.upto)
        return written

    def part(self, uid: UUID) -> Part | None:
        """See `PartMap.part`."""
        with self._reading() as hand:
            return find_part(hand, uid)

    def fid_of(self, uid: UUID) -> int | None:
        """See `PartMap.fid_of`."""
        with self._reading() as hand:
            return find_fid(hand, uid)

    def uid_of(self, fid: int) -> UUID | None:
        """See `PartMap.uid_of`."""
        with self._reading() as hand:
            return find_uid(hand, fid)

    def of_code(self, code: str) -> Sequence[UUID]:
        """See `PartMap.of_code`."""
        with self._reading() as hand:
            return find_of_code(hand, code)

    def last_code(self, prefix: str, *, grids: bool = False) -> str:
        """See `PartMap.last_code`."""
        with self._reading() as hand:
            return greatest_code(hand, "area" if grids else "part", prefix)

    def layout(self) -> PartLayout:
        """See `PartMap.layout`."""
        with self._reading() as hand:
            return layout_of(hand)

    def class_of(self, name: str) -> int | None:
        """See `PartMap.class_of`."""
        if name.isdigit() and len(name) < _CLASS_DIGITS:
            return int(name) if self.class_code(int(name)) else None
        return part_classes().get(name)

    def class_code(self, cls: int) -> str:
        """See `PartMap.class_code`."""
        return class_codes().get(cls, "")

    def grid(self, code: str) -> Sequence[UUID]:
        """See `PartMap.grid`."""
        with self._reading() as hand:
            return find_grids(hand, code)

    def cell(self, uid: UUID) -> Cell | None:
        """See `PartMap.cell`."""
        with self._reading() as hand:
            return find_cell(hand, uid)

    def duty_grid(self, area: Area) -> UUID | None:
        """See `PartMap.duty_grid`."""
        with self._reading() as hand:
            return find_duty_grid(hand, area.uid)

    def split(self, wkb: bytes, line: Sequence[tuple[float, float]]) -> Sequence[bytes]:
        """See `PartMap.split`."""
        return split_shape(wkb, line)

    def merged(self, wkbs: Sequence[bytes]) -> bytes | None:
        """See `PartMap.merged`."""
        return merge_shapes(wkbs)

    def without(self, wkb: bytes, taken: Sequence[bytes]) -> bytes | None:
        """See `PartMap.without`."""
        return shape_without(wkb, taken)

    def joined(self, wkb: bytes, added: Sequence[bytes]) -> bytes:
        """See `PartMap.joined`."""
        return shape_with(wkb, added)


class LocalEdits(EditedMap):
    """Of a city in a folder: `map.gpkg`."""

    @property
    def _folder(self) -> Path:
        assert self.city.folder is not None
        return self.city.folder

    @contextmanager
    def _reading(self) -> Iterator[MapHand]:
        with self._failures(), translated_files(self._folder):
            hand = GeoPackageHand.opened(self._path, wait_s=_WAIT_S, write=False)
            try:
                yield hand
            finally:
                hand.close()

    def _write(self) -> Taken | None:
        with self._failures():
            try:
                hand = GeoPackageHand.opened(self._path, wait_s=_WAIT_S, write=True)
            except dbapi2.OperationalError as error:
                if _is_held(error):
                    return None
                raise
            try:
                was, file = fingerprint(self._folder), self._path.stat().st_ino
                rows, shapes = self._written(hand)
                hand.commit()
            except dbapi2.OperationalError as error:
                if _is_held(error):
                    return None
                raise
            finally:
                hand.close()
        same = self._path.stat().st_ino == file
        return Taken(rows, shapes, was, fingerprint(self._folder) if same else "")

    def _print(self) -> str:
        return fingerprint(self._folder)

    def _keep(self, taken: Taken) -> None:
        """Nobody else needs it: the journal of the store lies in the city."""

    @property
    def _path(self) -> Path:
        return self._folder / "map.gpkg"

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except dbapi2.Error as error:
            raise StorageFailure(
                f"{self._path} cannot be read or written: {error}",
                advice="What was decided is safe in the log; the map takes it when it can.",
            ) from error


class RemoteEdits(EditedMap):
    """Of a city on PostgreSQL: its PostGIS tables."""

    @contextmanager
    def _reading(self) -> Iterator[MapHand]:
        from app.data.remote import remote_errors

        with remote_errors(self.city.place), self.city.engine.connect() as connection:
            yield PostgisHand(connection)

    def _write(self) -> Taken | None:
        from app.data.remote import remote_errors

        with remote_errors(self.city.place), self.city.engine.begin() as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_TURN})"))
            hand = PostgisHand(connection)
            was = _token(hand)
            rows, shapes = self._written(hand)
            taken = Taken(rows, shapes, was, _token(hand))
            _note_take(hand, taken)
        return taken

    def _print(self) -> str:
        with self._reading() as hand:
            return _token(hand)

    def _keep(self, taken: Taken) -> None:
        from app.data.remote import remote_errors

        with remote_errors(self.city.place), self.city.engine.begin() as connection:
            _note_take(PostgisHand(connection), taken)

    def missed(self, fingerprint: str) -> Taken | None:
        """See `EditedMap.missed`."""
        with self._reading() as hand:
            now = _token(hand)
            if now == fingerprint or not hand.ask(f"SELECT to_regclass('{_TAKES}')")[0][0]:
                return None
            query = f"SELECT was, now, rows FROM {_TAKES} ORDER BY number DESC LIMIT {_MOST_TAKES}"
            takes = {str(was): (str(then), str(rows)) for was, then, rows in hand.ask(query)}
        rows: list[Written] = []
        shapes: list[WrittenShape] = []
        at = fingerprint
        while at != now and at in takes:
            at, told = takes.pop(at)
            some, features = read_news(told)
            rows += some
            shapes += features
        return Taken(tuple(rows), tuple(shapes), fingerprint, now) if at == now else None


def edited_map(city: SqlCity) -> EditedMap:
    """Return the map of an open city as it is edited."""
    return LocalEdits(city) if city.folder is not None else RemoteEdits(city)


def _token(hand: MapHand) -> str:
    return str(hand.ask("SELECT token FROM map_revision")[0][0]).replace("-", "")


def _note_take(hand: MapHand, taken: Taken) -> None:
    """Keep what was taken for other desks."""
    hand.ask(
        f"CREATE TABLE IF NOT EXISTS {_TAKES} (number BIGSERIAL PRIMARY KEY, was TEXT NOT NULL, "
        "now TEXT NOT NULL, rows TEXT NOT NULL)"
    )
    hand.ask(f"INSERT INTO {_TAKES} (was, now, rows) VALUES (:was, :now, :rows)",
             was=taken.was, now=taken.now, rows=told_news(taken.rows, taken.shapes))  # fmt: skip


def _is_held(error: dbapi2.OperationalError) -> bool:
    return "locked" in str(error) or "busy" in str(error)
