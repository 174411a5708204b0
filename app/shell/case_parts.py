"""The parts with which a person works on cases, wired once for every station that has them.

List, sheet, report form, photos, news, keys: a station makes these, gives them their places in
its own layout, and adds what only it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.services.changes import Changes
from app.services.ports import Blobs
from app.services.searching import SURE_ENOUGH, Geocode
from app.services.views import CaseSheet, Geocoded, PlaceHit
from app.shell.casework import CaseWork
from app.shell.deeds import Deed
from app.shell.grid_look import GridLook
from app.shell.part_look import PartLook
from app.shell.photos import Photos
from app.shell.saving import Saving
from app.shell.station import Station
from app.store import TABS, StoreDelta
from widgets.case_sheet import CasePanel
from widgets.cheat_sheet import CheatSheet
from widgets.i18n import tr
from widgets.inbox import Inbox
from widgets.map_picks import PartPicked
from widgets.notice import Notice, error_words
from widgets.overlay import Overlay
from widgets.palette import Command
from widgets.photo_view import PhotoView
from widgets.report_form import ReportForm
from widgets.sheet_words import photos_of
from widgets.who_menu import WhoMenu

_USUAL, _TOUCH = 34, 48
_BESIDE_LIST = 412


class CaseParts(QObject):
    """Made by a station before its layout; `touch` is for gloves: big rows and buttons."""

    def __init__(
        self,
        station: Station,
        blobs: Blobs | None,
        *,
        tabs: Sequence[str] = TABS,
        touch: bool = False,
    ) -> None:
        super().__init__(station)
        self._station, self._session, self._stage = station, station.session, station.stage
        self._bridge = station.bridge
        bridge, theme, now_ms = station.bridge, station.session.theme, station.bridge.now_ms
        high, left = (_TOUCH, 12) if touch else (_USUAL, _BESIDE_LIST)
        self.photos = Photos(bridge, blobs, station)
        self.work = CaseWork(bridge, station.session, self.photos, station)
        self.saving = Saving(bridge, station)
        self.inbox = Inbox(station.feed.store, theme, now_ms, station, tabs=tabs, big=touch)
        self.panel = CasePanel(theme, now_ms, station, height=high)
        self.form = ReportForm(theme, station, height=high, left=left)
        self.notice = Notice(theme, station)
        self.help = CheatSheet(theme, station)
        self.photo_view = PhotoView(theme, station)
        self.who = WhoMenu(station)
        self.who.setProperty("touch", touch)
        self.part_look = PartLook(bridge, station.session, station.stage, station)
        self.grid_look = GridLook(bridge, station.session, station.stage)
        part_form = self.part_look.form
        self.overlays: list[Overlay] = [self.help, self.photo_view, self.form, part_form]
        self._held_key = ""
        self._located_text = ""
        station.dress(
            self.inbox, self.panel, self.form, self.notice, self.help, self.photo_view
        )  # fmt: skip
        self._connect_work()
        self._connect_parts()

    # ---- what a station asks -------------------------------------------------------------

    def press(self, key: str) -> None:
        """Do what a key of the sheet stands for now, or say that it cannot be done.

        A key pressed before the chosen case's sheet is there waits for it.
        """
        case, sheet = self._session.case, self.panel.sheet
        if case is not None and (sheet is None or sheet.row.uid != case):
            self._held_key = key
            return
        if not self.panel.press(key) and case is not None:
            self.notice.tell(tr("error.not_now", move=tr(f"help.{key.lower()}")), "attention")

    def tick(self) -> None:
        """Let a second pass on list and sheet."""
        self.inbox.tick()
        self.panel.tick()

    def become_next(self, bar: QWidget) -> None:
        """Become who can take the next step, or choose a role in a menu under `bar`."""
        if not self.panel.become_next():
            self.who.open_below(bar)

    def open_form(self) -> None:
        """Take in a report."""
        self.form.open_for(self._session.actor)

    def report_at(self, lon: float, lat: float, address: str) -> None:
        """Take in a report of a place, in degrees WGS 84."""
        self.open_form()
        self.form.take_place(lon, lat, address)

    def open_help(self, deeds: Sequence[Deed]) -> None:
        """Show all keys."""
        groups: dict[str, list[Command]] = {}
        for deed in deeds:
            groups.setdefault(deed.group, []).append(deed.command())
        self.help.open_with(groups)

    def escape(self) -> bool:
        """Close the uppermost thing that is open; False if nothing was."""
        for overlay in self.overlays:
            if overlay.isVisible():
                overlay.leave()
                return True
        if self.grid_look.leave() or self.part_look.leave():
            return True
        if self.panel.leave_prompt() or self.notice.leave():
            return True
        chosen = self._session.case is not None
        self._session.choose(None)
        return chosen

    def undo(self) -> None:
        """Take back the last change of the part on show or just changed, else the case's step."""
        if not self.part_look.undo():
            self.work.undo()

    def overlay_open(self) -> bool:
        """Return whether something stands over the station's page."""
        return any(overlay.isVisible() for overlay in self.overlays)

    def open_photo(self, digest: str) -> None:
        """Show a photo of the case large."""
        image = self.photos.images.get(digest)
        if image is not None:
            self.photo_view.open_with(image)

    # ---- between the parts ---------------------------------------------------------------

    def _connect_work(self) -> None:
        station, work = self._station, self.work
        self._session.case_changed.connect(self._on_case)
        station.feed.delta.connect(self._on_delta)
        station.feed.failed.connect(self._on_failed)
        work.sheet_read.connect(self._on_sheet)
        self.saving.changed.connect(self.panel.show_saving)
        work.told.connect(self.notice.tell)
        work.failed.connect(self._on_failed)
        work.people_read.connect(self.panel.ask_person)
        work.reported.connect(self._on_reported)
        self.photos.read.connect(self._on_photos)
        self.photos.failed.connect(self._on_failed)
        self.who.role_chosen.connect(work.take_role)
        for look in (self.part_look, self.grid_look):
            look.told.connect(self.notice.tell)
            look.failed.connect(self._on_failed)
        self._stage.told.connect(self.notice.tell)
        self._stage.failed.connect(self._on_failed)

    def _connect_parts(self) -> None:
        session, work, panel, form = self._session, self.work, self.panel, self.form
        self.inbox.case_chosen.connect(session.choose)
        self.inbox.more_wanted.connect(self._station.feed.more)
        panel.accept_wanted.connect(work.accept)
        panel.other_wanted.connect(work.ask_people)
        panel.move_wanted.connect(work.move)
        panel.beside_wanted.connect(work.beside)
        panel.matter_chosen.connect(work.choose_matter)
        panel.person_chosen.connect(work.send_to)
        panel.become_wanted.connect(work.become)
        panel.case_chosen.connect(session.choose)
        panel.photos_dropped.connect(work.add_photos)
        panel.photo_opened.connect(self.open_photo)
        form.submitted.connect(work.report)
        form.pick_wanted.connect(self._on_pick)
        form.locate_wanted.connect(self._on_locate)
        self._stage.case_picked.connect(session.choose)
        self._stage.place_clicked.connect(self._on_place)
        self._stage.view.part_picked.connect(self._on_part)

    def _on_delta(self, delta: StoreDelta) -> None:
        self.inbox.take(delta)
        self.work.follow(delta)

    def _on_case(self, case: UUID | None) -> None:
        if self.inbox.current() != case:
            self.inbox.select(case)
        self._held_key = ""
        self._stage.select(case, self._station.feed.store)
        if case is None:
            self.panel.show_nothing()

    def _on_sheet(self, sheet: CaseSheet) -> None:
        self.panel.show_sheet(sheet, self._session.actor)
        self._on_photos()
        key, self._held_key = self._held_key, ""
        if key:
            self.press(key)

    def _on_photos(self) -> None:
        sheet = self.work.sheet
        held = self.work.held_photos
        digests = (*(photos_of(sheet) if sheet else ()), *held)
        self.photos.want(digests)
        self.panel.show_photos(digests, self.photos.images, held)

    def _on_failed(self, error: BaseException) -> None:
        if self.form.isVisible() and self.form.take_error(error):
            return
        self.notice.warn(*error_words(error))

    def _on_reported(self, _changes: Changes) -> None:
        self.form.leave()

    def _on_pick(self) -> None:
        self.notice.tell(tr("report.picking"))

    def _on_place(self, lon: float, lat: float) -> None:
        if self.form.isVisible():
            self.form.take_place(lon, lat)

    def _on_part(self, part: PartPicked) -> None:
        self._on_place(part.lon, part.lat)

    def _on_locate(self, text: str) -> None:
        self._located_text = text
        self._bridge.ask(Geocode(text, 1), self._on_geocoded, self._on_not_geocoded)

    def _on_geocoded(self, found: tuple[Geocoded, ...]) -> None:
        if found and found[0].confidence >= SURE_ENOUGH:
            self.form.take_geocoded(found[0])
            self._stage.show_found(found[0])
        else:
            self._stage.search(self._located_text, self._on_located)

    def _on_not_geocoded(self, _error: BaseException) -> None:
        self._stage.search(self._located_text, self._on_located)

    def _on_located(self, hits: tuple[PlaceHit, ...]) -> None:
        found = self.form.take_hits(hits)
        if found is not None:
            self._stage.go_to(found)
