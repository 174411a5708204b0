"""Counts on the screen are those of SQL over map.gpkg (`make prove NAME=map_counts`)."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.assembly.live import open_core
from app.assembly.stores import open_store
from app.domain.camera import Camera
from app.shell.application import build_station, close_station
from app.shell.desk import Desk
from tests.support.part_city import part_city, placed
from widgets.map_tools.draw import Drawing

GRAIN = 0.02  # metres: the store keeps places to 4 mm, so no edge may lie this near to a part
FULL, QUICK = 5_000, 200


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return part_city(tmp_path_factory.mktemp("counts") / "city")


@pytest.fixture
def desk(folder: Path, qtbot: QtBot) -> Generator[Desk]:
    core = open_core(str(folder))
    store = open_store(folder, core.facts, lambda _stage, _share: None)
    window = build_station("desk", core, city_store=store)
    assert isinstance(window, Desk)
    window.resize(1400, 900)
    window.show()
    window.open()
    window.stage.view.set_animated(False)
    qtbot.waitUntil(lambda: window.feed.is_open and window.bridge.waiting == 0, timeout=20_000)
    window.map.take("layers")
    yield window
    close_station(window)
    core.close()


def sql(db: sqlite3.Connection, box: tuple[float, ...], want: set[int], states: set[int]) -> Any:
    """Return parts by class and state in a box of local metres, by SQL."""
    marks = (",".join(map(str, sorted(one))) for one in (want, states))
    query = "SELECT cls, state, count(*) FROM placed WHERE x BETWEEN ? AND ? AND y BETWEEN ? AND ?"
    rows = db.execute("{} AND cls IN ({}) AND state IN ({}) GROUP BY 1, 2".format(query, *marks),
                      (box[0], box[2], box[1], box[3]))  # fmt: skip
    return {(cls, state): n for cls, state, n in rows}


def a_view(chance: random.Random, xy: np.ndarray[Any, Any], camera: Camera) -> Camera:
    """Return a random view with no part on its edges."""
    while True:
        x, y = xy[chance.randrange(len(xy))]
        view = camera.at(
            float(x) + chance.uniform(-900, 900), float(y) + chance.uniform(-900, 900),
            2 ** chance.uniform(-1, 5),
        )  # fmt: skip
        b = view.bounds()
        edges = np.abs(xy[:, :1] - [b.x0, b.x1]).min(), np.abs(xy[:, 1:] - [b.y0, b.y1]).min()
        if min(edges) > GRAIN:
            return view


def test_that_chip_legend_and_card_count_as_sql_does(
    desk: Desk, folder: Path, qtbot: QtBot, proof: Callable[..., Any]
) -> None:
    work, view = desk.map, desk.stage.view
    db, xy = placed(folder, work.frame)
    family = view.wishes.family
    trials = proof("map_counts", full=FULL, quick=QUICK)
    for trial in trials:
        chance = random.Random(trial)
        want = {c for c in range(85) if chance.random() < 0.7} | {chance.randrange(85)}
        states = {s for s in range(4) if chance.random() < 0.6} | {chance.randrange(4)}
        camera = a_view(chance, xy, view.camera)
        view.set_camera(camera)
        work.layers.filter_to(frozenset(want), frozenset(states))
        b = camera.bounds()
        box = (b.x0, b.y0, b.x1, b.y1)
        corners = np.array([[b.x0, b.y0], [b.x1, b.y0], [b.x1, b.y1], [b.x0, b.y1]])
        work.selecting.clear()
        assert view.store is not None
        work.selecting.take(Drawing(corners, True), view.store)
        work.layers.count()
        assert view.wait_sharp(20_000)
        qtbot.waitUntil(
            lambda: work.selecting.selected is not None and desk.bridge.waiting == 0, timeout=20_000
        )
        true, every = sql(db, box, want, states), sql(db, box, set(range(256)), set(range(4)))
        shown = sum(true.values())
        selected = work.selecting.selected
        assert selected is not None
        by_row = {
            (cls, 0): int(row.figures[0].replace(",", ""))
            for cls, row in zip(work.classes, work.card.rows, strict=False) if row.lit
        }  # fmt: skip
        by_class: dict[tuple[int, int], int] = {}
        for (cls, _state), n in true.items():
            by_class[cls, 0] = by_class.get((cls, 0), 0) + n
        by_family = {
            row.name: int(row.note.replace(",", ""))
            for row in work.layers.tree.rows if row.name.startswith(("family:", "state:"))
        }  # fmt: skip
        legend: dict[str, int] = {}
        for (cls, state), n in every.items():
            for name in (f"family:{family[cls]}", f"state:{state}"):
                legend[name] = legend.get(name, 0) + n
        ok = (
            view.counts[1] == shown == selected.total
            and {k: n for k, n in by_row.items() if n} == by_class
            and by_family == legend
        )
        trials.record(trial, ok=ok, shown=shown)
        assert ok, (trial, view.counts, shown, selected.total, by_row, by_class, by_family, legend)
    rows = trials.rows()
    assert len(rows) == trials.total
    assert all(row["ok"] for row in rows)
    db.close()
