"""The tour: walks the stations through their faces and leaves a picture of each.

It never sleeps: it waits for the thing itself, and the loop's gaps are measured on the way.
Offscreen or on a display.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app.engines.citystore import CityStore
from app.services.changes import CaseRow
from app.services.ports import Blobs
from app.shell.application import application, build_station, close_station
from app.shell.bridge import Core
from app.shell.desk import Desk
from app.shell.field import Field
from app.shell.loop import GapMeter
from app.shell.scale import factor_for
from app.shell.station import Station
from app.shell.tour_photos import draw_photos
from app.shell.wall import Wall
from app.store import TABS
from widgets.i18n import tr

SIZES = ((1920, 1080), (3840, 2160))
_WAIT_MS = 20_000
_TASKS = 5  # of who sits at the field station
_ROAD = re.compile(r"\D+")  # an address up to its number
Script = Callable[["Walk"], None]
Progress = Callable[[str, int, int], None]


@dataclass
class Walk:
    """A tour under way: what a script may use between the pictures."""

    core: Core
    out: Path
    meter: GapMeter
    city_store: CityStore | None = None
    blobs: Blobs | None = None
    progress: Progress | None = None
    pictures: list[str] = field(default_factory=list)
    window: Station | None = None

    def wait(self, ready: Callable[[], bool], timeout_ms: int = _WAIT_MS) -> bool:
        """Run the loop until `ready()`; returns whether it came in time."""
        return wait_until(ready, timeout_ms)

    def shoot(self, name: str) -> Path:
        """Wait until all is answered and the map is sharp, then leave a picture."""
        window = self.window
        if window is None:
            raise ValueError("No station is open.")
        self.wait(lambda: window.bridge.waiting == 0)
        window.stage.refresh()
        self.wait(lambda: window.stage.is_resting)
        if self.city_store is not None:
            self.wait(lambda: window.stage.view.is_settled)
        self.wait(lambda: window.bridge.waiting == 0)
        path = self.out / f"{name}.png"
        self.meter.stop()  # taking the picture is the tour's doing, not the window's
        image = window.grab().toImage()
        self.meter.start()
        saved = self.core.run(partial(image.save, str(path)))
        self.wait(saved.done)
        self.pictures.append(path.name)
        if self.progress is not None:
            self.progress(name, len(self.pictures), 0)
        return path


def wait_until(ready: Callable[[], bool], timeout_ms: int = _WAIT_MS) -> bool:
    """Run the event loop until `ready()` or until time is up; returns whether it is ready."""
    if ready():
        return True
    loop, look, end = QEventLoop(), QTimer(), QTimer()

    def check() -> None:
        if ready():
            loop.quit()

    look.timeout.connect(check)
    look.start(10)
    end.setSingleShot(True)
    end.timeout.connect(loop.quit)
    end.start(timeout_ms)
    loop.exec()
    look.stop()
    end.stop()
    return ready()


def run_tour(
    core: Core,
    out: Path,
    *,
    sizes: Sequence[tuple[int, int]] = (),
    langs: Sequence[str] = (),
    stations: Sequence[str] = (),
    themes: Sequence[str] = (),
    script: Script | None = None,
    city_store: CityStore | None = None,
    blobs: Blobs | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Walk all faces (or those named), write pictures and `summary.json` to `out`.

    `script` is called once on the first desk, with the walk, to play a shift: it may use the
    window and the core. Returns the summary: `pictures`, `gap_p99_ms`, `gap_max_ms`, and what
    the store counted (`reported`, `closed`, `dispatched_auto`, `dispatched_hand`, `readings`).
    """
    out.mkdir(parents=True, exist_ok=True)
    meter = GapMeter(application())
    walk = Walk(core, out, meter, city_store, blobs, progress)
    meter.start()
    summary: dict[str, Any] = {}
    for name in stations or ("desk", "wall", "field"):
        _FACES[name](walk, _plan(name, sizes, langs, themes), script, summary)
        script = None if name == "desk" else script
    meter.stop()
    summary |= {
        "pictures": walk.pictures,
        "gap_p99_ms": round(meter.p99_ms, 1),
        "gap_max_ms": round(meter.max_ms, 1),
        "gaps": meter.count,
    }
    meter.deleteLater()
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    (out / "summary.json").write_text(text + "\n", "utf-8")
    return summary


@dataclass(frozen=True)
class _Plan:
    sizes: tuple[tuple[int, int], ...]
    langs: tuple[str, ...]
    themes: tuple[str, ...]


def _plan(
    station: str,
    sizes: Sequence[tuple[int, int]],
    langs: Sequence[str],
    themes: Sequence[str],
) -> _Plan:
    usual = {
        "desk": _Plan(((1920, 1080),), ("zh", "en"), ("light", "dark")),
        "wall": _Plan(SIZES, ("zh",), ("dark",)),
        "field": _Plan(((1366, 768),), ("zh", "en"), ("light",)),
    }[station]
    return _Plan(
        tuple(sizes) or usual.sizes, tuple(langs) or usual.langs, tuple(themes) or usual.themes
    )


@contextmanager
def _station(
    walk: Walk, name: str, size: tuple[int, int], lang: str, theme: str
) -> Iterator[Station]:
    """Open a station for some pictures; the making and closing of windows is not measured."""
    walk.meter.stop()
    window = build_station(
        name, walk.core, lang=lang, theme=theme, city_store=walk.city_store, blobs=walk.blobs
    )
    _place(window, name, size)
    window.show()
    window.open()
    walk.window = window
    wait_until(lambda: window.feed.is_open and window.bridge.waiting == 0)
    if walk.city_store is not None:
        wait_until(lambda: window.stage.view.is_settled)
    walk.meter.start()
    try:
        yield window
    finally:
        walk.meter.stop()
        walk.window = None
        close_station(window)
        walk.meter.start()


def _place(window: Station, name: str, size: tuple[int, int]) -> None:
    """Give a window `size` real pixels, on a screen of the pixel ratio that they ask for."""
    ratio = factor_for(name, *size)
    screens = QGuiApplication.screens()
    fit = (one for one in screens if one.devicePixelRatio() == ratio)
    screen = next(fit, QGuiApplication.primaryScreen())
    window.setScreen(screen)
    window.move(screen.geometry().topLeft())
    there = screen.devicePixelRatio()
    window.resize(round(size[0] / there), round(size[1] / there))


def _desk_faces(walk: Walk, plan: _Plan, script: Script | None, summary: dict[str, Any]) -> None:
    for size in plan.sizes:
        for lang in plan.langs:
            for theme in plan.themes:
                stem = f"desk-{lang}-{theme}" + ("" if size == SIZES[0] else f"-{size[0]}")
                with _station(walk, "desk", size, lang, theme) as window:
                    assert isinstance(window, Desk)
                    if script is not None:
                        script(walk)
                        _sum_up(window, summary)
                    first = (lang, theme) == (plan.langs[0], plan.themes[0])
                    _walk_desk(walk, window, stem, everything=first)
                    script = None
    lang, theme = plan.langs[0], plan.themes[0]
    with _station(walk, "desk", SIZES[1], lang, theme) as window:
        assert isinstance(window, Desk)
        _choose_first(walk, window)
        walk.shoot(f"desk-{lang}-{theme}-3840")
    with _station(walk, "desk", (1366, 768), lang, theme) as window:
        assert isinstance(window, Desk)
        _choose_first(walk, window)
        walk.shoot(f"desk-{lang}-{theme}-1366")


def _walk_desk(walk: Walk, desk: Desk, stem: str, *, everything: bool) -> None:
    walk.shoot(f"{stem}-city")
    row = _choose_first(walk, desk)
    walk.shoot(f"{stem}-case")
    place = (row.lon, row.lat) if row is not None else _middle(walk)
    desk.stage.show_district(*place)
    walk.shoot(f"{stem}-district")
    desk.stage.show_street(*place)
    walk.shoot(f"{stem}-street")
    if everything:
        _shoot_others(walk, desk, stem, row)


def _shoot_others(walk: Walk, desk: Desk, stem: str, row: CaseRow | None) -> None:
    road = _ROAD.match(row.address) if row is not None else None
    _search(walk, desk, road[0] if road else walk.core.facts.name)
    walk.shoot(f"{stem}-palette")
    _press(desk, "Esc")
    if row is not None and row.address:
        _search(walk, desk, row.address)
        walk.shoot(f"{stem}-address")
        _press(desk, "Esc")
    _press(desk, "Ctrl+N")
    desk.form.submit()
    walk.shoot(f"{stem}-report")
    _press(desk, "Esc")
    _press(desk, "F1")
    walk.shoot(f"{stem}-keys")
    _press(desk, "Esc")
    _search(walk, desk, tr("palette.hint"))
    walk.shoot(f"{stem}-nothing-found")
    _press(desk, "Esc")
    desk.open_board_at(1)
    walk.shoot(f"{stem}-signs")
    _press(desk, "Esc")
    desk.session.choose(None)
    counts = desk.feed.store.counts()
    desk.inbox.show_tab(next((tab for tab in TABS if not counts[tab]), "returned"))
    walk.shoot(f"{stem}-empty")
    desk.work.accept()
    walk.shoot(f"{stem}-error")


def _search(walk: Walk, desk: Desk, text: str) -> None:
    _press(desk, "Ctrl+K")
    desk.palette_box.type_text(text)
    walk.wait(lambda: not desk.palette_box.is_searching)


def _wall_faces(walk: Walk, plan: _Plan, _script: Script | None, _summary: dict[str, Any]) -> None:
    for size in plan.sizes:
        for lang in plan.langs:
            for theme in plan.themes:
                stem = f"wall-{lang}-{theme}-{size[0]}"
                with _station(walk, "wall", size, lang, theme) as window:
                    assert isinstance(window, Wall)
                    window.end_alarm()
                    walk.shoot(stem)
                    row = _worst(window)
                    if row is not None:
                        window.raise_alarm(row)
                        walk.shoot(f"{stem}-alarm")


def _field_faces(walk: Walk, plan: _Plan, _script: Script | None, _summary: dict[str, Any]) -> None:
    for size in plan.sizes:
        for lang in plan.langs:
            for theme in plan.themes:
                stem = f"field-{lang}" + ("" if theme == "light" else f"-{theme}")
                with _station(walk, "field", size, lang, theme) as window:
                    assert isinstance(window, Field)
                    _sit_with_tasks(window)
                    window.inbox.step(1)
                    walk.shoot(f"{stem}-tasks")
                    window.show_face("map")
                    wait_until(lambda: not window.stage.is_resting, 1000)
                    walk.shoot(f"{stem}-map")
                    window.show_face("form")
                    walk.shoot(f"{stem}-form")
                    _walk_camera(walk, window, stem)


def _walk_camera(walk: Walk, field: Field, stem: str) -> None:
    """Show the camera's page without a folder and with one; sign a task; show the sync page."""
    field.show_face("camera")
    walk.shoot(f"{stem}-camera-empty")
    with TemporaryDirectory(prefix="wangge-camera-") as place:
        folder = Path(place) / "DCIM"
        draw_photos(folder, walk.core.now_ms)
        field.watch(folder)
        walk.wait(lambda: not field.camera.is_busy)
        walk.shoot(f"{stem}-camera")
        field.show_face("sync")
        walk.shoot(f"{stem}-sync-empty")
        field.show_face("tasks")
        field.session.choose(_unsigned(field))
        walk.wait(lambda: field.bridge.waiting == 0)
        field.press("S")
        walk.wait(lambda: field.bridge.waiting == 0)
        field.show_face("sync")
        walk.shoot(f"{stem}-sync")


def _choose_first(walk: Walk, desk: Desk) -> CaseRow | None:
    for tab in ("to_dispatch", "open", "all"):
        if desk.feed.store.counts()[tab]:
            desk.inbox.show_tab(tab)
            desk.inbox.step(1)
            wait_until(lambda: desk.panel.sheet is not None)
            break
    case = desk.session.case
    return desk.feed.store.row(case) if case is not None else None


def _worst(window: Station) -> CaseRow | None:
    now = window.bridge.now_ms()
    critical = window.feed.store.critical(now)
    if critical:
        return critical[0]
    store = window.feed.store
    rows = (store.row_at(int(slot)) for slot in store.order("open"))
    return next((row for row in rows if row.person is not None and row.due_ms is not None), None)


def _sit_with_tasks(window: Field) -> None:
    """Sit down as somebody with some tasks, one of them not signed for yet."""
    store = window.feed.store
    held: defaultdict[UUID, list[CaseRow]] = defaultdict(list)
    for slot in store.order("open"):
        row = store.row_at(int(slot))
        if row.person is not None and row.step in ("dispatched", "signed"):
            held[row.person].append(row)
    if held:
        fits = ((_fit(rows), str(one)) for one, rows in held.items())
        person = UUID(min(fits)[1])
        window.session.become(person, held[person][0].person_name, "handler")


def _fit(rows: Sequence[CaseRow]) -> tuple[bool, int]:
    return not any(row.step == "dispatched" for row in rows), abs(len(rows) - _TASKS)


def _unsigned(field: Field) -> UUID | None:
    store, person = field.feed.store, field.session.actor.person
    rows = (store.row_at(int(slot)) for slot in store.order("open"))
    return next((r.uid for r in rows if r.person == person and r.step == "dispatched"), None)


def _sum_up(window: Desk, summary: dict[str, Any]) -> None:
    store, now = window.feed.store, window.bridge.now_ms()
    river = store.river(now, 0)
    summary |= {
        "reported": river.reported,
        "dispatched_auto": river.sent_by_rule,
        "dispatched_hand": river.sent - river.sent_by_rule,
        "closed": river.closed,
        "readings": store.readings,
    }


def _press(window: QWidget, keys: str) -> None:
    QTest.keySequence(window, QKeySequence(keys))


def _middle(walk: Walk) -> tuple[float, float]:
    return walk.core.facts.lon0, walk.core.facts.lat0


_FACES: dict[str, Callable[[Walk, _Plan, Script | None, dict[str, Any]], None]] = {
    "desk": _desk_faces,
    "wall": _wall_faces,
    "field": _field_faces,
}
