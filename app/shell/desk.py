"""The desk 席位端: inbox, map, sheet, vital signs; one case from report to close by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from app.domain.areas import Area, Tier
from app.domain.deep_links import is_link
from app.domain.signs import DIMENSIONS
from app.services.ports import Blobs
from app.services.questions import Children, Quarantine
from app.services.views import Apart, PlaceHit
from app.shell.address_look import AddressLook
from app.shell.alarms import Alarms
from app.shell.apart import apart_hits
from app.shell.basemaps import BaseMapChoice, Shelf
from app.shell.bridge import Bridge
from app.shell.case_parts import CaseParts
from app.shell.deeds import bind
from app.shell.desk_deeds import desk_deeds
from app.shell.map_deeds import map_deeds
from app.shell.map_exporting import PartExporter
from app.shell.map_work import MapWork
from app.shell.picks import area_words, unit_words
from app.shell.preferences import PreferencesLook
from app.shell.printing import Printing, SheetPrinter
from app.shell.session import Session
from app.shell.stage import Stage
from app.shell.station import Station
from app.shell.status import APART, status_items
from app.store import StoreDelta
from widgets.board import SignBoardPanel
from widgets.i18n import tr
from widgets.map_picks import AreaPicked, UnitPicked
from widgets.overlay import Overlay
from widgets.palette import Palette
from widgets.sign_strip import SignStrip
from widgets.status_strip import StatusStrip
from widgets.theme import Theme
from widgets.time_strip import TimeStrip
from widgets.top_bar import TopBar
from widgets.words import area_name, local, named

_SIDE = 400
_NARROW = 336
_LEAST = (1180, 700)


class Desk(Station):
    """The window of one desk. `stage` is the map; everything else is made here.

    `new_window_wanted` asks for one more beside it, `closed` tells that it has been closed.
    """

    new_window_wanted = Signal()
    closed = Signal()

    def __init__(
        self,
        bridge: Bridge,
        session: Session,
        stage: Stage,
        blobs: Blobs | None = None,
        printer: SheetPrinter | None = None,
        shelf: Shelf | None = None,
        export: PartExporter | None = None,
    ) -> None:
        super().__init__(bridge, session, stage, least=_LEAST)
        self.alarms = Alarms()
        self.printing = Printing(printer, shelf, bridge, stage.view, session.theme, self)
        self.base = BaseMapChoice(shelf, bridge, stage.view, self) if shelf is not None else None
        self.preferences = self._preferences_by(shelf)
        self.top = TopBar(session.theme, self)  # made in the order in which Tab walks them
        self._take_case_parts(CaseParts(self, blobs))
        self._make_parts(session.theme, bridge.now_ms)
        self.map = MapWork(bridge, session, stage.view, self.feed.store, self, export)
        self._lay_out()
        self._connect()
        self.deeds = (*desk_deeds(self), *map_deeds(self.map))
        self._keys = bind(self.deeds, self)
        self.retranslate()

    def open(self) -> None:
        """Begin to read and to follow."""
        super().open()
        self.stage.learn_city()
        if self.base is not None:
            self.base.open(self.session.theme)

    # ---- parts ---------------------------------------------------------------------------

    def _area_code(self) -> str:
        """Return the code of the area one looks at, empty for the city."""
        return self.session.path[-1].code if self.session.path else ""

    def _preferences_by(self, shelf: Shelf | None) -> PreferencesLook | None:
        if shelf is None or self.base is None:
            return None
        self.printing.load(shelf.recall("printing"))
        self.printing.chosen.connect(_Remembered(shelf, "printing"))
        return PreferencesLook(
            shelf, self.base, self.bridge, self.session, self.stage.view, self
        )  # fmt: skip

    def _selected(self) -> Any:
        return self.map.selecting.shape

    def _take_case_parts(self, cases: CaseParts) -> None:
        self.cases, self.work, self.photos = cases, cases.work, cases.photos
        self.inbox, self.panel, self.form = cases.inbox, cases.panel, cases.form
        self.notice, self.help, self.photo_view = cases.notice, cases.help, cases.photo_view
        self.part_look, self.press = cases.part_look, cases.press

    def _make_parts(self, theme: Theme, now_ms: Callable[[], int]) -> None:
        self.times = TimeStrip(theme, self)
        self.signs = SignStrip(theme, now_ms, self)
        self.status = StatusStrip(theme, self)
        self.palette_box = Palette(theme, self)
        self.board = SignBoardPanel(theme, now_ms, self)
        self.addresses = AddressLook(self.bridge, self.session, self.stage, self)
        pages: tuple[Overlay, ...] = (
            self.palette_box, self.board, self.addresses.page, self.printing.form
        )  # fmt: skip
        if self.preferences is not None:
            own = (self.preferences.form, self.preferences.page)
            pages = (*own, *pages)
            self.dress(*own)
        self.cases.overlays = [*pages, *self.cases.overlays]
        self.dress(self.addresses.page, self.printing.form)
        self.dress(self.top, self.times, self.signs, self.status, self.palette_box, self.board)

    def _lay_out(self) -> None:
        centre = QWidget(self)
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.stage.widget, 1)
        column.addWidget(self.times)
        self._split = QSplitter(Qt.Orientation.Horizontal, self)
        self._split.setHandleWidth(1)
        self._split.setChildrenCollapsible(False)
        for part in (self.inbox, centre, self.panel):
            self._split.addWidget(part)
        self._split.setStretchFactor(1, 1)
        self.inbox.setMinimumWidth(280)
        self.panel.setMinimumWidth(300)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.top)
        layout.addWidget(self._split, 1)
        layout.addWidget(self.signs)
        layout.addWidget(self.status)

    def _connect(self) -> None:
        session, stage = self.session, self.stage
        session.case_changed.connect(self._on_case)
        session.who_changed.connect(self._on_who)
        session.path_changed.connect(self._on_path)
        self.printing.told.connect(self.notice.tell)
        self.printing.failed.connect(self.work.failed)
        if self.base is not None:
            self.base.told.connect(self.notice.tell)
            self.base.failed.connect(self.work.failed)
            self.base.offered.connect(self.palette_box.open_with)
            session.theme_changed.connect(self.base.on_theme)
        self.printing.area, self.printing.shape = self._area_code, self._selected
        self.map.told.connect(self.notice.tell)
        self.map.failed.connect(self.work.failed)
        self.map.report_wanted.connect(self.cases.report_at)
        self.times.asked.connect(self.notice.tell)
        self.signs.dimension_chosen.connect(self.open_board)
        self.top.palette_wanted.connect(self.open_palette)
        self.top.who_wanted.connect(self._on_who_wanted)
        self.top.alarms_wanted.connect(self.see_alarm)
        self.top.area_chosen.connect(self._on_area)
        self.top.choice_wanted.connect(self._on_choice)
        stage.pointed.connect(self.status.show_position)
        stage.view.unit_picked.connect(self._on_unit)
        stage.view.area_picked.connect(self._on_area_picked)
        stage.went.connect(session.go)
        stage.city_known.connect(self._on_path)
        self.palette_box.asked.connect(self._on_asked)
        self.palette_box.hit_chosen.connect(self._on_hit)
        self.palette_box.deed_chosen.connect(self._on_deed)
        self.status.opened.connect(self._on_status)
        self.cases.saving.changed.connect(self._on_saving)

    # ---- what comes up -------------------------------------------------------------------

    def _on_delta(self, delta: StoreDelta) -> None:
        super()._on_delta(delta)
        if delta.signs:
            self.signs.show_signs(self.feed.store.headlines())
            if self.board.isVisible():
                self.board.show_signs(self.feed.store.signs_of(self.board.dimension))

    def _on_tick(self) -> None:
        now = self.bridge.now_ms()
        at = local(now)
        self.top.show_clock(f"{at:%H:%M:%S}", self.feed.shift_words(at.hour + at.minute / 60))
        self.alarms.take(self.feed.store.critical(now))
        self._show_alarms()
        self.cases.tick()
        self.signs.update()
        items, right = status_items(self.bridge, self.feed.store, now)
        self.status.show_items(items, right)

    def _on_saving(self, late: bool) -> None:
        self.status.show_doing(tr("status.saving") if late else "")

    def _on_case(self, case: UUID | None) -> None:
        if case is not None:
            self.alarms.acknowledge(case)
            self._show_alarms()

    def _on_who(self) -> None:
        role = self.session.actor.role
        self.top.show_who(self.session.name, tr(f"role.{role}"))

    def _on_path(self) -> None:
        city = self.stage.city
        name = named(self.bridge.core.facts.name) if city is None else area_name(city)
        self.top.show_path(name, self.session.path)

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        super().retranslate()
        self.setWindowTitle(f"{tr('app.name')} · {named(self.bridge.core.facts.name)}")
        self._on_who()
        self._on_path()
        self._on_tick()

    # ---- what the person wants -----------------------------------------------------------

    def open_form(self) -> None:
        """Take in a report."""
        self.cases.open_form()

    def open_palette(self) -> None:
        """Search, go to, do."""
        more = self.base.commands() if self.base is not None else []
        more += self.printing.commands()
        deeds = [d.command() for d in self.deeds if d.in_palette]
        self.palette_box.open_with([*deeds, *self.map.views.commands(), *more])

    def escape(self) -> None:
        """Close the uppermost thing that is open, on the map or elsewhere."""
        if self.cases.overlay_open() or not self.map.leave():
            self.cases.escape()

    def open_help(self) -> None:
        """Show all keys."""
        self.cases.open_help(self.deeds)

    def open_board(self, dimension: str) -> None:
        """Show all signs of a dimension."""
        self.board.open_with(dimension, self.feed.store.signs_of(dimension))

    def open_board_at(self, number: int) -> None:
        """Show all signs of the dimension at a place of the strip, from 1."""
        self.open_board(DIMENSIONS[number - 1])

    def become_next(self) -> None:
        """Become who can take the next step, or choose a role."""
        self.cases.become_next(self.top)

    def print_view(self) -> None:
        """Choose what is printed, and how."""
        self.printing.open(self.feed.store, self._path_words())

    def _path_words(self) -> str:
        names = [named(self.bridge.core.facts.name), *map(area_name, self.session.path)]
        return " › ".join(names)

    def open_preferences(self) -> None:
        """Show what a person prefers."""
        if self.preferences is None:
            self.notice.tell(tr("settings.not_here"))
        else:
            self.preferences.open()

    def show_city(self) -> None:
        """Show the whole city."""
        self._on_area(None)

    def show_apart(self) -> None:
        """List the actions that are kept apart from the state, with the reason."""
        self.bridge.ask(Quarantine(), self._on_apart)

    def see_alarm(self) -> None:
        """Acknowledge the newest alarm that nobody has seen and go there, else to the next one."""
        case = self.alarms.next_after(self.session.case)
        if case is not None:
            self.alarms.acknowledge(case)
            self.session.choose(case)
            self._show_alarms()

    def _show_alarms(self) -> None:
        self.top.show_alarms(self.alarms.count, self.alarms.unseen)

    def _on_who_wanted(self) -> None:
        self.cases.who.open_below(self.top)

    def _on_area(self, area: Area | None) -> None:
        if area is None:
            self.session.go(())
        else:
            above = tuple(one for one in self.session.path if _ORDER[one.tier] < _ORDER[area.tier])
            self.session.go((*above, area))
        self.stage.go_to_area(area)

    def _on_choice(self, area: Area | None) -> None:
        tier = Tier.DISTRICT if area is None else Tier.STREET
        uid = area.uid if area is not None and area.tier is Tier.DISTRICT else None
        if area is not None and area.tier is Tier.STREET:
            uid = area.parent
        self.bridge.ask(Children(uid, tier), self.top.offer_areas)

    def _on_unit(self, unit: UnitPicked) -> None:
        self.notice.tell(unit_words(unit, self.feed.store, self.bridge.now_ms()))

    def _on_area_picked(self, area: AreaPicked) -> None:
        if not self.form.isVisible():
            self.status.show_position(area_words(area))

    def _on_asked(self, text: str) -> None:
        if is_link(text):
            self.palette_box.leave()
            self.map.open_link(text)
            return
        self.stage.search(text, self.palette_box.take_hits)

    def _on_hit(self, hit: PlaceHit) -> None:
        if hit.kind == "case" and hit.uid is not None:
            self.session.choose(hit.uid)
        else:
            self.stage.go_to(hit)
            if hit.kind in ("place", "estate"):
                self.map.open_place(hit)

    def _on_apart(self, apart: tuple[Apart, ...]) -> None:
        if apart:
            self.palette_box.open_on(apart_hits(apart))
        else:
            self.notice.tell(tr("apart.none"))

    def _on_status(self, name: str) -> None:
        if name == APART:
            self.show_apart()

    def _on_deed(self, name: str) -> None:
        if self.map.do(name):
            return
        if self.base is not None and self.base.take(name):
            return
        if not self.printing.take(name, self.feed.store, self._path_words()):
            next(deed for deed in self.deeds if deed.name == name).do()

    # Qt overrides

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop following."""
        self.map.stop()
        super().closeEvent(event)
        self.closed.emit()

    def showEvent(self, event: QShowEvent) -> None:
        """Give the sides their width for this window."""
        side = _SIDE if self.width() >= 1700 else _NARROW
        self._split.setSizes([side, max(400, self.width() - 2 * side), side])


class _Remembered:
    """Keeps what a signal carries under a setting's name."""

    def __init__(self, shelf: Shelf, name: str) -> None:
        self._shelf, self._name = shelf, name

    def __call__(self, value: object) -> None:
        self._shelf.remember(**{self._name: value})


_ORDER = {tier: at for at, tier in enumerate(Tier)}
