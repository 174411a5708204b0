"""The map of the desk, the wall and the field: ground from tiles, what lives on top at each frame.

`paintEvent` only lays what is there; tiles, counts and the overview are made on pool threads,
names in slices once the ground is sharp. When all of it is there, `settled` is emitted.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from uuid import UUID

from PySide6.QtCore import QEvent, QRectF, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QWidget

from app.domain.camera import Bounds, Camera
from app.engines.citystore import CityStore
from app.engines.tiles import Submit, TileKey
from app.services.changes import UnitRow
from app.store import MapCases
from layers.look import Look, MapTheme
from layers.selection.painter import Selection
from layers.tiles import parts_at_most
from widgets.map_arrivals import Arrivals
from widgets.map_base import BaseUnder
from widgets.map_count import CountJob
from widgets.map_frame import Frame
from widgets.map_ground import Covered, Ground
from widgets.map_helm import Helm
from widgets.map_log import FrameLog
from widgets.map_names import Names
from widgets.map_overlays import Counts, Words, paint_empty
from widgets.map_panels import Panels
from widgets.map_picking import MapPicking
from widgets.map_seen import Tallied, seen_rows
from widgets.map_still import Still
from widgets.map_wait import wait_settled

_SOON_MS, _SOON_FRAMES = 30, 4  # tiles that arrive within this, and so many frames, share one
_LATE_MS = 1_500  # names and counts wait no longer than this for the last tile


class MapView(MapPicking):
    """A map of one city store.

    Args:
        store: an opened store, or None: `empty_text` is shown instead.
        theme: colours (`widgets.theme.Theme` or the like).
        tr: words by key.
        submit: runs a callable on a pool thread (`core.run`).
        empty_text: what would be here and how to get it.

    Signals (frozen payloads of `widgets.map_picks`):
        part_picked: `PartPicked`. case_picked: `CasePicked`. unit_picked: `UnitPicked`.
        area_picked: `AreaPicked`, with each click on open ground. place_clicked: `PlaceClicked`.
        pointer_moved: `PlaceClicked` under the pointer. camera_changed: `Camera`.
        looked_at: (x, y), logical pixels of each click that no tool took, before any pick.
        settled: nothing; all that is in sight is sharp, named and counted.
    """

    camera_changed = Signal(object)
    settled = Signal()

    def __init__(
        self,
        store: CityStore | None,
        theme: MapTheme,
        tr: Words,
        submit: Submit,
        *,
        empty_text: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._tr, self._submit, self._empty_text = theme, tr, submit, empty_text
        self._still, self._panels = Still(), Panels()
        self._scale, self._version, self._density = 1.0, 0, 0.01
        self._counts: tuple[int, int | None] = (0, None)
        self._count_serial = 0
        self._settled = self._asked = self._painted = False
        self.frames, self.labels_drawn = FrameLog(), 0
        self._base: BaseUnder | None = None
        self._wire()
        self.set_store(store)

    def _wire(self) -> None:
        self._arrivals = Arrivals()
        self._arrivals.tile_arrived.connect(self._on_tile)
        self._arrivals.overview_arrived.connect(self._on_overview)
        self._arrivals.count_arrived.connect(self._on_count)
        self._arrivals.base_arrived.connect(self._on_base)
        self._helm = Helm(self, self._gestures)
        self._helm.moved.connect(self._on_moved)
        self._helm.rested.connect(self._on_rest)
        self._gestures.clicked.connect(self._on_clicked)
        self._names = Names(self, self._theme)
        self._names.placed.connect(self.update)
        self._soon, self._late = QTimer(self), QTimer(self)
        self._soon.setSingleShot(True)
        self._late.setSingleShot(True)
        self._late.setInterval(_LATE_MS)
        self._soon.timeout.connect(self.update)
        self._late.timeout.connect(self._on_late)

    @property
    def is_settled(self) -> bool:
        """Whether all that is in sight is sharp, named and counted."""
        return self._settled

    @property
    def is_still(self) -> bool:
        """Whether nothing moves: no hand, no flight, no throw."""
        return self._helm.is_still

    @property
    def counts(self) -> tuple[int, int | None]:
        """Parts in all, and in sight (None while being counted)."""
        return self._counts

    def set_store(self, store: CityStore | None) -> None:
        """Show another store (after a rebuild) or none; the view stays where it is."""
        if self._ground is not None:
            self._ground.close()
        self._store, self._ground = store, None
        self._names.clear()
        self._counts = (0 if store is None else store.n_parts, None)
        if store is not None:
            self._density = parts_at_most(store)
            self._ground = Ground(store, self._look(), self._submit, self._arrivals)
            if self._base is not None:
                self._ground.lay_under(self._base)
            self._helm.enter(store.bounds)
        self._version += 1
        self._unsettle()

    def set_camera(self, camera: Camera) -> None:
        """Look through `camera` at once; its size is replaced by the widget's."""
        self._helm.look(camera)

    def fly_to(self, lon: float, lat: float, m_per_px: float | None = None) -> None:
        """Move to a place (degrees), at another scale if one is given."""
        if self._store is not None:
            x, y = self._store.frame.to_xy(lon, lat)
            self._helm.fly(float(x), float(y), m_per_px)

    @Slot()
    def fit(self, box: Bounds | None = None) -> None:
        """Show all of `box` (local metres), or of the city."""
        self._helm.fit(box)

    def set_animated(self, animated: bool) -> None:
        """Move in 150 ms, or (field station, tests) at once."""
        self._helm.set_animated(animated)

    def set_cases(self, cases: MapCases) -> None:
        """Show these open cases."""
        if self._store is not None:
            if self._live.set_cases(cases, self._store.frame):
                self._names.stir()
                self._unsettle()
            self.update()

    def set_units(self, units: Iterable[UnitRow]) -> None:
        """Show these live units."""
        if self._store is not None:
            self._live.set_units(units, self._store.frame)
            self.update()

    def select(self, uid: UUID | None, label: str = "") -> bool:
        """Ring a case or unit by its uid, None for nothing; returns whether it is on the map."""
        found = self._live.select(uid, label)
        self.update()
        return found

    def select_place(self, lon: float, lat: float, label: str = "", urgent: bool = False) -> None:
        """Ring a place (degrees)."""
        if self._store is not None:
            x, y = self._store.frame.to_xy(lon, lat)
            self._live.ring(Selection(float(x), float(y), label, urgent))
            self.update()

    def set_theme(self, theme: MapTheme) -> None:
        """Draw in another theme."""
        self._theme = theme
        self._names.set_theme(theme)
        self._dress()

    def set_language(self, tr: Words, english: bool) -> None:
        """Take other words; names in English where there are any."""
        self._tr = tr
        self._names.set_english(english)
        self._unsettle()

    def set_type_scale(self, scale: float) -> None:
        """Enlarge names, symbols, rings and roads (the wall is read from afar)."""
        if scale != self._scale:
            self._scale = scale
            self._names.set_type_scale(scale)
            self._live.set_scale(scale)
            self._dress()

    def set_insets(self, left: int, top: int, right: int, bottom: int) -> None:
        """Show names, the city and places flown to off these edges (logical pixels)."""
        self._helm.set_frame(Frame(left, top, right, bottom))
        self.update()

    def set_overlays(self, chip: bool, legend: bool) -> None:
        """Show or hide the chip with counts and the legend."""
        self._panels.chip, self._panels.legend = chip, legend
        self.update()

    def set_base_map(self, base: BaseUnder | None) -> None:
        """Lay a base map under everything, or none; who made it closes it."""
        self._base = base
        if self._ground is not None:
            self._ground.lay_under(base)
        if base is not None:
            base.listen(self._arrivals.tell_base)
        self._version += 1
        self._unsettle()

    @property
    def look(self) -> Look:
        """How the ground looks now."""
        return self._look()

    def wait_sharp(self, timeout_ms: int = 10_000) -> bool:
        """Run the event loop until all is settled; returns whether it was in time."""
        self.grab()  # lays out and paints, which asks for what is missing
        return self._settled or wait_settled(self, timeout_ms)

    def grab_sharp(self, timeout_ms: int = 10_000) -> QPixmap:
        """Return a picture of the map once all is settled, or as it is when time is up."""
        self.wait_sharp(timeout_ms)
        return self.grab()

    def forget_tiles(self) -> None:
        """Draw all of the ground anew."""
        if self._ground is not None:
            self._ground.forget()
            self._version += 1
            self.frames.move()
            self._unsettle()

    def show_edits(self) -> None:
        """Draw and count anew: parts were edited over the store that is shown."""
        if self._store is not None:
            self._counts = (self._store.n_parts, None)
            self.forget_tiles()

    def stop(self) -> None:
        """Let go of timers and wishes; call before the pool ends. The map stays as it is."""
        self._helm.stop()
        self._soon.stop()
        self._late.stop()
        self._names.clear()
        if self._ground is not None:
            self._ground.close()

    # how it gets sharp

    @Slot(object)
    def _on_moved(self, camera: Camera) -> None:
        self.frames.move()
        self._unsettle()
        self.camera_changed.emit(camera)

    def _unsettle(self) -> None:
        """See to it that what shows is drawn anew, and that all is there again soon."""
        self._settled = self._asked = False
        self._count_serial += 1
        self._counts = (self._counts[0], None)
        if self._ground is not None and self._painted:  # the first frame waits for no kernels
            self._ground.want(self.camera, self._helm.course)
        self._helm.stir()
        self.update()

    @Slot()
    def _on_rest(self) -> None:
        """Ask for all that a still map needs: exact tiles, then names and counts."""
        if self._ground is None or not self._painted:
            return
        self._ground.want(self.camera)
        self._late.start()
        if self.frames.is_sharp:
            self._ask()
        elif not self._soon.isActive():
            self._soon.start(_SOON_MS)

    @Slot()
    def _on_late(self) -> None:
        """Ask once more for tiles that have not come, and go on without them."""
        if self._ground is not None and self._helm.is_still and not self.frames.is_sharp:
            self._ground.want(self.camera)
            self.update()
        self._ask()

    @Slot()
    def _ask(self) -> None:
        """Have names placed and parts counted for the view at rest."""
        if self._store is None or self._asked or not self._helm.is_still:
            return
        self._asked = True
        self._late.stop()
        if "labels" in self._wishes.live(self.camera.m_per_px):
            dpr, avoid = self.devicePixelRatioF(), self._live.loud_places
            self._names.settle(self._store, self.camera, dpr, avoid)
        if self._counts[1] is None:
            self._count_serial += 1
            want, states = self._wishes.want, self._wishes.states
            job = CountJob(
                self._store, self.camera, want, states, self._count_serial, self._arrivals
            )
            self._submit(job)

    # what arrives from pool threads

    @Slot(object)
    def _on_tile(self, key: TileKey) -> None:
        ground = self._ground
        if ground is None or not ground.shows(key, self.camera):
            return
        self._version += 1
        if ground.idle:
            self._soon.stop()
            self.update()
        elif not self._soon.isActive():
            self._soon.start(_SOON_MS + round(_SOON_FRAMES * self.frames.last_ms))

    @Slot(object)
    def _on_overview(self, made: object) -> None:
        if self._ground is not None:
            self._ground.take_overview(made)  # type: ignore[arg-type] # as sent by map_ground
            self._version += 1
            self.update()

    @Slot(object)
    def _on_count(self, counted: tuple[int, int, Tallied]) -> None:
        serial, in_view, tallied = counted
        if serial == self._count_serial:
            self._counts = (self._counts[0], in_view)
            camera, shown = self.camera, self._wishes.live(self.camera.m_per_px)
            self._panels.rows = seen_rows(
                self._look(), camera, self._theme, self._tr, tallied,
                self._live.units_in_sight(camera, shown), self._live.sizes_in_sight(camera, shown),
            )  # fmt: skip
            self.update()

    @Slot()
    def _on_base(self) -> None:
        self._version += 1
        if not self._soon.isActive():
            self._soon.start(_SOON_MS)

    # how it looks

    def _look(self) -> Look:
        dpr = self.devicePixelRatioF()
        return self._wishes.look(self._theme, self._density, dpr, self._scale)

    def _dress(self) -> None:
        self._live.strengths = {s.key: s.opacity for s in self._wishes.layers}
        if self._ground is not None:
            self._ground.dress(self._look())
        self._version += 1
        self._unsettle()

    def _paint(self, painter: QPainter) -> Covered:
        ground, camera, course = self._ground, self.camera, self._helm.course
        assert ground is not None
        covered = self._still.paint(
            painter, (camera, course, self._version), camera.width, camera.height,
            lambda onto: ground.paint(onto, camera, course),
        )  # fmt: skip
        shown = self._wishes.live(camera.m_per_px)
        self._live.paint_under(painter, camera, self._theme, shown)
        counts = Counts(*self._counts, self._store is not None and self._store.sample)
        self._panels.states = self._live.states_in_sight(camera, shown)
        if "labels" in shown:
            free = self._helm.frame.free(camera)
            taken = self._panels.boxes(counts, camera, self._theme, self._tr)
            taken += self._live.boxes(camera, shown)
            self.labels_drawn = self._names.paint(painter, camera, free, taken)
        self._live.paint_over(painter, camera, self._theme, shown)
        self.tools.paint(painter, camera, self._theme)
        symbol = self._live.paint_symbol
        self._panels.paint(painter, counts, camera, self._theme, self._tr, symbol)
        if self._base is not None:
            self._base.paint_credit(painter, self._helm.frame.free(camera), self._theme)
        return covered

    def _after_frame(self, covered: Covered) -> None:
        if not covered.is_sharp or not self._helm.is_still:
            return
        self._ask()
        if self._names.is_placing or self._counts[1] is None or self._settled:
            return
        self._settled = True
        QTimer.singleShot(0, self, self._tell_settled)

    @Slot()
    def _tell_settled(self) -> None:
        if self._settled:
            self.settled.emit()

    # Qt

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Lay one frame."""
        began = time.perf_counter()
        painter = QPainter(self)
        covered = None
        try:
            if self._ground is None:
                paint_empty(painter, QRectF(self.rect()), self._empty_text, self._theme)
            else:
                covered = self._paint(painter)
        finally:
            painter.end()
        if covered is not None:
            if not self._painted:
                self._painted = True
                self._helm.stir()
            self.frames.note(began, covered.parent, sharp=covered.is_sharp)
            self._after_frame(covered)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as much more or less ground."""
        self._helm.resize(event.size().width(), event.size().height())

    def changeEvent(self, event: QEvent) -> None:
        """Follow the window to a screen of another pixel ratio."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._dress()
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let go of timers and wishes."""
        self.stop()
        super().closeEvent(event)
