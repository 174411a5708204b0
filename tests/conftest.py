"""What every test gets: an offscreen window system, guards against leaks, shared fixtures.

Works in both environments: with Qt (`make test-window`) and without (`make test-core`), so nothing
here imports Qt before it is known to be there. The parts live in `tests/support`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

pytest_plugins = [
    "pytester",
    "tests.support.logs",
    "tests.support.threads",
    "tests.support.qt",
    "tests.support.postgres",
    "tests.support.shared",
    "tests.support.proof",
]

MARKERS = (
    "shared_data: needs the data folder that lies beside the project (../shared/data)",
    "postgres: starts a throw-away PostgreSQL with PostGIS",
    "qgis: starts the QGIS process",
    "prove: has a full count, run by make prove",
)
TESTS = Path(__file__).parent
LAYERS = TESTS / "layers"
CORE = {"domain", "services", "runtime", "data", "engines", "feeds", "scenes", "sample"}
_SPEAKS_QT = re.compile(r"PySide6|pyqtgraph|\bqtbot\b|\bqapp\b|\bpainter\b|\bwidgets\b")

hypothesis.settings.register_profile(
    "wangge",
    deadline=None,  # two shared cores: a slow moment is no failure
    derandomize=os.environ.get("CI") == "true",
    print_blob=True,
)
hypothesis.settings.load_profile("wangge")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switches of this project."""
    group = parser.getgroup("wangge")
    group.addoption("--show-gui", action="store_true", help="show windows instead of offscreen")
    group.addoption("--only-core", action="store_true", help="only tests that need no Qt")
    group.addoption("--without-core", action="store_true", help="only what --only-core leaves out")
    group.addoption(
        "--renew-images", action="store_true", help="write expected pictures anew, and fail"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers and choose Qt's platform before anything starts Qt."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    if not config.getoption("--show-gui"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Split the tests between the two environments; None leaves the choice to pytest.

    A folder is left out as a whole, so that its conftest.py is not read where Qt is missing.
    """
    if TESTS not in collection_path.parents:
        return None
    if config.getoption("--only-core"):
        return None if has_core(collection_path) else True
    if config.getoption("--without-core"):
        return None if has_window(collection_path) else True
    return None


def has_core(path: Path) -> bool:
    """Whether file or folder `path` holds tests that run without Qt."""
    if path.is_dir():
        return top_of(path) in CORE | {"layers"}
    return top_of(path) in CORE or is_core_file(path)


def has_window(path: Path) -> bool:
    """Whether file or folder `path` holds tests that `has_core` leaves to the window's run."""
    return top_of(path) not in CORE and (path.is_dir() or not is_core_file(path))


def top_of(path: Path) -> str:
    """Return the folder of tests/ that holds `path`."""
    return path.relative_to(TESTS).parts[0]


def is_core_file(path: Path) -> bool:
    """Whether the tests in file `path`, outside the folders of the core, run without Qt."""
    if LAYERS in path.parents:  # geometry is core, painters are not
        return path.suffix == ".py" and not _SPEAKS_QT.search(path.read_text("utf-8"))
    return path.parent == TESTS and path.name.startswith("test_store")


@pytest.fixture(scope="session", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """Keep settings and state of the person who runs the tests out of them."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for kind in ("CONFIG", "DATA", "STATE", "CACHE"):
            patch.setenv(f"XDG_{kind}_HOME", str(home / kind.lower()))
        yield
