"""The field 外勤端: one thing at a time, in sun and gloves: my tasks, the map, the form.

Targets are 44 px, nothing moves by itself, and what is saved, sent and not sent is always in
sight.
"""

from __future__ import annotations

from uuid import UUID

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from app.services.changes import Changes
from app.services.commands import ReportCase
from app.services.ports import Blobs
from app.services.views import CaseSheet, PlaceHit
from app.shell.bridge import Bridge
from app.shell.casework import CaseWork
from app.shell.deeds import Deed, bind
from app.shell.feed import Feed
from app.shell.part_look import PartLook
from app.shell.photos import Photos
from app.shell.session import Session
from app.shell.stage import Stage
from app.store import StoreDelta
from widgets.case_sheet import CasePanel
from widgets.field_bar import FieldBar
from widgets.i18n import language, tr
from widgets.inbox import Inbox
from widgets.map_picks import PartPicked
from widgets.notice import Notice, error_words
from widgets.report_form import ReportForm
from widgets.theme import Theme
from widgets.who_menu import WhoMenu

_TASKS, _MAP = "tasks", "map"
_KEYS = ("S", "H", "B", "P", "R")


class Field(QWidget):
    """The window of one person outside."""

    def __init__(
        self, bridge: Bridge, session: Session, stage: Stage, blobs: Blobs | None = None
    ) -> None:
        super().__init__()
        self.setObjectName("station")
        self.setMinimumSize(1024, 640)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.session, self.bridge, self.stage = session, bridge, stage
        bridge.setParent(self)
        session.setParent(self)
        self.feed = Feed(bridge, session, self)
        self.photos = Photos(bridge, blobs, self)
        self.work = CaseWork(bridge, session, self.photos, self)
        theme, now_ms = session.theme, bridge.now_ms
        self.bar = FieldBar(theme, self)
        self.inbox = Inbox(self.feed.store, theme, now_ms, self, tabs=("mine",), big=True)
        self.panel = CasePanel(theme, now_ms, self, height=48)
        self.notice = Notice(theme, self)
        self.who = WhoMenu(self)
        self.form = ReportForm(theme, self, height=48, left=12)
        self.part_look = PartLook(bridge, session, stage, self)
        stage.view.set_animated(False)
        stage.view.set_overlays(chip=False, legend=True)
        stage.set_theme(theme)
        self._lay_out()
        self._connect()
        self.inbox.show_tab("mine")
        self.deeds = self._make_deeds()
        self._keys = bind(self.deeds, self)
        self.retranslate()
        self.show_face(_TASKS)

    def open(self) -> None:
        """Begin to read and to follow."""
        self.feed.start()

    def show_face(self, face: str) -> None:
        """Show tasks, the map, or the map with the form beside it."""
        if face == "form":
            self.form.open_for(self.session.actor)
        elif face == _TASKS:
            self.form.hide()
        self._stack.setCurrentWidget(self._tasks if face == _TASKS else self.stage.widget)
        self.bar.show_face(face)
        if face != _TASKS:
            QTimer.singleShot(0, self, self._look_at_case)  # once the map has its size

    def _look_at_case(self) -> None:
        case = self.session.case
        row = self.feed.store.row(case) if case is not None else None
        if row is not None:
            self.stage.show_street(row.lon, row.lat)

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        for part in (self.bar, self.inbox, self.panel, self.form):
            part.retranslate()
        self.stage.set_language(language())
        self.setWindowTitle(f"{tr('app.name')} · {tr('field.tasks')}")
        self._on_tick()

    def _lay_out(self) -> None:
        body = QWidget(self)
        self._stack = QStackedLayout(body)
        self._tasks = QWidget(body)
        row = QHBoxLayout(self._tasks)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        row.addWidget(self.inbox, 5)
        row.addWidget(self.panel, 6)
        self._stack.addWidget(self._tasks)
        self._stack.addWidget(self.stage.widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        layout.addWidget(body, 1)

    def _connect(self) -> None:
        session, work, panel = self.session, self.work, self.panel
        session.case_changed.connect(self._on_case)
        session.who_changed.connect(self._on_tick)
        session.theme_changed.connect(self._on_theme)
        session.language_changed.connect(self.retranslate)
        self.feed.delta.connect(self._on_delta)
        self.feed.ticked.connect(self._on_tick)
        self.feed.failed.connect(self._on_failed)
        work.sheet_read.connect(self._on_sheet)
        work.told.connect(self.notice.tell)
        work.failed.connect(self._on_failed)
        work.reported.connect(self._on_reported)
        self.photos.read.connect(self._on_photos)
        self.photos.failed.connect(self._on_failed)
        self.inbox.case_chosen.connect(session.choose)
        panel.move_wanted.connect(work.move)
        panel.accept_wanted.connect(work.accept)
        panel.become_wanted.connect(work.become)
        panel.case_chosen.connect(session.choose)
        panel.photos_dropped.connect(work.add_photos)
        self.stage.case_picked.connect(self._on_picked)
        self.stage.place_clicked.connect(self._on_place)
        self.stage.view.part_picked.connect(self._on_part)
        self.bar.face_chosen.connect(self.show_face)
        self.bar.who_wanted.connect(self._on_who_wanted)
        self.who.role_chosen.connect(work.take_role)
        self.form.submitted.connect(self._on_form)
        self.form.pick_wanted.connect(self._on_pick)
        self.form.locate_wanted.connect(self._on_locate)

    def _make_deeds(self) -> tuple[Deed, ...]:
        moves = tuple(
            Deed(f"key_{key}", f"help.{key.lower()}", "decide", (key,), Press(self.panel, key))
            for key in _KEYS
        )
        return (
            *moves,
            Deed("next", "help.j", "select", ("J", "Down"), self._on_next),
            Deed("previous", "help.k", "select", ("K", "Up"), self._on_previous),
            Deed("undo", "help.undo", "decide", ("Ctrl+Z",), self.work.undo),
            Deed("who", "help.who", "window", ("W",), self._on_become),
            Deed("report", "help.report", "window", ("Ctrl+N",), self._on_report),
            Deed("language", "help.language", "window", ("Ctrl+Shift+L",),
                 self.session.turn_language),
        )  # fmt: skip

    def _on_delta(self, delta: StoreDelta) -> None:
        self.inbox.take(delta)
        self.work.follow(delta)
        self.stage.follow(delta, self.feed.store)

    def _on_tick(self) -> None:
        health = self.bridge.core.health().get("database")
        unsent = (health.count if health else 0) + self.bridge.waiting
        self.bar.show_state(self.session.name, unsent, self.feed.store.counts()["mine"])
        self.inbox.tick()
        self.panel.tick()

    def _on_case(self, case: UUID | None) -> None:
        self.inbox.select(case)
        self.stage.select(case, self.feed.store)
        if case is None:
            self.panel.show_nothing()

    def _on_sheet(self, sheet: CaseSheet) -> None:
        self.panel.show_sheet(sheet, self.session.actor)
        self._on_photos()

    def _on_photos(self) -> None:
        sheet = self.work.sheet
        digests = (*(sheet.state.photos if sheet else ()), *self.work.held_photos)
        self.photos.want(digests)
        self.panel.show_photos(digests, self.photos.images)

    def _on_picked(self, case: UUID) -> None:
        self.session.choose(case)
        self.show_face(_TASKS)

    def _on_place(self, lon: float, lat: float) -> None:
        if self.form.isVisible():
            self.form.take_place(lon, lat)

    def _on_part(self, part: PartPicked) -> None:
        self._on_place(part.lon, part.lat)

    def _on_pick(self) -> None:
        self.show_face(_MAP)
        self.notice.tell(tr("report.picking"))

    def _on_form(self, command: ReportCase) -> None:
        self.work.report(command)

    def _on_locate(self, text: str) -> None:
        self.stage.search(text, self._on_located)

    def _on_located(self, hits: tuple[PlaceHit, ...]) -> None:
        self.form.take_hits(hits)

    def _on_reported(self, _changes: Changes) -> None:
        self.form.hide()
        self.show_face(_TASKS)

    def _on_become(self) -> None:
        if not self.panel.become_next():
            self._on_who_wanted()

    def _on_who_wanted(self) -> None:
        self.who.open_below(self.bar)

    def _on_report(self) -> None:
        self.show_face("form")

    def _on_next(self) -> None:
        self.inbox.step(1)

    def _on_previous(self) -> None:
        self.inbox.step(-1)

    def _on_failed(self, error: BaseException) -> None:
        if self.form.isVisible() and self.form.take_error(error):
            return
        self.notice.warn(*error_words(error))

    def _on_theme(self, theme: Theme) -> None:
        for part in (self.bar, self.inbox, self.panel, self.notice, self.form):
            part.set_theme(theme)
        self.stage.set_theme(theme)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop following."""
        self.feed.stop()
        self.bridge.close()
        self.stage.close()


class Press:
    """A key of the sheet, as a thing to do."""

    def __init__(self, panel: CasePanel, key: str) -> None:
        self._panel, self._key = panel, key

    def __call__(self) -> None:
        self._panel.press(self._key)
