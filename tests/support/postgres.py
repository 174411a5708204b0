"""A throw-away PostgreSQL with PostGIS, and a fresh database for each test that asks.

The server runs as an unprivileged user (PostgreSQL refuses root), writes to a temporary folder
without fsync, listens on the loopback alone, and dies with the test process even when that is
killed.
"""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

BINARIES = Path("/usr/lib/postgresql/15/bin")
START_S = 60
TEMPLATE = "wangge_template"
INITDB = ("-U", "wangge", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
SETTINGS = (
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "max_connections=60",
)


@dataclass
class Server:
    """A running server; `url(name)` is the address of one of its databases."""

    port: int
    folder: Path
    _numbers: count[int] = field(default_factory=count)
    _process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        """Return the address of `database` for libpq and psycopg."""
        return f"postgresql://wangge@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def database(self) -> Generator[str]:
        """Give the address of a fresh database with PostGIS; drop it afterwards."""
        name = f"wangge_{next(self._numbers)}"
        self.run(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), name, TEMPLATE)
        try:
            yield self.url(name)
        finally:
            self.run(sql.SQL("DROP DATABASE {} WITH (FORCE)"), name)

    def start(self, *, wait: bool = True) -> None:
        """Start it (again); by `wait` return when it answers.

        To be called on a thread that lives on: the server dies with the thread that started it.
        """
        command = [*_as(_user()), BINARIES / "postgres", "-D", self.folder / "data"]
        command += ["-p", str(self.port), "-k", self.folder]
        for setting in SETTINGS:
            command += ["-c", setting]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/")
        if wait:
            _wait(self, self._process, self.folder / "log")

    def stop(self) -> None:
        """End it at once, as a crash or a power cut would; harmless when it does not run."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # nothing in it is worth a checkpoint
            self._process.wait(START_S)
            self._process = None

    def run(self, statement: sql.SQL, *names: str) -> None:
        """Run one administrative statement."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.format(*map(sql.Identifier, names)))


@pytest.fixture(scope="session")
def postgres_server() -> Generator[Server]:
    """Start a PostgreSQL 15 with PostGIS for this test process."""
    if not (BINARIES / "postgres").exists():
        pytest.fail(f"PostgreSQL 15 is not in {BINARIES}: run packaging/system.sh", pytrace=False)
    with (
        tempfile.TemporaryDirectory(prefix="wangge-pg-", ignore_cleanup_errors=True) as folder,
        _running(Path(folder)) as server,
    ):
        yield server


@pytest.fixture
def postgres_url(postgres_server: Server) -> Generator[str]:
    """Address of a fresh, empty database with PostGIS: postgresql://wangge@127.0.0.1:PORT/NAME."""
    with postgres_server.database() as url:
        yield url


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts a server, so that `-m "not postgres"` leaves it out."""
    for item in items:
        if {"postgres_server", "own_server"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.postgres)


@pytest.fixture
def own_server() -> Generator[Server]:
    """Start a server for one test alone, which may stop and start it."""
    with (
        tempfile.TemporaryDirectory(prefix="wangge-pg-", ignore_cleanup_errors=True) as folder,
        _running(Path(folder)) as server,
    ):
        yield server


@contextmanager
def _running(folder: Path) -> Generator[Server]:
    shutil.chown(folder, _user())
    _check([*_as(_user()), BINARIES / "initdb", "-D", folder / "data", *INITDB])
    server = Server(_free_port(), folder)
    try:
        server.start()
        server.run(sql.SQL("CREATE DATABASE {}"), TEMPLATE)
        with psycopg.connect(server.url(TEMPLATE), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION postgis")
        yield server
    finally:
        server.stop()


def _user() -> str:
    return "postgres" if os.geteuid() == 0 else getpass.getuser()


def _as(user: str) -> list[str]:
    ids = ["--reuid", user, "--regid", user, "--init-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *ids, "--pdeathsig", "QUIT"]


def _check(command: list[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    if done.returncode:
        pytest.fail(f"{' '.join(map(str, command))}: {done.stderr.strip()}", pytrace=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    pause = threading.Event()
    end = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < end:
        try:
            psycopg.connect(server.url("postgres")).close()
        except psycopg.OperationalError:
            pause.wait(0.05)
        else:
            return
    pytest.fail(f"PostgreSQL did not start:\n{log.read_text('utf-8')[-2000:]}", pytrace=False)
