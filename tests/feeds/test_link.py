"""A lost server is one state and one line, and ends by itself."""

from __future__ import annotations

import pytest

from app.domain.errors import StorageFailure
from app.feeds.link import Link
from tests.support.logs import ExpectedLogs


class Server:
    """Answers, or does not."""

    def __init__(self) -> None:
        self.away = False
        self.asked = 0

    def look(self) -> None:
        self.asked += 1
        if self.away:
            raise StorageFailure("The server does not answer.")


def test_that_a_lost_server_is_told_once_and_found_again(
    expected_logs: ExpectedLogs, caplog: pytest.LogCaptureFixture
) -> None:
    expected_logs.expect("asking again until it does")
    now_ms = [1000]
    server, link = Server(), Link(lambda: now_ms[0])
    look = link.watched(server.look)
    look()
    assert (link.lost, link.health().state) == (False, "normal")
    server.away, now_ms[0] = True, 2000
    for _ in range(3):
        look()
    link.on_error(StorageFailure("The watcher met it too."))
    health = link.health()
    assert (health.state, health.code, health.since_ms) == ("critical", "database_lost", 2000)
    assert len([one for one in caplog.records if one.levelname == "WARNING"]) == 1
    server.away, now_ms[0] = False, 3000
    look()
    assert (link.lost, link.health().code) == (False, "database_remote")


def test_that_another_fault_is_no_lost_server(expected_logs: ExpectedLogs) -> None:
    expected_logs.expect("unexpected error")
    link = Link(lambda: 0)
    link.on_error(ValueError("a fault of the program"))
    assert not link.lost
