"""Counts that take hours: few in `make test`, all of them, resumable, by `make prove NAME=…`.

A test loops over its open trials and records each::

    def test_that_no_kill_loses_a_step(proof):
        kills = proof("kills", full=1000, quick=12)
        for trial in kills:
            kills.record(trial, lost=kill_once(seed=trial))
        assert not [row for row in kills.rows() if row["lost"]]

Results are kept a line each in build/prove/NAME.jsonl under the version of `app` they were made
with; a run that was stopped goes on where it was, and results of other versions don't count.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Proof:
    """Trials 0 … total-1 of one claim; iterating yields those not yet recorded."""

    def __init__(self, name: str, total: int, path: Path | None, version: str) -> None:
        self.name = name
        self.total = total
        self._path = path
        self._version = version
        self._rows: dict[int, dict[str, Any]] = {}
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._rows = {row["trial"]: row for row in self._stored(path)}

    def __iter__(self) -> Iterator[int]:
        for trial in range(self.total):
            if trial not in self._rows:
                yield trial

    def record(self, trial: int, **result: Any) -> None:
        """Keep the result of `trial`; what is kept survives a stop."""
        row = {"trial": trial, "version": self._version, **result}
        self._rows[trial] = row
        if self._path is None:
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        done = sum(number < self.total for number in self._rows)
        sys.stdout.write(f"\r{self.name}: {done} of {self.total}")
        sys.stdout.flush()

    def rows(self) -> list[dict[str, Any]]:
        """Return the recorded results of all trials, in order of trial."""
        return [row for trial, row in sorted(self._rows.items()) if trial < self.total]

    def _stored(self, path: Path) -> Iterator[dict[str, Any]]:
        if not path.exists():
            return
        for line in path.read_text("utf-8").splitlines():
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                continue  # the last line of a run that was killed while writing
            if row["version"] == self._version:
                yield row


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --prove (full, resumable counts) and --count (another full count)."""
    group = parser.getgroup("wangge")
    group.addoption("--prove", action="store_true", help="full counts, resumable")
    group.addoption("--count", type=int, help="this many trials instead of the full count")


@pytest.fixture
def proof(request: pytest.FixtureRequest) -> Callable[..., Proof]:
    """Make a claim's trials: `proof(name, full=…, quick=…)`."""

    def make(name: str, *, full: int, quick: int) -> Proof:
        if not request.config.getoption("--prove"):
            return Proof(name, quick, None, "")
        total = request.config.getoption("--count") or full
        return Proof(name, total, ROOT / "build" / "prove" / f"{name}.jsonl", _version())

    return make


def _version() -> str:
    """Return the version of `app`, with + and a mark of what is not committed yet."""
    git = ["git", "-C", str(ROOT)]
    tree = subprocess.run([*git, "rev-parse", "HEAD:app"], capture_output=True, text=True)
    change = subprocess.run([*git, "diff", "HEAD", "--", "app"], capture_output=True, text=True)
    mark = f"+{zlib.crc32(change.stdout.encode()):08x}" if change.stdout else ""
    return tree.stdout.strip()[:12] + mark
