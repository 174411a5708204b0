"""Making and opening cities: a folder, or a PostgreSQL address."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from app.data.blobs import FileBlobs, sync_folder
from app.data.city import SqlCity
from app.data.engine import APPLICATION_ID, WRITE, sqlite_engine
from app.data.errors import DISK_FULL, FOLDER_READ_ONLY, translated, translated_files
from app.data.facts import write_city_facts
from app.data.keys import load_or_make_key, passing_key
from app.data.migrations import HEAD, bring_up_to_date, check_version, version_of
from app.data.rules_seed import seed_rules
from app.data.rules_table import SqlRules
from app.domain.errors import InvalidInput, NotFound, StorageFailure, strip_secrets
from app.domain.rules import parse_rules
from app.services.ports import AreaIndex
from app.services.views import CityFacts

LOG = "log.db"
_SQLITE_MAGIC = b"SQLite format 3\x00"
_FOLDERS = ("signs", "blobs", "store", "keys")


def is_address(place: str | Path) -> bool:
    """Tell whether `place` is a PostgreSQL address rather than a folder."""
    return isinstance(place, str) and place.startswith(("postgresql://", "postgres://"))


def create_city(
    place: str | Path,
    facts: CityFacts,
    key: str | None = None,
    rules: Mapping[str, Any] | None = None,
) -> SqlCity:
    """Make a new city with the seeds of rules and open it.

    `place` is a folder that is not there yet or empty, or the address of an empty PostgreSQL
    database; `key` encrypts a local city. Raises `InvalidInput` if something is there already,
    `StorageFailure` if the disk fails; then nothing stays.
    """
    if is_address(place):
        return _create_remote(str(place), facts, rules)
    folder = Path(place)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInput(
            f"{folder} is there already and not empty. It was not touched.",
            advice="Name a new folder.",
            field="folder",
        )
    draft = folder.with_name(f".{folder.name}.making")
    with translated_files(folder):
        shutil.rmtree(draft, ignore_errors=True)
        try:
            _fill(draft, facts, key, rules)
            if folder.exists():
                folder.rmdir()
            draft.replace(folder)
            sync_folder(folder.absolute().parent)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    return open_city(folder, key)


def open_city(place: str | Path, key: str | None = None) -> SqlCity:
    """Open a city.

    Where its folder may not be written to, or its disk is full, a local city is opened to be read
    only (`SqlCity.read_only` says why), if it needs no migration; see `sqlite_engine` for limits.
    Raises `NotFound` or `InvalidInput` if there is none, or one of a newer program, `Busy` if it
    is locked, `StorageFailure` if it is broken, encrypted with another key or unreachable.
    """
    if is_address(place):
        return _open_remote(str(place))
    folder = Path(place)
    _check_folder(folder, key)
    if not all(os.access(path, os.W_OK) for path in (folder, folder / LOG)):
        return _open_existing(folder, key, FOLDER_READ_ONLY)
    try:
        return _open_existing(folder, key)
    except StorageFailure as error:
        if error.code not in (DISK_FULL, FOLDER_READ_ONLY):
            raise
        return _open_existing(folder, key, error.code)


def _open_existing(folder: Path, key: str | None, read_only: str = "") -> SqlCity:
    engine = sqlite_engine(folder / LOG, key, read_only=bool(read_only))
    try:
        _prepare(engine, str(folder))
        return _open_local(folder, key, engine, read_only)
    except BaseException:
        engine.dispose()
        raise


def _fill(folder: Path, facts: CityFacts, key: str | None, rules: Mapping[str, Any] | None) -> None:
    folder.mkdir(parents=True)
    (folder / "keys").mkdir(mode=0o700)
    engine = sqlite_engine(folder / LOG, key)
    _found(engine, str(folder), facts, rules)
    city = _open_local(folder, key, engine)
    try:
        _sign_rules(city)
    finally:
        city.close()


def _found(engine: Engine, place: str, facts: CityFacts, rules: Mapping[str, Any] | None) -> None:
    book = parse_rules(rules if rules is not None else seed_rules())
    with translated(place), engine.connect() as plain:
        connection = plain.execution_options(**{WRITE: True})
        if version_of(connection) is not None:
            raise InvalidInput(f"{place} holds a city already. It was not touched.")
        bring_up_to_date(connection)
        SqlRules(connection, {}).put(book)
        write_city_facts(connection, facts)
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        else:
            _make_remote_map(connection)
        connection.commit()


def _sign_rules(city: SqlCity) -> None:
    with city.begin(write=True) as uow:
        city.take(uow, "rules", {"ruleset": uow.rules.current().raw})
        uow.commit()


def _open_local(folder: Path, key: str | None, engine: Engine, read_only: str = "") -> SqlCity:
    if not read_only:
        with translated_files(folder):
            for name in _FOLDERS:
                (folder / name).mkdir(exist_ok=True)
    return _started(
        SqlCity(
            engine,
            str(folder),
            passing_key() if read_only else load_or_make_key(folder / "keys", key),
            FileBlobs(folder / "blobs"),
            lambda: _local_areas(folder),
            folder,
            read_only,
        )
    )


def _create_remote(address: str, facts: CityFacts, rules: Mapping[str, Any] | None) -> SqlCity:
    from app.data.remote import remote_engine

    engine = remote_engine(address)
    try:
        _found(engine, strip_secrets(address), facts, rules)
    finally:
        engine.dispose()
    city = _open_remote(address)
    _sign_rules(city)
    return city


def _open_remote(address: str) -> SqlCity:
    """Open a city on PostgreSQL; the device's key stays in the folder of this user."""
    from app.data.postgis_blobs import PostgresBlobs
    from app.data.remote import cache_folder, own_folder, remote_engine

    engine = remote_engine(address)
    place = strip_secrets(address)
    try:
        _prepare(engine, place)
        return _started(
            SqlCity(
                engine,
                place,
                load_or_make_key(own_folder(address) / "keys", None),
                PostgresBlobs(engine, place, cache_folder(address) / "blobs"),
                lambda: _remote_areas(engine),
            )
        )
    except BaseException:
        engine.dispose()
        raise


def _started(city: SqlCity) -> SqlCity:
    city.start()
    if not city.read_only:
        city.register_device()
    return city


def _prepare(engine: Engine, place: str) -> None:
    """Check the version and run the migrations that are missing."""
    with translated(place), engine.connect() as plain:
        version = version_of(plain)
        plain.rollback()
        check_version(version, place)
        if version == HEAD:
            return
        connection = plain.execution_options(**{WRITE: True})
        bring_up_to_date(connection)
        connection.commit()


def _local_areas(folder: Path) -> AreaIndex:
    from app.data.map_index import MapIndex  # opened at first use: it needs the map to be there

    return MapIndex(folder)


def _remote_areas(engine: Engine) -> AreaIndex:
    from app.data.postgis_map import PostgisMap  # brings pyarrow, which a local start can spare

    return PostgisMap(engine)


def _make_remote_map(connection: Connection) -> None:
    from app.data.postgis_map import create_map_tables

    create_map_tables(connection)


def _check_folder(folder: Path, key: str | None) -> None:
    log = folder / LOG
    with translated_files(folder):
        if not log.is_file():
            raise NotFound(
                f"{folder} is no city: it holds no {LOG}.",
                advice="Name a city's folder, or make one with `city new`.",
            )
        with log.open("rb") as file:
            plain = file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
    if plain and key is not None:
        raise InvalidInput(
            f"{folder} is not encrypted, but a key was given. Nothing was changed.",
            advice="Open it without a key.",
            field="key",
        )
    if not plain and key is None:
        raise StorageFailure(
            f"The database of {folder} is encrypted or broken; without its key nothing can be "
            "read. It was not changed.",
            advice="Give the city's key; if it has none, restore the last backup.",
        )
