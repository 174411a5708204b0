"""An edit shows in tiles, picks and counts of an open window, and survives kills on its way."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from app.assembly.live import open_core
from app.assembly.stores import build_store, open_store
from app.domain.camera import Bounds
from app.engines.tiles_select import nearest_parts, tally
from app.sample.tiny import create_tiny_city, desk_person
from app.services.commands import Actor, AddPart, ChangePart, UndoPart
from app.services.parts_asking import PartHistory
from app.services.parts_views import PartStory

WATCHER = Actor(desk_person("supervisor"), "supervisor")  # type: ignore[arg-type]  # a StrEnum
EVERY = np.ones(256, np.uint8)
JOB = Path(__file__).parents[1] / "support" / "edit_job.py"


@pytest.fixture(scope="session")
def edited_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny city with one part and a drawing store."""
    folder = tmp_path_factory.mktemp("edited") / "city"
    create_tiny_city(folder).close()
    core = open_core(str(folder))
    try:
        core.submit(AddPart(WATCHER, 121.42, 31.12, {"class": "0101"})).result()
        build_store(folder, core.facts, lambda _stage, _share: None)
    finally:
        core.close()
    return folder


@pytest.fixture
def folder(edited_city: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(edited_city, tmp_path / "city", copy_function=shutil.copy2))


def run_job(place: str, after: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Add a part to a city in another process, which kills itself at the wanted moment."""
    root = JOB.parents[2]
    job = subprocess.run(
        [sys.executable, str(JOB), place, after], capture_output=True, text=True, timeout=60,
        cwd=root, env={**os.environ, "PYTHONPATH": str(root), **env}, check=False,
    )  # fmt: skip
    assert job.returncode == -signal.SIGKILL, job.stderr
    return job


def quiet(_stage: str, _share: float) -> None:
    return


def test_that_an_edit_shows_in_counts_and_picks_and_outlives_the_store(folder: Path):
    core = open_core(str(folder), watch=True)
    try:
        store = open_store(folder, core.facts, quiet)
        made = (folder / "store" / "manifest.json").stat().st_mtime_ns
        assert store.n_parts == 1
        command = AddPart(WATCHER, 121.43, 31.13, {"class": "0102", "state": "破损"})
        (row,) = core.submit(command).result().parts
        store.live.follow()
        x, y = (float(v) for v in store.frame.to_xy(121.43, 31.13))
        (found,) = nearest_parts(store, x, y, 5.0, EVERY)
        assert (found.cls, found.state) == (1, 1)
        story: PartStory = core.ask(PartHistory(row.uid)).result()
        assert found.fid == story.fid
        box = Bounds(x - 50, y - 50, x + 50, y + 50)
        assert tally(store, box).sum() == 1
        core.submit(ChangePart(WATCHER, row.uid, lon=121.44, lat=31.13)).result()
        store.live.follow()
        assert tally(store, box).sum() == 0
        core.submit(UndoPart(WATCHER, row.uid)).result()
        core.submit(UndoPart(WATCHER, row.uid)).result()
        store.live.follow()
        assert store.n_parts == 1
        again = open_store(folder, core.facts, quiet)
        assert again.n_parts == 1
        assert (folder / "store" / "manifest.json").stat().st_mtime_ns == made  # not built anew
    finally:
        core.close()


@pytest.mark.parametrize("after", ["log", "rows", "map", "nothing"])
def test_that_a_kill_between_log_and_map_loses_no_edit(folder: Path, after: str):
    job = run_job(str(folder), after)
    part = UUID(job.stdout.split()[0])
    core = open_core(str(folder))
    try:
        story: PartStory = core.ask(PartHistory(part)).result()
        in_map = core.with_city(lambda city: city.edits.part(part)).result()
        assert in_map == story.part
        assert story.part.code == "3101010102000001"
        store = open_store(folder, core.facts, quiet)
        assert store.n_parts == 2
    finally:
        core.close()


def test_that_a_desk_on_a_server_follows_the_edits_of_another(
    postgres_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Two desks with caches of their own: what one moves the other shows, nothing built anew."""
    with postgres_server.database() as url:
        create_tiny_city(url).close()
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "here"))
        here = open_core(url, watch=True)
        try:
            here.submit(AddPart(WATCHER, 121.42, 31.12, {"class": "0101"})).result()
            build_store(url, here.facts, quiet)
            store = open_store(url, here.facts, quiet)
            heard = threading.Event()
            here.subscribe(lambda changes: heard.set() if changes.parts else None)
            run_job(url, "nothing", XDG_CACHE_HOME=str(tmp_path / "there"))
            assert heard.wait(20)
            here.with_city(lambda _city: None).result()
            store.live.follow()
            assert store.n_parts == 2
            made = (store.folder / "manifest.json").stat().st_mtime_ns
            assert open_store(url, here.facts, quiet).n_parts == 2
            assert (store.folder / "manifest.json").stat().st_mtime_ns == made
        finally:
            here.close()
