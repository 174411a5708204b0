"""Preferences 设置 at the desk: between the page, the session and this user's base maps.

Nothing here waits: lists are small files of the user's own; tests and sizes come from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.domain.basemaps import BaseMap
from app.domain.errors import AppError, InvalidInput
from app.shell.basemaps import BaseMapChoice, Shelf
from app.shell.bridge import Bridge
from app.shell.session import Session
from widgets.basemap_form import FOLDER, BaseMapForm
from widgets.i18n import language, tr
from widgets.map_view import MapView
from widgets.notice import error_words
from widgets.preferences import Preferences

_FILES = {
    "qgz": "QGIS (*.qgz *.qgs)", "geotiff": "GeoTIFF (*.tif *.tiff)",
    "vector_tiles": "MBTiles (*.mbtiles)",
}  # fmt: skip
_SETTLED_MS = 400  # after the slider moved last
_LOOK_MS = 250  # at how far keeping is


class PreferencesLook(QObject):
    """Owns page and form. `kept` carries (name, value) of what is to hold from now on."""

    kept = Signal(str, object)

    def __init__(
        self, shelf: Shelf, base: BaseMapChoice, bridge: Bridge, session: Session, view: MapView,
        window: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self._shelf, self._base, self._bridge = shelf, base, bridge
        self._session, self._view, self._window = session, view, window
        self.page = Preferences(session.theme, window)
        self.form = BaseMapForm(session.theme, window)
        self._removed: Any = None
        self._opacity: tuple[str, float] | None = None
        self._settled, self._looking = QTimer(self), QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(_SETTLED_MS)
        self._looking.setInterval(_LOOK_MS)
        self._deeds: dict[str, Callable[[str], None]] = {
            "show": self._show, "add": self._add, "edit": self._edit, "test": self._test,
            "up": self._up, "down": self._down, "offline": self._offline,
            "remove": self._remove, "undo": self._undo,
        }  # fmt: skip
        self._connect()

    def open(self) -> None:
        """Open the page."""
        self._read()
        self.page.offer_undo(there=self._removed is not None)
        theme = "dark" if self._session.theme.dark else "light"
        station = str(self._shelf.recall("station") or "desk")
        self.page.open_on(lang=language(), theme=theme, station=station)
        self._read_cache()

    # ---- deeds ---------------------------------------------------------------------------

    def do(self, deed: str, name: str) -> None:
        """Do what a person wants with a base map."""
        try:
            self._deeds[deed](name)
        except AppError as error:
            self._fail(error)

    def _show(self, name: str) -> None:
        self._base.show("" if self._shelf.maps().shown == name else name)
        self._read()

    def _add(self, _name: str) -> None:
        self.form.open_for(None)

    def _edit(self, name: str) -> None:
        self.form.open_for(self._shelf.maps().named(name))

    def _up(self, name: str) -> None:
        self._save(self._shelf.maps().moved(name, -1), name)

    def _down(self, name: str) -> None:
        self._save(self._shelf.maps().moved(name, 1), name)

    def _remove(self, name: str) -> None:
        before = self._shelf.maps()
        self._save(before.without(name))
        self._removed = before
        if before.shown == name:
            self._base.reopen()
        self.page.offer_undo(there=True)
        self.page.say(tr("settings.removed", name=name))

    def _undo(self, _name: str) -> None:
        if self._removed is None:
            return
        before, self._removed = self._removed, None
        self._save(before)
        self._base.reopen()
        self.page.offer_undo(there=False)
        self.page.say(tr("settings.undone"))

    def _test(self, name: str) -> None:
        base = self._shelf.maps().named(name)
        self.page.say(tr("settings.testing", name=name))
        camera = self._view.camera
        tested = self._shelf.test(base, camera.x, camera.y, camera.m_per_px)
        self._bridge.follow(tested, self._on_tested, self._on_test_failed)

    def _offline(self, name: str) -> None:
        if self._shelf.is_keeping:
            self._shelf.stop_keeping()
            return
        base = self._shelf.maps().named(name)
        planned = self._base.plan(base)
        self.page.say(tr("settings.planning"))
        self._bridge.follow(planned, _Plan(self, base), self._fail)

    def keep(self, base: BaseMap, plan: Any) -> None:
        """Keep what the map shows of a base map, as planned."""
        words = tr("basemap.begun", n=len(plan.keys))
        self.page.say(f"{words} · {tr('settings.about', mb=f'{plan.bytes / 1e6:.1f}')}")
        kept = self._shelf.keep(base, plan, _nothing)
        self._looking.start()
        self._bridge.follow(kept, self._on_kept, self._on_keep_failed)

    # ---- answers -------------------------------------------------------------------------

    def _on_tested(self, tested: Any) -> None:
        words = tr(
            "settings.tested", s=f"{tested.seconds:.2f}", kb=f"{tested.received / 1000:,.0f}",
            filled=f"{tested.filled * 100:.0f}", open=f"{tested.open_s:.2f}",
        )  # fmt: skip
        report = tested.report
        for key, names in (("missing", report.missing), ("outside", report.outside)):
            if names:
                words += " " + tr(f"settings.{key}", names=tr("reason.joint").join(names[:4]))
        if report.macros:
            words += " " + tr("settings.macros")
        if tested.from_cache:
            words += " " + tr("settings.from_cache")
        if tested.filled == 0:
            words += " " + tr("settings.nothing_here")
        self.page.say(words, "normal" if tested.filled and not report.missing else "dim")

    def _on_test_failed(self, error: BaseException) -> None:
        self._fail(error)

    def _on_kept(self, kept: Any) -> None:
        said = "basemap.stopped" if kept.cancelled else "basemap.kept"
        self._end_keeping()
        self.page.say(tr(said, n=kept.drawn + kept.there, mb=f"{kept.bytes / 1e6:.1f}"), "normal")
        self._read_cache()

    def _on_keep_failed(self, error: BaseException) -> None:
        self._end_keeping()
        self._fail(error)

    def _end_keeping(self) -> None:
        self._looking.stop()
        self.page.show_progress(0, 0)

    def _on_look(self) -> None:
        self.page.show_progress(*self._shelf.kept_so_far())

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, CancelledError):
            self.page.say(" ".join(filter(None, error_words(error))), "critical")

    # ---- the list, the disk, the rest ----------------------------------------------------

    def _save(self, maps: Any, chosen: str = "") -> None:
        self._shelf.save(maps)
        self._read(chosen)

    def _read(self, chosen: str = "") -> None:
        try:
            maps = self._shelf.maps()
        except AppError as error:
            self._fail(error)
            return
        self.page.show_maps(maps.maps, maps.shown, chosen=chosen)

    def _read_cache(self) -> None:
        self._bridge.follow(self._shelf.held(), self._on_held, self._fail)

    def _on_held(self, held: Any) -> None:
        self.page.show_cache(held.bytes / 1e6, held.kept / 1e6, held.limit_mb, str(held.folder))

    def _on_saved(self, base: BaseMap, old: str) -> None:
        try:
            maps = self._shelf.maps()
            if old != base.name and any(one.name == base.name for one in maps.maps):
                raise InvalidInput("There is a base map of that name already.", field="name")
            self._save(maps.renamed(old, base) if old else maps.with_map(base), base.name)
        except AppError as error:
            self.form.show_error(error)
            return
        self.form.leave()
        if base.name == self._shelf.maps().shown:
            self._base.reopen()
        self._back_to_page()
        self.do("test", base.name)

    def _on_folder(self, path: str, imagery: bool) -> None:
        self._bridge.follow(self._shelf.found_in(path, imagery), self._on_found, self._on_no_folder)

    def _on_found(self, found: Any) -> None:
        maps = self._shelf.maps()
        for base in found:
            maps = maps.with_map(base)
        self._save(maps)
        self.form.leave()
        self._back_to_page()
        self.page.say(tr("settings.found", n=len(found)), "normal")

    def _on_no_folder(self, error: BaseException) -> None:
        self.form.show_error(error)

    def _back_to_page(self) -> None:
        self.page.raise_()
        self.page.setFocus()

    def _on_browse(self, kind: str) -> None:
        title, home = tr("settings.browse"), str(Path.home())
        if kind == FOLDER:
            self.form.take_path(QFileDialog.getExistingDirectory(self._window, title, home))
            return
        name, _ = QFileDialog.getOpenFileName(self._window, title, home, _FILES[kind])
        self.form.take_path(name)

    def _on_changed(self, name: str, value: str) -> None:
        if name == "lang":
            self._session.set_language(value)
        elif name == "theme":
            self._session.set_theme(value)
        else:
            self._shelf.remember(station=value)
            self.page.say(tr("settings.next_start"))

    def _on_opacity(self, name: str, share: float) -> None:
        self._opacity = (name, share)
        self._settled.start()

    def _on_settled(self) -> None:
        name, share = self._opacity or ("", 0.0)
        try:
            maps = self._shelf.maps()
            self._save(maps.with_map(replace(maps.named(name), opacity=share)), name)
        except AppError as error:
            self._fail(error)
            return
        if name == maps.shown:
            self._base.reopen()

    def _on_limit(self, megabytes: int) -> None:
        self._shelf.remember(cache_mb=megabytes)

    def _on_place(self) -> None:
        folder = QFileDialog.getExistingDirectory(self._window, tr("settings.cache"))
        if folder:
            self._shelf.remember(cache_folder=folder)
            self._base.reopen()
            self._read_cache()

    def _on_clear(self) -> None:
        self._bridge.follow(self._shelf.clear(), self._on_held, self._fail)

    def _connect(self) -> None:
        page, form = self.page, self.form
        page.changed.connect(self._on_changed)
        page.wanted.connect(self.do)
        page.opacity_wanted.connect(self._on_opacity)
        page.limit_wanted.connect(self._on_limit)
        page.place_wanted.connect(self._on_place)
        page.clear_wanted.connect(self._on_clear)
        form.saved.connect(self._on_saved)
        form.folder_saved.connect(self._on_folder)
        form.browse_wanted.connect(self._on_browse)
        self._settled.timeout.connect(self._on_settled)
        self._looking.timeout.connect(self._on_look)


class _Plan:
    """What to do with a plan once it is there."""

    def __init__(self, look: PreferencesLook, base: BaseMap) -> None:
        self._look, self._base = look, base

    def __call__(self, plan: Any) -> None:
        self._look.keep(self._base, plan)


def _nothing() -> None:
    """Progress is looked at by a timer."""
