"""The real data that lie beside the project, and what happens without them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("WANGGE_SHARED_DATA") or ROOT.parent / "shared" / "data")
_NOTICE = (
    f"No real data in {DATA}: the tests that need them were left out. "
    "Put them there or name their folder in WANGGE_SHARED_DATA."
)


def needs_shared_data(item: pytest.Item) -> bool:
    """Whether a test uses the real data, by fixture or by marker."""
    return (
        "shared_data" in getattr(item, "fixturenames", ())
        or item.get_closest_marker("shared_data") is not None
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs the data when they are not there; in CI that is an error."""
    wanting = [item for item in items if needs_shared_data(item)]
    if not wanting or DATA.is_dir():
        return
    if os.environ.get("CI") == "true":
        raise pytest.UsageError(f"{len(wanting)} tests need the real data, and {DATA} is missing.")
    config.hook.pytest_deselected(items=wanting)
    items[:] = [item for item in items if item not in wanting]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say so when the data are missing."""
    if not DATA.is_dir():
        terminalreporter.write_line(_NOTICE, yellow=True)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data (`areas`, `cases`, `osm`, `parts`, … as in its README)."""
    return DATA
