"""`city check` finds what is damaged, case by case, and nothing in a whole city."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.data.checking import check_city
from app.data.city import SqlCity
from app.data.city_folder import create_city, open_city
from app.data.packing import PackWish, export_pack
from app.data.unpacking import import_pack
from app.domain.errors import AppError, StorageFailure
from app.domain.people import Role
from app.sample.tiny import create_tiny_city, desk_person
from app.services.bus import handle
from app.services.commands import Actor, EraseSubject, ReportCase, SignCheckpoint
from app.services.questions import OpenSheet, answer

NOW = 1_795_000_000_000
DAY = 86_400_000
INTAKE = Actor(desk_person(Role.INTAKE), "intake")
LEAD = Actor(desk_person(Role.SHIFT_LEAD), "shift_lead")
WORDS = "路面龟裂，约两平方米"


def quiet(_stage: str, _share: float) -> None:
    return


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "city"
    city = create_tiny_city(folder)
    photo = city.blobs.put(b"a photo", "p")
    for number in range(4):
        command = ReportCase(INTAKE, WORDS, 121.42, 31.12, "汾阳路150号", photos=(photo,))
        row = handle(command, city, NOW + number).cases[0]
        handle(SignCheckpoint(), city, NOW + number * DAY)
    handle(EraseSubject(LEAD, row.uid), city, NOW + 5 * DAY)
    city.close()
    return folder


@pytest.fixture
def city(whole: Path, tmp_path: Path) -> Iterator[SqlCity]:
    folder = shutil.copytree(whole, tmp_path / "city")
    opened = open_city(folder)
    yield opened
    opened.close()


def change(city: SqlCity, statement: str, *values: Any) -> None:
    with city.begin(write=True) as uow:
        uow.connection.exec_driver_sql(statement, values)
        uow.commit()


def kinds(city: SqlCity) -> list[str]:
    return sorted({one.kind for one in check_city(city, quiet).damage})


def test_that_a_whole_city_is_whole(city):
    checked = check_city(city, quiet)
    assert checked.damage == []
    assert checked.counts["cases"] == checked.counts["checkpoints"] == 4
    assert checked.counts["photos"] == 1
    assert checked.counts["words"] == 6


@pytest.mark.parametrize(("column", "kind"), [("data", "bytes"), ("hash", "bytes"),
                                              ("signature", "signature")])  # fmt: skip
def test_that_a_flipped_byte_is_found_by_the_check_and_by_opening_the_case(city, column, kind):
    with city.begin(write=False) as uow:
        row = uow.connection.exec_driver_sql(
            f"SELECT seq, {column}, subject FROM action WHERE kind = 'report' LIMIT 1"
        ).one()
    value = row[1]
    if isinstance(value, str):
        altered: Any = ("0" if value[0] != "0" else "1") + value[1:]
    else:
        raw = bytearray(value)
        at = raw.find(b"hotline") + 3 if column == "data" else 9
        raw[at] ^= 1
        altered = bytes(raw)
    change(city, f"UPDATE action SET {column} = ? WHERE seq = ?", altered, row[0])
    checked = check_city(city, quiet)
    first = checked.damage[0]
    assert first.kind == kind
    assert first.case.count("-") == 2  # its number
    with pytest.raises(AppError) as caught:
        answer(OpenSheet(UUID(bytes=row[2]), INTAKE), city, NOW)
    assert "altered" in caught.value.message or "signature" in caught.value.message


@pytest.mark.parametrize(
    ("harm", "kind"),
    [
        ("DELETE FROM action WHERE seq = (SELECT max(seq) FROM action WHERE kind = 'file')",
         "checkpoint"),
        ("UPDATE case_row SET step = 'closed'", "row"),
        ("DELETE FROM case_row", "row"),
        ("UPDATE action SET data = CAST(data AS TEXT)", "bytes"),
        ("UPDATE action SET signature = 'text'", "signature"),
        ("UPDATE case_row SET lon = lon + 0.001", "row"),
        ("UPDATE action SET kind = 'file' WHERE kind = 'dispatch'", "columns"),
        ("UPDATE action SET device = 'somebody'", "columns"),
        ("UPDATE secret SET value = value || '!' WHERE value IS NOT NULL", "words"),
        ("DELETE FROM device", "signature"),
        ("UPDATE device SET id = 'x' || id", "device"),
        ("UPDATE ruleset SET data = x'7b7d'", "rules"),
        ("DELETE FROM action WHERE kind = 'checkpoint' AND seq = "
         "(SELECT min(seq) FROM action WHERE kind = 'checkpoint')", "checkpoint"),
    ],
)  # fmt: skip
def test_that_each_kind_of_harm_is_named(city, harm, kind):
    change(city, harm)
    assert {kind, "database"} & set(kinds(city))


def test_that_an_altered_photo_and_words_that_came_back_are_found(city):
    with city.begin(write=False) as uow:
        key = uow.connection.exec_driver_sql("SELECT key FROM secret WHERE value IS NULL").scalar()
    change(city, "UPDATE secret SET value = '张三', salt = x'00' WHERE key = ?", key)
    assert city.folder is not None
    photo = next(path for path in (city.folder / "blobs").rglob("*") if path.is_file())
    photo.write_bytes(b"another")
    assert {"photo", "words"} <= set(kinds(city))


def test_that_a_checkpoint_is_signed_once_a_day(city):
    before = check_city(city, quiet).counts["checkpoints"]
    for _ in range(2):
        handle(SignCheckpoint(), city, NOW + 30 * DAY)
    assert check_city(city, quiet).counts["checkpoints"] == before + 1


def test_that_a_remote_city_takes_a_pack_and_is_checked(city, postgres_url, tmp_path):
    with open_remote(postgres_url, city) as remote:
        export_pack(city, tmp_path / "p", PackWish(words=True, photos=True), quiet)
        took = import_pack(remote, tmp_path / "p", quiet, {city.signer.device})
        assert (took["refused"], len(took["cases"]), took["photos"]) == (0, 4, 1)
        handle(SignCheckpoint(), remote, NOW + 40 * DAY)
        assert check_city(remote, quiet).damage == []
        with remote.begin(write=True) as uow:
            uow.connection.exec_driver_sql("UPDATE case_row SET step = 'closed'")
            uow.commit()
        assert {one.kind for one in check_city(remote, quiet).damage} == {"row"}
        export_pack(remote, tmp_path / "q", PackWish(words=True), quiet)
        assert import_pack(city, tmp_path / "q", quiet, {remote.signer.device})["refused"] == 0


def open_remote(url: str, city: SqlCity) -> Any:
    create_city(url, city.facts).close()
    return closing(open_city(url))


def test_that_a_torn_database_is_told_as_one_damage(whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "torn")
    log = folder / "log.db"
    data = bytearray(log.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 8192] = bytes(8192)
    log.write_bytes(data)
    try:
        city = open_city(folder)
    except StorageFailure:
        return
    assert check_city(city, quiet).damage
    city.close()
