"""One process plays the roles; when it ends or loses the server, another takes them over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from app.data.postgis_roles import LEASE_S, PostgresRoleLock
from app.data.role_lock import ROLES, FolderRoleLock, NoRoles, RoleLock
from tests.support.logs import ExpectedLogs


@pytest.fixture(params=["folder", pytest.param("postgres", marks=pytest.mark.postgres)])
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], RoleLock]]:
    """Return what opens the lock of one city for one more process."""
    made: list[RoleLock] = []

    def make() -> RoleLock:
        if request.param == "folder":
            made.append(FolderRoleLock(tmp_path))
        else:
            made.append(PostgresRoleLock(request.getfixturevalue("remote_city")))
        return made[-1]

    yield make
    for lock in made:
        lock.release()


def test_that_the_roles_have_one_holder_and_pass_on(another: Callable[[], RoleLock]) -> None:
    first, second = another(), another()
    assert first.try_take()
    assert first.try_take()
    assert all(map(first.holds, ROLES))
    assert not second.try_take()
    assert not any(map(second.holds, ROLES))
    assert second.holder() is not None
    first.release()
    first.release()
    assert not first.held
    assert second.try_take()


def test_that_nobody_holds_a_role_that_is_none(another: Callable[[], RoleLock]) -> None:
    lock = another()
    lock.try_take()
    assert not lock.holds("king")


def test_that_a_window_on_a_remote_city_never_plays() -> None:
    lock = NoRoles()
    assert not lock.try_take()
    assert not any(map(lock.holds, ROLES))


def test_that_a_holder_cut_off_by_the_server_loses_and_may_take_again(
    remote_city: str, expected_logs: ExpectedLogs
) -> None:
    expected_logs.expect("the roles are lost")
    first, second = PostgresRoleLock(remote_city), PostgresRoleLock(remote_city)
    assert first.try_take()
    with psycopg.connect(remote_city, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s)", (second.holder(),))
        connection.execute("SELECT 1")
    assert second.try_take()
    assert not first.try_take()
    second.release()
    assert first.try_take()
    first.release()


def test_that_a_holder_without_word_of_the_server_stops_by_itself(remote_city: str) -> None:
    now_s = [0.0]
    lock = PostgresRoleLock(remote_city, lambda: now_s[0])
    assert lock.try_take()
    now_s[0] += LEASE_S - 0.1
    assert lock.held
    now_s[0] += 0.2
    assert not lock.held
    assert lock.try_take()
    lock.release()


def test_that_a_server_that_is_away_is_no_error_and_no_role() -> None:
    lock = PostgresRoleLock("postgresql://nobody@127.0.0.1:1/nothing")
    assert not lock.try_take()
    assert lock.holder() is None
