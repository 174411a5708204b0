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
from app.shell.bridge import Bridge
from app.shell.casework import CaseWork
from app.shell.deeds import Deed, bind
from app.shell.feed import Feed
from app.shell.photos import Photos
from app.shell.printing import Printing, SheetPrinter
from app.shell.session import Session
from app.shell.stage import Stage
from app.shell.status import status_items
from app.store import StoreDelta
from widgets.case_sheet import CasePanel
from widgets.cheat_sheet import CheatSheet
from widgets.i18n import language, tr
from widgets.inbox import Inbox
from widgets.notice import Notice, error_words
from widgets.palette import Command, Palette
from widgets.report_form import ReportForm
from widgets.sign_strip import SignStrip
from widgets.status_strip import StatusStrip
from widgets.theme import Theme
from widgets.time_strip import TimeStrip
from widgets.top_bar import TopBar
from widgets.who_menu import WhoMenu
from widgets.words import local

_SIDE = 400
_NARROW = 320
_MOVE_KEYS = ("A", "D", "S", "H", "P", "R", "C", "B", "X")


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
        self.work = CaseWork(bridge, session, self.photos, self)
        self.printing = Printing(printer, bridge, stage.view, self)
        self._make_parts(session.theme, bridge.now_ms)
        self._lay_out()
        self._connect()
        stage.set_theme(session.theme)
        self.deeds = self._make_deeds()
        self._keys = bind(self.deeds, self)
        self.retranslate()

    def open(self) -> None:
        """Begin to read and to follow."""
        self.feed.start()

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
        self.who = WhoMenu(self)
        self._themed = (self.top, self.inbox, self.panel, self.times, self.signs, self.status,
                        self.notice, self.palette_box, self.form, self.help)  # fmt: skip

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
        self.top.palette_wanted.connect(self._on_palette)
        self.top.who_wanted.connect(self._on_who_wanted)
        self.top.alarms_wanted.connect(self._on_alarms)
        self.top.area_chosen.connect(self._on_area)
        self.top.choice_wanted.connect(self._on_choice)
        self.stage.case_picked.connect(session.choose)
        self.stage.place_clicked.connect(self._on_place)
        self.stage.pointed.connect(self.status.show_position)
        self.stage.went.connect(session.go)
        self.who.role_chosen.connect(work.take_role)
        self.form.submitted.connect(self._on_form)
        self.form.pick_wanted.connect(self._on_pick)
        self.form.locate_wanted.connect(self._on_locate)
        self.palette_box.asked.connect(self._on_asked)
        self.palette_box.hit_chosen.connect(self._on_hit)
        self.palette_box.deed_chosen.connect(self._on_deed)

    def _make_deeds(self) -> tuple[Deed, ...]:
        moves = tuple(
            Deed(f"key_{key}", f"help.{key.lower()}", "decide", (key,), _Press(self, key))
            for key in _MOVE_KEYS
        )
        choices = tuple(
            Deed(f"choose_{n}", f"help.choose_{n}", "decide", (str(n),), _Choose(self, n), False)
            for n in (1, 2, 3)
        )
        return (
            Deed("next", "help.j", "select", ("J", "Down"), self._on_next),
            Deed("previous", "help.k", "select", ("K", "Up"), self._on_previous),
            Deed("page_down", "help.page_down", "select", ("PgDown",), self._on_page_down, False),
            Deed("page_up", "help.page_up", "select", ("PgUp",), self._on_page_up, False),
            Deed("tabs", "help.tabs", "select", ("Tab",), self._on_tabs, False),
            *moves,
            *choices,
            Deed("undo", "help.undo", "decide", ("Ctrl+Z",), self.work.undo),
            Deed("report", "help.report", "window", ("Ctrl+N",), self._on_report),
            Deed("palette", "help.palette", "window", ("Ctrl+K",), self._on_palette, False),
            Deed("who", "help.who", "window", ("W",), self._on_become),
            Deed("theme", "help.theme", "window", ("Ctrl+L",), self.session.turn_theme),
            Deed("language", "help.language", "window", ("Ctrl+Shift+L",),
                 self.session.turn_language),
            Deed("print", "help.print", "window", ("Ctrl+P",), self._on_print),
            Deed("full", "help.full", "window", ("F11",), self._on_full),
            Deed("city", "command.city", "window", ("Home",), self._on_city),
            Deed("help", "help.title", "window", ("F1", "?"), self._on_help),
            Deed("close", "help.close", "window", ("Esc",), self._on_escape, False),
        )  # fmt: skip

    # ---- what comes up -------------------------------------------------------------------

    def _on_delta(self, delta: StoreDelta) -> None:
        self.inbox.take(delta)
        self.work.follow(delta)
        if delta.signs:
            self.signs.show_signs(self.feed.store.headlines())
        self.stage.follow(delta, self.feed.store)

    def _on_tick(self) -> None:
        now = self.bridge.now_ms()
        at = local(now)
        self.top.show_clock(f"{at:%H:%M:%S}", self.feed.shift_words(at.hour + at.minute / 60))
        self.top.show_alarms(len(self.feed.store.critical(now)))
        self.inbox.tick()
        self.panel.tick()
        self.signs.update()
        items, right = status_items(self.bridge, self.feed.store, now)
        self.status.show_items(items, right)

    def _on_sheet(self, sheet: CaseSheet) -> None:
        self.panel.show_sheet(sheet, self.session.actor)
        self._on_photos()
        self.photos.want(sheet.state.photos)

    def _on_photos(self) -> None:
        sheet = self.work.sheet
        digests = (*(sheet.state.photos if sheet else ()), *self.work.held_photos)
        self.photos.want(digests)
        self.panel.show_photos(digests, self.photos.images)

    def _on_case(self, case: UUID | None) -> None:
        if self.inbox.current() != case:
            self.inbox.select(case)
        self.stage.select(case, self.feed.store)
        if case is None:
            self.panel.show_nothing()

    def _on_who(self) -> None:
        role = self.session.actor.role
        self.top.show_who(self.session.name, tr(f"role.{role}"))

    def _on_theme(self, theme: Theme) -> None:
        for part in self._themed:
            part.set_theme(theme)
        self.stage.set_theme(theme)

    def _on_path(self) -> None:
        self.top.show_path(self.bridge.core.facts.name, self.session.path)

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
        """Do what a key of the sheet stands for now, or say that it cannot be done."""
        if not self.panel.press(key) and self.session.case is not None:
            self.notice.tell(tr("error.not_now", move=tr(f"help.{key.lower()}")), "attention")

    def _on_next(self) -> None:
        self.inbox.step(1)

    def _on_previous(self) -> None:
        self.inbox.step(-1)

    def _on_page_down(self) -> None:
        self.inbox.step(10)

    def _on_page_up(self) -> None:
        self.inbox.step(-10)

    def _on_tabs(self) -> None:
        self.inbox.turn_tab(1)

    def _on_report(self) -> None:
        self.form.open_for(self.session.actor)

    def _on_palette(self) -> None:
        self.palette_box.open_with([d.command() for d in self.deeds if d.in_palette])

    def _on_become(self) -> None:
        if not self.panel.become_next():
            self._on_who_wanted()

    def _on_who_wanted(self) -> None:
        self.who.open_below(self.top)

    def _on_print(self) -> None:
        names = [self.bridge.core.facts.name, *(area.name for area in self.session.path)]
        self.printing.ask_and_print(self.feed.store, " › ".join(names))

    def _on_full(self) -> None:
        self.showNormal() if self.isFullScreen() else self.showFullScreen()

    def _on_help(self) -> None:
        groups: dict[str, list[Command]] = {}
        for deed in self.deeds:
            groups.setdefault(deed.group, []).append(deed.command())
        self.help.open_with(groups)

    def _on_city(self) -> None:
        self._on_area(None)

    def _on_escape(self) -> None:
        for overlay in (self.palette_box, self.help, self.form):
            if overlay.isVisible():
                overlay.leave()
                return
        if not self.panel.leave_prompt():
            self.session.choose(None)

    def _on_alarms(self) -> None:
        critical = self.feed.store.critical(self.bridge.now_ms())
        if critical:
            self.session.choose(critical[0].uid)

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

    def _on_pick(self) -> None:
        self.notice.tell(tr("report.picking"))

    def _on_form(self, command: object) -> None:
        self.work.report(command)  # type: ignore[arg-type]  # Signal(object) loses the type

    def _on_reported(self, _changes: Changes) -> None:
        self.form.hide()

    def _on_locate(self, text: str) -> None:
        self.stage.search(text, self.form.take_hits)

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


class _Press:
    """A key of the sheet, as a thing to do."""

    def __init__(self, desk: Desk, key: str) -> None:
        self._desk, self._key = desk, key

    def __call__(self) -> None:
        self._desk.press(self._key)


class _Choose:
    """A number key, as a thing to do."""

    def __init__(self, desk: Desk, number: int) -> None:
        self._desk, self._number = desk, number

    def __call__(self) -> None:
        self._desk.panel.choose_matter(self._number)


_ORDER = {tier: at for at, tier in enumerate(Tier)}
