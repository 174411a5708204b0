"""An open city: its database, its map, its keys."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Connection, Engine, insert, select, text

from app.data.blobs import CityBlobs
from app.data.engine import WRITE
from app.data.errors import translated
from app.data.facts import get_fact, put_fact, read_city_facts, write_city_facts
from app.data.keys import DeviceKey, KnownDevices
from app.data.tables import device
from app.data.unit_of_work import SqlUnitOfWork
from app.domain.actions import Action, SignedAction, sign_action
from app.domain.errors import NotFound, StorageFailure, Unavailable
from app.domain.hlc import HybridClock
from app.domain.identity import new_uid
from app.domain.rules import RuleBook
from app.services.ports import AreaIndex, Gazetteer

if TYPE_CHECKING:
    from app.data.part_edits import EditedMap, EditListener

OpenAreas = Callable[[], AreaIndex]
_TOTALS = "totals"
_PROVINCE = 2  # digits that all official codes inside one city share


class SqlCity:
    """Fulfils `ports.City` on SQLite or PostgreSQL. Used on the database thread only.

    Attributes:
        edit_listeners: told of every edit that the map has taken.
        place: the folder or address, without password, for messages.
        folder: the city's folder; None for a remote city.
        blobs: photos and files.
        read_only: why nothing can be written (`disk_full`, `folder_read_only`); empty if it can.
    """

    def __init__(
        self,
        engine: Engine,
        place: str,
        signer: DeviceKey,
        blobs: CityBlobs,
        open_areas: OpenAreas,
        folder: Path | None = None,
        read_only: str = "",
    ) -> None:
        self._engine = engine
        self._open_areas = open_areas
        self._areas: AreaIndex | None = None
        self._edits: EditedMap | None = None
        self.edit_listeners: list[EditListener] = []
        self._open_gazetteer: Callable[[], Gazetteer] | None = None
        self._gazetteer: Gazetteer | None = None
        self._books: dict[str, RuleBook] = {}
        self.place = place
        self.folder = folder
        self.read_only = read_only
        self.signer = signer
        self.blobs = blobs
        self.verifier = KnownDevices(self._devices)
        self.clock = HybridClock(signer.device)

    @property
    def engine(self) -> Engine:
        """The way to the database, for bulk writers in `app.data`."""
        return self._engine

    @property
    def areas(self) -> AreaIndex:
        """The map's index, opened at first use; raises `StorageFailure` for another city's."""
        if self._areas is None:
            areas = self._open_areas()
            if not self._is_own(areas):
                areas.close()
                raise StorageFailure(
                    f"The map of {self.place} is of another city than its cases. Nothing was "
                    "changed.",
                    advice="Put the city's own map.gpkg back.",
                )
            self._areas = areas
        return self._areas

    @property
    def edits(self) -> EditedMap:
        """The map as it is edited."""
        if self._edits is None:
            from app.data.part_edits import edited_map  # brings shapely: a start can spare it

            self._edits = edited_map(self)
        return self._edits

    def _is_own(self, areas: AreaIndex) -> bool:
        try:
            code = areas.root().code[:_PROVINCE]
        except NotFound:  # a map without areas yet
            return True
        own = self.facts.code[:_PROVINCE]
        return code == own or not (code.isdigit() and own.isdigit())

    @property
    def gazetteer(self) -> Gazetteer:
        """The search and geocoder; raises `Unavailable` where nobody brought one along."""
        if self._gazetteer is None:
            if self._open_gazetteer is None:
                raise Unavailable("Searching needs an index, which this program did not open.")
            self._gazetteer = self._open_gazetteer()
        return self._gazetteer

    def search_by(self, open_gazetteer: Callable[[], Gazetteer]) -> None:
        """Search with what `open_gazetteer` returns; it is called at the first search."""
        self._open_gazetteer = open_gazetteer

    @contextmanager
    def begin(self, *, write: bool) -> Generator[SqlUnitOfWork]:
        """Open a transaction that is rolled back unless `commit()` was called.

        Raises `Busy` if another writer does not finish within 15 s, `StorageFailure` if disk or
        database fail or the city was opened to be read only; then nothing of this transaction
        stays.
        """
        if write and self.read_only:
            raise StorageFailure(
                f"{self.place} was opened to be read only: its disk is full or its folder may not "
                "be written to. Nothing was changed.",
                advice="Free some space or mend the rights of the folder, then open the city anew.",
                code=self.read_only,
            )
        with translated(self.place), self._engine.connect() as plain:
            connection = plain.execution_options(**{WRITE: write})
            connection.begin()
            yield SqlUnitOfWork(connection, self.signer.device, self._books)

    def start(self) -> None:
        """Read the facts, and go on with this device's clock."""
        with self.begin(write=False) as uow:
            self.facts = read_city_facts(uow.connection)
            self.clock = HybridClock(self.signer.device, uow.actions.last_stamp(self.signer.device))

    def register_device(self) -> None:
        """Make this device's public key known by a signed action, unless it is already."""
        if self.signer.device in self._devices():
            return
        body = {
            "device": self.signer.device,
            "suite": self.signer.suite,
            "public_key": self.signer.public.hex(),
        }
        with self.begin(write=True) as uow:
            if self.signer.device in _devices(uow.connection):
                return
            self.take(uow, "device", body)
            uow.connection.execute(
                insert(device),
                {
                    "id": self.signer.device,
                    "suite": self.signer.suite,
                    "public_key": self.signer.public,
                    "name": socket.gethostname(),
                    "added_ms": now_ms(),
                },
            )
            uow.commit()

    def take(
        self, uow: SqlUnitOfWork, kind: str, body: Mapping[str, Any], subject: UUID | None = None
    ) -> SignedAction:
        """Append an action of the city itself (a device, a rule set, an import) and return it.

        Such actions stand alone: their subject is their own, unless one is given.
        """
        uid = new_uid()
        action = Action(
            uid=uid,
            subject=subject or uid,
            device=self.signer.device,
            stamp=self.clock.tick(now_ms()),
            parents=(),
            type=kind,
            version=1,
            rules=uow.rules.current().hash,
            actor=self.facts.uid,
            role="machine",
            body=body,
        )
        signed = sign_action(action, self.signer)
        uow.actions.append(signed)
        return signed

    def update_totals(self, totals: Mapping[str, float]) -> None:
        """Set some of the city's totals."""
        with self.begin(write=True) as uow:
            facts = read_city_facts(uow.connection)
            self.facts = replace(facts, totals={**facts.totals, **totals})
            write_city_facts(uow.connection, self.facts)
            uow.commit()

    def keep_totals(self, record: Sequence[Mapping[str, Any]]) -> None:
        """Keep what was counted when the city was built: name, value, wanted, unit, date."""
        with self.begin(write=True) as uow:
            put_fact(uow.connection, _TOTALS, json.dumps(list(record), ensure_ascii=False))
            uow.commit()

    def totals(self) -> list[dict[str, Any]]:
        """Return what `keep_totals` kept."""
        with self.begin(write=False) as uow:
            kept: list[dict[str, Any]] = json.loads(get_fact(uow.connection, _TOTALS) or "[]")
        return kept

    def check(self) -> None:
        """Read the whole database; raises `StorageFailure` if it is broken. Slow."""
        if self._engine.dialect.name != "sqlite":
            return
        with self.begin(write=False) as uow:
            words = uow.connection.execute(text("PRAGMA quick_check")).scalar()
        if words != "ok":
            raise StorageFailure(
                f"The database of {self.place} is broken ({str(words).splitlines()[0]}).",
                advice="Copy the folder away as it is, then restore the last backup.",
            )

    def close(self) -> None:
        """Let go of database and map."""
        if self._areas is not None:
            self._areas.close()
            self._areas = None
        self._engine.dispose()

    def _devices(self) -> dict[str, bytes]:
        with self.begin(write=False) as uow:
            return _devices(uow.connection)


def _devices(connection: Connection) -> dict[str, bytes]:
    rows = connection.execute(select(device.c.id, device.c.public_key))
    return {row[0]: bytes(row[1]) for row in rows}


def now_ms() -> int:
    """Return the wall clock in Unix milliseconds."""
    return time.time_ns() // 1_000_000
