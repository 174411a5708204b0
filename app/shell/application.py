"""Opens a station's window on a running core. The only place that makes the QApplication."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Protocol

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from app.engines.citystore import CityStore
from app.services.ports import Blobs
from app.shell.basemaps import Shelf
from app.shell.bridge import Bridge, Core
from app.shell.desk import Desk
from app.shell.field import Field
from app.shell.geometry import keep_place, show_where_it_was
from app.shell.loop import GapMeter, IdleCollector
from app.shell.map_exporting import PartExporter
from app.shell.map_keeping import Kept, MapKeeping
from app.shell.map_work import MapWork
from app.shell.more_windows import MoreWindows
from app.shell.printing import SheetPrinter
from app.shell.scale import ScreenLook
from app.shell.session import Session
from app.shell.stage import Stage, make_map
from app.shell.station import Station
from app.shell.wall import Wall
from widgets.i18n import language, set_language, tr
from widgets.icons import load_icons
from widgets.notice import notice_of, show_error
from widgets.theme import Theme, apply_theme, load_theme

STATIONS = ("desk", "wall", "field")
Renew = Callable[[], Future[CityStore]]
_ROLE = {"desk": "dispatcher", "wall": "duty_leader", "field": "handler"}
NOTHING_KEPT = Kept()
_LOG = logging.getLogger(__name__)


class Keep(Protocol):
    """Remembers what a person prefers, by the field's name, at once and off this thread."""

    def __call__(self, **changes: object) -> None: ...


def application() -> QApplication:
    """Return the program's QApplication, made on first use."""
    held = QApplication.instance()
    if isinstance(held, QApplication):
        return held
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
        Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
    )
    made = QApplication(sys.argv[:1])
    made.setApplicationName("wangge")
    made.setStyle("Fusion")
    return made


def build_station(
    name: str,
    core: Core,
    *,
    lang: str = "zh",
    theme: str = "light",
    city_store: CityStore | None = None,
    blobs: Blobs | None = None,
    printer: SheetPrinter | None = None,
    renew: Renew | None = None,
    shelf: Shelf | None = None,
    export: PartExporter | None = None,
) -> Station:
    """Return a station's window, not yet shown or opened.

    `name` is desk, wall or field. The wall is dark and the field is of high contrast unless
    another theme than `light` is asked for. Raises `ValueError` for an unknown name.
    """
    if name not in STATIONS:
        raise ValueError(f"There is no station {name!r}; there are {', '.join(STATIONS)}.")
    if theme == "light":
        theme = {"wall": "dark", "field": "field"}.get(name, theme)
    set_language(lang)
    apply_theme(application(), load_theme(theme))
    load_icons()
    bridge = Bridge(core)
    session = Session(theme=theme, role=_ROLE[name])
    stage = Stage(make_map(city_store, session.theme, bridge), bridge, city_store)
    if renew is not None:
        stage.renew_by(renew)
    station: Station
    if name == "wall":
        station = Wall(bridge, session, stage)
    elif name == "field":
        station = Field(bridge, session, stage, blobs)
    else:
        station = Desk(bridge, session, stage, blobs, printer, shelf, export)
    session.theme_changed.connect(_Dress(station).on_theme)
    return station


def run_window(
    core: Core,
    *,
    station: str = "desk",
    lang: str = "zh",
    theme: str = "light",
    city_store: CityStore | None = None,
    blobs: Blobs | None = None,
    printer: SheetPrinter | None = None,
    renew: Renew | None = None,
    shelf: Shelf | None = None,
    export: PartExporter | None = None,
    kept: Kept = NOTHING_KEPT,
    link: str = "",
    wall_view: Callable[[], str] | None = None,
    look: ScreenLook | None = None,
    keep: Keep | None = None,
    note: str = "",
    camera_folder: str = "",
) -> int:
    """Open a station on `core`, run until its window is closed, and return the exit code.

    `look` says how large it is drawn, `keep` takes language, theme and the camera's folder
    whenever they change, `note` is news of the start for the person, and `camera_folder` what the
    field watches. `kept` is what each station's map was left with, `link` a view to open on;
    without one the wall follows `wall_view`, asked on a pool thread. The core stays open: who
    opened it closes it.
    """
    if look is not None:
        look.choose()
    program = application()
    build = partial(
        build_station, core=core, theme=theme, city_store=city_store, blobs=blobs, printer=printer,
        renew=renew, shelf=shelf, export=export,
    )  # fmt: skip
    window = build(station, lang=lang)
    work = getattr(window, "map", None)
    keeping = MapKeeping(work, station, kept, keep) if isinstance(work, MapWork) else None
    _look_and_watch(window, link, kept, wall_view, camera_folder)
    more = MoreWindows(window, partial(build, station)) if isinstance(window, Desk) else None
    show = partial(_show, window, station, keep, note)
    try:
        return _run(program, window, show, link)
    finally:
        if keeping is not None:
            keeping.close()
        if more is not None:
            more.close()
        keep_place(window, station)
        close_station(window)


def _look_and_watch(
    window: Station,
    link: str,
    kept: Kept,
    wall_view: Callable[[], str] | None,
    camera_folder: str,
) -> None:
    """Let a wall show its first view and follow others, a field watch its camera's folder."""
    if isinstance(window, Wall):
        window.show_view(link or kept.states.get("wall", ""))
        if wall_view is not None and not link:
            window.follow_view(wall_view)
    if camera_folder and isinstance(window, Field):
        window.watch(Path(camera_folder))


def _run(program: QApplication, window: Station, show: Callable[[], None], link: str) -> int:
    """Show the window and turn its loop until it is closed; Ctrl-C and SIGTERM close it."""
    hook = Unhandled(window)
    collector, meter = IdleCollector(window), GapMeter(window)
    wake = QTimer(window)  # lets Python see a signal while Qt waits
    wake.start(250)
    before = {one: signal.signal(one, _Quit(window)) for one in (signal.SIGINT, signal.SIGTERM)}
    show()
    if link and isinstance(window, Desk | Field):
        window.map.open_link(link)
    collector.start()
    meter.start()
    try:
        return program.exec()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        meter.stop()
        wake.stop()
        collector.stop()
        hook.close()


def _show(window: Station, station: str, keep: Keep | None, note: str) -> None:
    """Show a window where it last was, let it follow the city, and tell the news of the start."""
    show_where_it_was(window, station)
    window.open()
    if keep is not None:
        Remember(window, keep)
    if note and station != "wall":
        notice_of(window).warn(tr("settings.defaults"), note)


def close_station(window: QWidget) -> None:
    """Close a window and have it destroyed before anything else goes on."""
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


class Unhandled(QObject):
    """The one hook for errors nobody foresaw: the log and a notice, from whatever thread."""

    _came = Signal(object)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._before = sys.excepthook, threading.excepthook
        self._came.connect(self._show, Qt.ConnectionType.QueuedConnection)
        sys.excepthook = self._on_main
        threading.excepthook = self._on_thread

    def close(self) -> None:
        """Give the hooks back."""
        sys.excepthook, threading.excepthook = self._before

    def _on_main(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        _LOG.error("Unforeseen error", exc_info=(kind, error, trace))
        self._came.emit(error)

    def _on_thread(self, args: Any) -> None:
        if args.exc_value is not None:
            self._on_main(args.exc_type, args.exc_value, args.exc_traceback)

    def _show(self, error: BaseException) -> None:
        show_error(self._window, error)


class _Dress(QObject):
    """Gives the whole program the theme that a station's session turned to."""

    def __init__(self, station: QWidget) -> None:
        super().__init__(station)

    def on_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        apply_theme(application(), theme)


class Remember(QObject):
    """Keeps language, the desk's theme and the field's folder whenever a person changes them."""

    def __init__(self, station: Station, keep: Keep) -> None:
        super().__init__(station)
        self._keep = keep
        station.session.language_changed.connect(self._on_language)
        if isinstance(station, Field):
            station.camera_chosen.connect(self._on_camera)
        if isinstance(station, Desk):  # wall and field have looks of their own
            station.session.theme_changed.connect(self._on_theme)

    def _on_camera(self, folder: str) -> None:
        self._keep(camera_folder=folder)

    def _on_language(self) -> None:
        self._keep(lang=language())

    def _on_theme(self, theme: Theme) -> None:
        self._keep(theme=theme.name)


class _Quit:
    """Ctrl-C closes the window."""

    def __init__(self, window: QWidget) -> None:
        self._window = window

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self._window.close()
