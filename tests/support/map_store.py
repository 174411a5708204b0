"""Fixtures over the small made-up map: its columns, its store on disk, a pool of two threads."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from app.engines.citystore import CityStore, build_store, open_store
from tests.support.small_map import SmallMap


@pytest.fixture(scope="session")
def small_map() -> SmallMap:
    """Return the small map; read only."""
    return SmallMap()


@pytest.fixture(scope="session")
def small_folder(small_map: SmallMap, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of its store; read only."""
    folder = tmp_path_factory.mktemp("small") / "store"
    build_store(small_map, folder)
    return folder


@pytest.fixture(scope="session")
def small_store(small_folder: Path) -> CityStore:
    """Return its opened store."""
    return open_store(small_folder, "small-1")


@pytest.fixture
def fresh_folder(small_folder: Path, tmp_path: Path) -> Path:
    """Return a copy of the small store's folder, to be changed."""
    return shutil.copytree(small_folder, tmp_path / "store")


@pytest.fixture
def fresh_store(fresh_folder: Path) -> CityStore:
    """Return an opened copy of the small store, to be edited."""
    return open_store(fresh_folder, "small-1")


@pytest.fixture
def submit() -> Generator[Callable[[Callable[[], None]], Future[None]]]:
    """Return what runs a job on one of two threads; an error of a job fails the test."""
    jobs: list[Future[None]] = []
    with ThreadPoolExecutor(2) as pool:

        def run(job: Callable[[], None]) -> Future[None]:
            jobs.append(pool.submit(job))
            return jobs[-1]

        yield run
    for job in jobs:
        job.result()
