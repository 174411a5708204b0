"""The desk 席位端: inbox, map, sheet, vital signs; one case from report to close by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from app.domain.areas import Area, Tier
from app.services.changes import Changes
from app.services.ports import Blobs
from app.services.questions import Children
from app.services.views import CaseSheet, PlaceHit
from app.shell.alarms import Alarms
from app.shell.bridge import Bridge
from app.shell.casework import CaseWork
from app.shell.deeds import bind
from app.shell.desk_deeds import desk_deeds
from app.shell.feed import Feed
from app.shell.part_look import PartLook
from app.shell.photos import Photos
from app.shell.picks import area_words, unit_words
from app.shell.printing import Printing, SheetPrinter
from app.shell.session import Session
from app.shell.stage import Stage
from app.shell.status import status_items
from app.store import StoreDelta
from widgets.board import SignBoardPanel
from widgets.case_sheet import CasePanel
from widgets.cheat_sheet import CheatSheet
from widgets.i18n import language, tr
from widgets.inbox import Inbox
from widgets.map_picks import AreaPicked, PartPicked, UnitPicked
from widgets.notice import Notice, error_words
from widgets.palette import Command, Palette
from widgets.photo_view import PhotoView
from widgets.report_form import ReportForm
from widgets.sign_strip import SignStrip
from widgets.status_strip import StatusStrip
from widgets.theme import Theme
from widgets.time_strip import TimeStrip
from widgets.top_bar import TopBar, area_name
from widgets.who_menu import WhoMenu
from widgets.words import local

_SIDE = 400
_NARROW = 320


class Desk(QWidget):
    """The window of one desk. `stage` is the map; everything else is made here."""

    def __init__(
        self,
        bridge: Bridge,
        session: Session,
        stage: Stage,
        blobs: Blobs | None = None,
        printer: SheetPrinter | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("station")
        self.setMinimumSize(1180, 700)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.session, self.bridge, self.stage = session, bridge, stage
        bridge.setParent(self)
        session.setParent(self)
        self.feed = Feed(bridge, session, self)
        self.photos = Photos(bridge, blobs, self)
        self.alarms = Alarms()
        self.work = CaseWork(bridge, session, self.photos, self)
        self.printing = Printing(printer, bridge, stage.view, self)
        self._make_parts(session.theme, bridge.now_ms)
        self.part_look = PartLook(bridge, session, stage, self)
        self._lay_out()
        self._connect()
        stage.set_theme(session.theme)
        self.deeds = desk_deeds(self)
        self._held_key = ""
        self._keys = bind(self.deeds, self)
        self.retranslate()

    def open(self) -> None:
        """Begin to read and to follow."""
        self.feed.start()
        self.stage.learn_city()

    # ---- parts ---------------------------------------------------------------------------

    def _make_parts(self, theme: Theme, now_ms: Callable[[], int]) -> None:
        self.top = TopBar(theme, self)
        self.inbox = Inbox(self.feed.store, theme, now_ms, self)
        self.panel = CasePanel(theme, now_ms, self)
        self.times = TimeStrip(theme, self)
        self.signs = SignStrip(theme, now_ms, self)
        self.status = StatusStrip(theme, self)
        self.notice = Notice(theme, self)
        self.palette_box = Palette(theme, self)
        self.form = ReportForm(theme, self)
        self.help = CheatSheet(theme, self)
        self.board = SignBoardPanel(theme, now_ms, self)
        self.photo_view = PhotoView(theme, self)
        self.who = WhoMenu(self)
        self._themed = (self.top, self.inbox, self.panel, self.times, self.signs, self.status,
                        self.notice, self.palette_box, self.form, self.help, self.board,
                        self.photo_view)  # fmt: skip

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
        session, work, feed = self.session, self.work, self.feed
        session.case_changed.connect(self._on_case)
        session.who_changed.connect(self._on_who)
        session.theme_changed.connect(self._on_theme)
        session.language_changed.connect(self.retranslate)
        session.path_changed.connect(self._on_path)
        feed.delta.connect(self._on_delta)
        feed.ticked.connect(self._on_tick)
        feed.failed.connect(self._on_failed)
        work.sheet_read.connect(self._on_sheet)
        work.told.connect(self.notice.tell)
        work.failed.connect(self._on_failed)
        work.people_read.connect(self.panel.ask_person)
        work.reported.connect(self._on_reported)
        self.photos.read.connect(self._on_photos)
        self.photos.failed.connect(self._on_failed)
        self.printing.told.connect(self.notice.tell)
        self.printing.failed.connect(self._on_failed)
        self._connect_parts()

    def _connect_parts(self) -> None:
        session, work, panel = self.session, self.work, self.panel
        self.inbox.case_chosen.connect(session.choose)
        self.inbox.more_wanted.connect(self.feed.more)
        panel.accept_wanted.connect(work.accept)
        panel.other_wanted.connect(work.ask_people)
        panel.move_wanted.connect(work.move)
        panel.matter_chosen.connect(work.choose_matter)
        panel.person_chosen.connect(work.send_to)
        panel.become_wanted.connect(work.become)
        panel.case_chosen.connect(session.choose)
        panel.photos_dropped.connect(work.add_photos)
        panel.photo_opened.connect(self._on_photo)
        self.signs.dimension_chosen.connect(self._on_dimension)
        self.top.palette_wanted.connect(self.open_palette)
        self.top.who_wanted.connect(self._on_who_wanted)
        self.top.alarms_wanted.connect(self.see_alarm)
        self.top.area_chosen.connect(self._on_area)
        self.top.choice_wanted.connect(self._on_choice)
        self.stage.case_picked.connect(session.choose)
        self.stage.place_clicked.connect(self._on_place)
        self.stage.pointed.connect(self.status.show_position)
        self.stage.view.part_picked.connect(self._on_part)
        self.stage.view.unit_picked.connect(self._on_unit)
        self.stage.view.area_picked.connect(self._on_area_picked)
        self.stage.went.connect(session.go)
        self.stage.told.connect(self.notice.tell)
        self.stage.failed.connect(self._on_failed)
        self.stage.city_known.connect(self._on_path)
        self.who.role_chosen.connect(work.take_role)
        self.form.submitted.connect(self._on_form)
        self.form.pick_wanted.connect(self._on_pick)
        self.form.locate_wanted.connect(self._on_locate)
        self.palette_box.asked.connect(self._on_asked)
        self.palette_box.hit_chosen.connect(self._on_hit)
        self.palette_box.deed_chosen.connect(self._on_deed)

    # ---- what comes up -------------------------------------------------------------------

    def _on_delta(self, delta: StoreDelta) -> None:
        self.inbox.take(delta)
        self.work.follow(delta)
        if delta.signs:
            self.signs.show_signs(self.feed.store.headlines())
            if self.board.isVisible():
                self.board.show_signs(self.feed.store.signs_of(self.board.dimension))
        self.stage.follow(delta, self.feed.store)

    def _on_tick(self) -> None:
        now = self.bridge.now_ms()
        at = local(now)
        self.top.show_clock(f"{at:%H:%M:%S}", self.feed.shift_words(at.hour + at.minute / 60))
        self.alarms.take(self.feed.store.critical(now))
        self._show_alarms()
        self.inbox.tick()
        self.panel.tick()
        self.signs.update()
        items, right = status_items(self.bridge, self.feed.store, now)
        self.status.show_items(items, right)

    def _on_sheet(self, sheet: CaseSheet) -> None:
        self.panel.show_sheet(sheet, self.session.actor)
        self._on_photos()
        key, self._held_key = self._held_key, ""
        if key:
            self.press(key)

    def _on_photos(self) -> None:
        sheet = self.work.sheet
        digests = (*(sheet.state.photos if sheet else ()), *self.work.held_photos)
        self.photos.want(digests)
        self.panel.show_photos(digests, self.photos.images)

    def _on_case(self, case: UUID | None) -> None:
        if self.inbox.current() != case:
            self.inbox.select(case)
        self._held_key = ""
        self.stage.select(case, self.feed.store)
        if case is None:
            self.panel.show_nothing()
        else:
            self.alarms.acknowledge(case)
            self._show_alarms()

    def _on_who(self) -> None:
        role = self.session.actor.role
        self.top.show_who(self.session.name, tr(f"role.{role}"))

    def _on_theme(self, theme: Theme) -> None:
        for part in self._themed:
            part.set_theme(theme)
        self.stage.set_theme(theme)

    def _on_path(self) -> None:
        city = self.stage.city
        name = self.bridge.core.facts.name if city is None else area_name(city)
        self.top.show_path(name, self.session.path)

    def _on_failed(self, error: BaseException) -> None:
        if self.form.isVisible() and self.form.take_error(error):
            return
        self.notice.warn(*error_words(error))

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        for part in (self.top, self.inbox, self.panel, self.times, self.signs, self.form,
                     self.help, self.palette_box):  # fmt: skip
            part.retranslate()
        self.stage.set_language(language())
        self.setWindowTitle(f"{tr('app.name')} · {self.bridge.core.facts.name}")
        self._on_who()
        self._on_path()
        self._on_tick()

    # ---- what the person wants -----------------------------------------------------------

    def press(self, key: str) -> None:
        """Do what a key of the sheet stands for now, or say that it cannot be done.

        A key pressed before the chosen case's sheet is there waits for it.
        """
        case, sheet = self.session.case, self.panel.sheet
        if case is not None and (sheet is None or sheet.row.uid != case):
            self._held_key = key
            return
        if not self.panel.press(key) and self.session.case is not None:
            self.notice.tell(tr("error.not_now", move=tr(f"help.{key.lower()}")), "attention")

    def open_form(self) -> None:
        """Take in a report."""
        self.form.open_for(self.session.actor)

    def open_palette(self) -> None:
        """Search, go to, do."""
        self.palette_box.open_with([d.command() for d in self.deeds if d.in_palette])

    def become_next(self) -> None:
        """Become who can take the next step, or choose a role."""
        if not self.panel.become_next():
            self._on_who_wanted()

    def _on_who_wanted(self) -> None:
        self.who.open_below(self.top)

    def print_view(self) -> None:
        """Print the map and its cases."""
        names = [self.bridge.core.facts.name, *(area.name for area in self.session.path)]
        self.printing.ask_and_print(self.feed.store, " › ".join(names))

    def turn_full(self) -> None:
        """Change between the whole screen and a window."""
        self.showNormal() if self.isFullScreen() else self.showFullScreen()

    def open_help(self) -> None:
        """Show all keys."""
        groups: dict[str, list[Command]] = {}
        for deed in self.deeds:
            groups.setdefault(deed.group, []).append(deed.command())
        self.help.open_with(groups)

    def show_city(self) -> None:
        """Show the whole city."""
        self._on_area(None)

    def escape(self) -> None:
        """Close what is open, else choose no case."""
        for overlay in (self.palette_box, self.help, self.board, self.photo_view, self.form):
            if overlay.isVisible():
                overlay.leave()
                return
        if not self.part_look.leave() and not self.panel.leave_prompt():
            self.session.choose(None)

    def see_alarm(self) -> None:
        """Acknowledge the newest alarm that nobody has seen and go there, else to the next one."""
        case = self.alarms.next_after(self.session.case)
        if case is not None:
            self.alarms.acknowledge(case)
            self.session.choose(case)
            self._show_alarms()

    def _show_alarms(self) -> None:
        self.top.show_alarms(self.alarms.count, self.alarms.unseen)

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

    def _on_place(self, lon: float, lat: float) -> None:
        if self.form.isVisible():
            self.form.take_place(lon, lat)

    def _on_part(self, part: PartPicked) -> None:
        self._on_place(part.lon, part.lat)

    def _on_unit(self, unit: UnitPicked) -> None:
        self.notice.tell(unit_words(unit, self.feed.store, self.bridge.now_ms()))

    def _on_area_picked(self, area: AreaPicked) -> None:
        if not self.form.isVisible():
            self.status.show_position(area_words(area))

    def _on_photo(self, digest: str) -> None:
        image = self.photos.images.get(digest)
        if image is not None:
            self.photo_view.open_with(image)

    def _on_dimension(self, dimension: str) -> None:
        self.board.open_with(dimension, self.feed.store.signs_of(dimension))

    def _on_pick(self) -> None:
        self.notice.tell(tr("report.picking"))

    def _on_form(self, command: object) -> None:
        self.work.report(command)  # type: ignore[arg-type]  # Signal(object) loses the type

    def _on_reported(self, _changes: Changes) -> None:
        self.form.hide()

    def _on_locate(self, text: str) -> None:
        self.stage.search(text, self._on_located)

    def _on_located(self, hits: tuple[PlaceHit, ...]) -> None:
        found = self.form.take_hits(hits)
        if found is not None:
            self.stage.go_to(found)

    def _on_asked(self, text: str) -> None:
        self.stage.search(text, self.palette_box.take_hits)

    def _on_hit(self, hit: PlaceHit) -> None:
        if hit.kind == "case" and hit.uid is not None:
            self.session.choose(hit.uid)
        else:
            self.stage.go_to(hit)

    def _on_deed(self, name: str) -> None:
        next(deed for deed in self.deeds if deed.name == name).do()

    # Qt overrides

    def showEvent(self, event: object) -> None:
        """Give the sides their width for this window."""
        side = _SIDE if self.width() >= 1700 else _NARROW
        self._split.setSizes([side, max(400, self.width() - 2 * side), side])

    def closeEvent(self, event: object) -> None:
        """Stop following."""
        self.feed.stop()
        self.bridge.close()
        self.stage.close()


_ORDER = {tier: at for at, tier in enumerate(Tier)}
