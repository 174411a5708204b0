"""Cities for the contract tests: local, encrypted and on PostgreSQL, behind one fixture."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.data.city import SqlCity
from app.data.city_folder import create_city, open_city
from app.domain.actions import Action, SignedAction, sign_action
from app.domain.cases import CaseState
from app.domain.identity import uuid7
from app.domain.personal import Secret, seal
from app.services.changes import CaseRow
from app.services.views import CityFacts

KEY = "it's a secret 钥匙"
NOW_MS = 1_795_000_000_000  # a day in November 2026
FACTS = CityFacts(
    uuid7(NOW_MS, 1), "小城", "310100", 121.4667, 31.2304, True, "2026-11-23T00:00:00Z"
)
AS_NEW = """
TRUNCATE case_row, case_text, secret, unit, person, duty, shift, counter, import_run,
address, address_request, part_edit, grid_edit, map_journal
RESTART IDENTITY;
DELETE FROM action WHERE kind NOT IN ('device', 'rules');
DELETE FROM ruleset WHERE hash <> (SELECT hash FROM ruleset ORDER BY received_ms LIMIT 1);
UPDATE city SET value = (SELECT hash FROM ruleset) WHERE key = 'rules'
"""
KINDS = ("local", "encrypted", "postgres")


@pytest.fixture(scope="session")
def city_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pristine local cities to copy from: making one takes longer than copying it."""
    root = tmp_path_factory.mktemp("cities")
    keys = {"local": None, "encrypted": KEY}
    for kind, key in keys.items():
        create_city(root / kind, FACTS, key).close()
    return {kind: root / kind for kind in keys}


@pytest.fixture
def folder(city_folders: dict[str, Path], tmp_path: Path) -> Path:
    """The folder of a fresh local city that nobody has open."""
    return Path(shutil.copytree(city_folders["local"], tmp_path / "city"))


@pytest.fixture
def local_city(folder: Path) -> Iterator[SqlCity]:
    """A fresh local city."""
    city = open_city(folder)
    yield city
    city.close()


@pytest.fixture(scope="session")
def remote_city(postgres_server: Any) -> Iterator[str]:
    """Address of a city on PostgreSQL that is emptied between tests (see `city`)."""
    with postgres_server.database() as url:
        create_city(url, FACTS).close()
        yield url


@pytest.fixture(params=KINDS)
def city(
    request: pytest.FixtureRequest, city_folders: dict[str, Path], tmp_path: Path
) -> Iterator[SqlCity]:
    """A fresh city of each kind: what is promised holds on all of them."""
    if request.param == "postgres":
        opened = open_city(request.getfixturevalue("remote_city"))
        with opened.begin(write=True) as uow:
            uow.connection.exec_driver_sql(AS_NEW)
            uow.commit()
    else:
        folder = shutil.copytree(city_folders[request.param], tmp_path / "city")
        opened = open_city(folder, KEY if request.param == "encrypted" else None)
    yield opened
    opened.close()


@dataclass
class Cases:
    """Makes cases, each a second younger than the one before."""

    count: int = 0

    def uid(self, number: int) -> UUID:
        """Return the fixed uid of case `number`."""
        return uuid7(NOW_MS + number * 1000, number)

    def row(self, **values: Any) -> CaseRow:
        """Return the row of a new open case; `values` say what is special about it."""
        self.count += 1
        number = self.count
        row = CaseRow(
            uid=self.uid(number), receipt=f"20261123-aaaa-{number:04d}", number="",
            step="reported", matter="0110", matter_name="道路破损", title="", address="",
            lon=121.47, lat=31.23, grid=None, grid_code="310104001001001", street=None,
            district=None, unit=None, unit_name="", person=None, person_name="",
            source="hotline", reported_ms=NOW_MS + number * 1000, due_ms=None, due_clock="",
            returned=0, reworked=0, auto=False, urgent=False, is_open=True,
            changed_ms=NOW_MS + number * 1000, closed_ms=None, sample=True,
        )  # fmt: skip
        return replace(row, **values)

    def state(self, row: CaseRow, *secrets: Secret) -> CaseState:
        """Return a state that goes with `row` and refers to `secrets`."""
        refs = {secret.kind: secret.key for secret in secrets}
        lon_e7, lat_e7 = round(row.lon * 1e7), round(row.lat * 1e7)
        return CaseState(
            row.uid, row.receipt, row.step, lon_e7, lat_e7, row.source, row.reported_ms, refs=refs
        )

    def put(self, city: SqlCity, words: str = "", address: str = "", **values: Any) -> CaseRow:
        """Store a case and return its row as it is to be read again."""
        row = self.row(**values)
        given = {"words": words, "address": address}
        secrets = [seal(row.uid, kind, value) for kind, value in given.items() if value]
        with city.begin(write=True) as uow:
            uow.vault.put(secrets)
            uow.cases.put(row, self.state(row, *secrets), f"{words} {address} {row.matter_name}")
            uow.commit()
        return replace(row, title=words, address=address)


@pytest.fixture
def cases() -> Cases:
    """A maker of cases."""
    return Cases()


@pytest.fixture
def act() -> Callable[..., SignedAction]:
    """A maker of signed actions: `act(city, subject, kind, **body)`."""

    def make(
        city: SqlCity,
        subject: UUID,
        kind: str = "report",
        parents: tuple[str, ...] = (),
        **body: Any,
    ) -> SignedAction:
        stamp = city.clock.tick(NOW_MS)
        action = Action(
            uuid7(stamp.ms, stamp.count), subject, city.signer.device, stamp, parents, kind, 1,
            "rules", FACTS.uid, "machine", body,
        )  # fmt: skip
        return sign_action(action, city.signer)

    return make
