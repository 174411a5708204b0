"""Making and opening a city, and what a person is told when that cannot be."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from app.data.city import SqlCity
from app.data.city_folder import create_city, open_city
from app.data.engine import check_sqlite_version
from app.domain.errors import Busy, InvalidInput, NotFound, StorageFailure, Unavailable
from app.services.ports import City
from app.services.views import CityFacts

KEY = "it's a secret 钥匙"


@pytest.fixture
def facts(local_city: SqlCity) -> CityFacts:
    return local_city.facts


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_that_a_city_fulfils_the_port(local_city):
    city: City = local_city
    assert city.facts.name == "小城"
    assert city.facts.totals == {}


def test_that_a_new_city_has_its_folders_and_a_key_that_only_the_owner_reads(folder):
    assert {p.name for p in folder.iterdir()} == {"log.db", "signs", "blobs", "store", "keys"}
    (key,) = (folder / "keys").iterdir()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700


def test_that_totals_are_kept(local_city):
    local_city.update_totals({"parts": 15e6})
    local_city.update_totals({"grids": 40_625})
    local_city.start()
    assert local_city.facts.totals == {"parts": 15e6, "grids": 40_625}


def test_that_nothing_is_made_where_something_is(folder, facts, tmp_path):
    before = files_of(folder)
    with pytest.raises(InvalidInput, match="not empty"):
        create_city(folder, facts)
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(InvalidInput):
        create_city(file, facts)
    assert files_of(folder) == before


def test_that_an_empty_folder_becomes_a_city(facts, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    create_city(empty, facts).close()
    assert (empty / "log.db").is_file()


def test_that_a_city_is_made_whole_or_not_at_all(facts, tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.data.keys._make", full)
    with pytest.raises(StorageFailure, match="is full"):
        create_city(tmp_path / "new", facts)
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".*"))


def test_that_a_folder_without_a_city_is_told(tmp_path):
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NotFound, match="is no city"):
            open_city(place)
    assert list(tmp_path.iterdir()) == []


def test_that_another_programs_database_is_no_city_and_stays_as_it_was(tmp_path):
    path = tmp_path / "log.db"
    other = sqlcipher.connect(str(path))
    other.execute("CREATE TABLE theirs (x)")
    other.commit()
    other.close()
    with pytest.raises(InvalidInput, match="holds no city"):
        open_city(tmp_path)
    again = sqlcipher.connect(str(path))
    assert again.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
    again.close()


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\x00" * 9000, b"SQLite format 3\x00oh"])
def test_that_a_file_that_is_no_database_is_told_and_stays_as_it_was(folder, content):
    log = folder / "log.db"
    log.write_bytes(content)
    with pytest.raises((StorageFailure, InvalidInput)) as caught:
        open_city(folder)
    assert "\n" not in str(caught.value)
    assert log.read_bytes() == content


@pytest.mark.parametrize("at", [1, 30, 1000])
def test_that_broken_pages_give_one_clear_error(folder, cases, at):
    city = open_city(folder)
    for number in range(200):
        cases.put(city, f"井盖{number}")
    city.close()
    log = folder / "log.db"
    data = bytearray(log.read_bytes())
    data[at * 100 : at * 100 + 150_000] = b"\xff" * 150_000
    log.write_bytes(data)

    def use() -> None:
        opened = open_city(folder)
        try:
            opened.check()
        finally:
            opened.close()

    with pytest.raises(StorageFailure, match="broken") as caught:
        use()
    assert caught.value.advice


def test_that_a_sound_city_passes_its_check(city):
    city.check()


def test_that_an_encrypted_city_shows_nothing_without_its_key(city_folders, tmp_path):
    folder = Path(shutil.copytree(city_folders["encrypted"], tmp_path / "city"))
    everything = b"".join(files_of(folder).values())
    assert b"SQLite format" not in everything
    assert "小城".encode() not in everything
    assert b"ENCRYPTED PRIVATE KEY" in everything
    before = files_of(folder)
    with pytest.raises(StorageFailure, match="encrypted"):
        open_city(folder)
    with pytest.raises(StorageFailure) as caught:
        open_city(folder, "wrong")
    assert "wrong" not in str(caught.value)
    assert "key" in str(caught.value)
    assert files_of(folder) == before
    open_city(folder, KEY).close()


def test_that_a_key_for_a_city_that_has_none_is_told(folder):
    with pytest.raises(InvalidInput, match="not encrypted") as caught:
        open_city(folder, KEY)
    assert caught.value.field == "key"


def test_that_a_city_of_a_newer_program_is_refused_and_stays_as_it_was(folder):
    raw = sqlcipher.connect(str(folder / "log.db"))
    raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.commit()
    raw.close()
    before = files_of(folder)
    with pytest.raises(InvalidInput, match=r"newer Wangge.*9999.*Update"):
        open_city(folder)
    assert files_of(folder) == before


def test_that_a_city_whose_writer_does_not_finish_is_told_as_busy(folder, monkeypatch):
    monkeypatch.setattr("app.data.engine.WAIT_MS", 50)
    city = open_city(folder)
    holder = sqlcipher.connect(str(folder / "log.db"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy, match="Somebody else"), city.begin(write=True):
        pass
    holder.execute("ROLLBACK")
    holder.close()
    with city.begin(write=True):
        pass
    city.close()


def test_that_a_machine_that_opens_a_city_first_makes_itself_known_by_a_signed_action(
    folder, monkeypatch
):
    monkeypatch.setattr("app.data.keys.machine_name", lambda: "another")
    city = open_city(folder)
    with city.begin(write=False) as uow:
        signed = [one for _, one in uow.actions.since(0, 99) if one.action.type == "device"]
    devices = [one.action.body["device"] for one in signed]
    assert len(signed) == 2
    assert devices[1] == city.signer.device == signed[1].action.device
    city.close()
    open_city(folder).close()
    assert len(list((folder / "keys").iterdir())) == 2


@pytest.mark.parametrize("version", [(3, 51, 2), (3, 40, 1)])
def test_that_a_sqlite_that_can_lose_data_is_refused(version):
    with pytest.raises(Unavailable, match="too old"):
        check_sqlite_version(version)


def test_that_every_connection_syncs_and_keeps_erased_text_from_the_disk(local_city):
    with local_city.begin(write=True) as uow:
        found = {
            name: uow.connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("synchronous", "journal_mode", "foreign_keys", "secure_delete")
        }
    assert found == {
        "synchronous": 2, "journal_mode": "wal", "foreign_keys": 1, "secure_delete": 1,
    }  # fmt: skip


def test_that_a_server_that_is_not_there_is_told_without_the_password():
    with pytest.raises(StorageFailure, match="does not answer") as caught:
        open_city("postgresql://me:secret@127.0.0.1:9/nowhere")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", ["postgresql://", "postgresql://host:port/x"])
def test_that_an_address_that_makes_no_sense_is_told(address):
    with pytest.raises((InvalidInput, StorageFailure)):
        open_city(address)


def test_that_a_database_without_a_city_is_told(postgres_url, facts):
    with pytest.raises(InvalidInput, match="holds no city"):
        open_city(postgres_url)
    create_city(postgres_url, facts).close()
    with pytest.raises(InvalidInput, match="already"):
        create_city(postgres_url, facts)


def test_that_an_encrypted_city_opens_in_other_programs_by_its_passphrase(city_folders):
    raw = sqlcipher.connect(str(city_folders["encrypted"] / "log.db"))
    raw.execute("PRAGMA key = '" + KEY.replace("'", "''") + "'")
    assert raw.execute("SELECT count(*) FROM city").fetchone() == (2,)
    raw.close()


def test_that_a_server_that_goes_away_is_told_and_found_again(postgres_url, facts):
    city = create_city(postgres_url, facts)

    def write(end: bool) -> None:
        with city.begin(write=True) as uow:
            if end:
                uow.connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
            uow.next_receipt("20261123")
            uow.commit()

    with pytest.raises(StorageFailure, match="does not answer"):
        write(end=True)
    write(end=False)
    city.close()
