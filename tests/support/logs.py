"""A log line of WARNING or worse that a test did not announce fails the test."""

from __future__ import annotations

import logging
import re
from collections.abc import Generator
from dataclasses import dataclass, field

import pytest


@dataclass
class ExpectedLogs:
    """What a test announces: `expect` must come, `allow` may."""

    expected: list[re.Pattern[str]] = field(default_factory=list)
    allowed: list[re.Pattern[str]] = field(default_factory=list)

    def expect(self, pattern: str) -> None:
        """At least one line of WARNING or worse whose text holds `pattern` must come."""
        self.expected.append(re.compile(pattern))

    def allow(self, pattern: str) -> None:
        """Lines whose text holds `pattern` may come, or not."""
        self.allowed.append(re.compile(pattern))


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.levelname} {record.name}: {record.getMessage()}"
        if record.exc_info and record.exc_info[1]:
            text += f" [{record.exc_info[1]!r}]"
        self.lines.append((record.getMessage(), text))


@pytest.fixture
def expected_logs() -> ExpectedLogs:
    """Announce log lines of WARNING or worse: `expected_logs.expect("disk is full")`."""
    return ExpectedLogs()


@pytest.fixture(autouse=True)
def no_stray_logs(expected_logs: ExpectedLogs) -> Generator[None]:
    """Fail on lines that nobody announced, and on announced ones that did not come."""
    collector = _Collector()
    root = logging.getLogger()
    root.addHandler(collector)
    yield
    root.removeHandler(collector)
    known = expected_logs.expected + expected_logs.allowed
    stray = [full for text, full in collector.lines if not any(p.search(text) for p in known)]
    absent = [
        pattern.pattern
        for pattern in expected_logs.expected
        if not any(pattern.search(text) for text, _ in collector.lines)
    ]
    if stray:
        pytest.fail("Log lines nobody announced with expected_logs:\n" + "\n".join(stray))
    if absent:
        pytest.fail(f"Announced log lines that did not come: {absent}")
