"""The field 外勤端: one thing at a time, in sun and gloves.

My tasks, the map, the form, the camera's folder, and what is saved and sent: five pages on large
tabs. Targets are 44 px, nothing moves by itself, and the last line of every page says what is
saved, what is sent and what is not.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from uuid import UUID

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from app.services.changes import Changes
from app.services.ports import Blobs
from app.services.views import CaseSheet
from app.shell.bridge import Bridge
from app.shell.camera_folder import CameraFolder
from app.shell.case_parts import CaseParts
from app.shell.deeds import bind
from app.shell.field_deeds import field_deeds
from app.shell.map_deeds import map_deeds
from app.shell.map_work import FIELD_TOOLS, MapWork
from app.shell.receipts import Receipts
from app.shell.session import Session
from app.shell.stage import Stage
from app.shell.station import Station
from app.shell.status import troubles
from widgets.camera_page import CameraPage
from widgets.field_bar import FieldBar
from widgets.i18n import tr
from widgets.photo_grid import Shot
from widgets.sheet_words import title_line
from widgets.sync_page import SyncLine, SyncPage
from widgets.words import named, person_named

_TASKS, _MAP, _FORM, _CAMERA, _SYNC = "tasks", "map", "form", "camera", "sync"
_LEAST = (1024, 640)
_LOOK_EVERY = 5  # seconds between looks at the camera's folder while it is shown


class Field(Station):
    """The window of one person outside. `camera_chosen` carries the folder to remember."""

    camera_chosen = Signal(object)  # str

    def __init__(
        self, bridge: Bridge, session: Session, stage: Stage, blobs: Blobs | None = None
    ) -> None:
        super().__init__(bridge, session, stage, least=_LEAST)
        theme = session.theme
        self.bar = FieldBar(theme, self)
        self._take_case_parts(CaseParts(self, blobs, tabs=("mine",), touch=True))
        self.camera = CameraFolder(bridge, self)
        self.receipts = Receipts(bridge, self)
        self.camera_page, self.sync_page = CameraPage(theme, self), SyncPage(theme, self)
        self.line = SyncLine(theme, self)
        self.dress(self.bar, self.camera_page, self.sync_page, self.line)
        self.face, self._beats = _TASKS, 0
        stage.view.set_animated(False)
        stage.view.set_overlays(chip=False, legend=True)
        self.map = MapWork(
            bridge, session, stage.view, self.feed.store, self, tools=FIELD_TOOLS, touch=True
        )
        self._lay_out()
        self._connect()
        self.inbox.show_tab("mine")
        self.deeds = (*field_deeds(self), *map_deeds(self.map, tools=FIELD_TOOLS))
        self._keys = bind(self.deeds, self)
        self.retranslate()
        self.show_face(_TASKS)

    def show_face(self, face: str) -> None:
        """Show one of the five pages; the form stands beside the map."""
        if face == _FORM and not self.form.isVisible():
            self.cases.open_form()
        elif face not in (_FORM, _MAP):
            self.form.hide()
        self.face = face
        self._stack.setCurrentWidget(self._pages[face])
        self.bar.show_face(face)
        if face in (_MAP, _FORM):
            QTimer.singleShot(0, self, self._look_at_case)  # once the map has its size
        elif face == _CAMERA:
            self.camera.look()
            self.camera_page.take_keys()
        elif face == _SYNC:
            self.sync_page.setFocus()
        if face in (_TASKS, _MAP):
            self.setFocus()

    def watch(self, folder: Path) -> None:
        """Watch a camera's folder and show what lies in it."""
        self.camera.watch(folder)

    def press_here(self, key: str) -> None:
        """Take a step with the task in sight; on another page, show the task first."""
        if self.face == _TASKS:
            self.press(key)
        else:
            self.show_face(_TASKS)

    def open_help(self) -> None:
        """Show all keys."""
        self.cases.open_help(self.deeds)

    def become_next(self) -> None:
        """Become who can take the next step, or choose a role."""
        self.cases.become_next(self.bar)

    def escape(self) -> None:
        """Close what is open, else go back to my tasks."""
        form = self.form.isVisible()
        if self.face == _MAP and not self.cases.overlay_open() and self.map.leave():
            return
        if self.cases.overlay_open() or self.face == _TASKS:
            self.cases.escape()
            if form and not self.form.isVisible():
                self.show_face(_TASKS)
        else:
            self.show_face(_TASKS)

    def choose_folder(self) -> None:
        """Ask which folder the camera writes to; on the other pages, go to the camera's first."""
        if self.face != _CAMERA:
            self.show_face(_CAMERA)
            return
        start = str(self.camera.folder or Path.home())
        name = QFileDialog.getExistingDirectory(self, tr("camera.choose"), start)
        if name:
            self.camera_chosen.emit(name)
            self.watch(Path(name))

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        super().retranslate()
        self.setWindowTitle(f"{tr('app.name')} · {tr('field.title')}")
        self._on_tick()

    # ---- parts ---------------------------------------------------------------------------

    def _take_case_parts(self, cases: CaseParts) -> None:
        self.cases, self.work, self.photos = cases, cases.work, cases.photos
        self.inbox, self.panel, self.form = cases.inbox, cases.panel, cases.form
        self.notice, self.press = cases.notice, cases.press

    def _lay_out(self) -> None:
        body = QWidget(self)
        self._stack = QStackedLayout(body)
        tasks = QWidget(body)
        row = QHBoxLayout(tasks)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        row.addWidget(self.inbox, 5)
        row.addWidget(self.panel, 6)
        self._pages = {
            _TASKS: tasks, _MAP: self.stage.widget, _FORM: self.stage.widget,
            _CAMERA: self.camera_page, _SYNC: self.sync_page,
        }  # fmt: skip
        for page in (tasks, self.stage.widget, self.camera_page, self.sync_page):
            self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        layout.addWidget(body, 1)
        layout.addWidget(self.line)

    def _connect(self) -> None:
        self.session.who_changed.connect(self._on_tick)
        self.session.case_changed.connect(self._on_case)
        self.work.sheet_read.connect(self._on_sheet)
        self.work.reported.connect(self._on_reported)
        self.stage.case_picked.connect(self._on_picked)
        self.bar.face_chosen.connect(self.show_face)
        self.bar.who_wanted.connect(self._on_who_wanted)
        self.form.pick_wanted.connect(self._on_pick)
        self.form.closed.connect(self._on_form_closed)
        self.panel.photos_wanted.connect(self._on_photos_wanted)
        self.map.told.connect(self.notice.tell)
        self.map.failed.connect(self.work.failed)
        self.map.report_wanted.connect(self._on_report_here)
        self.receipts.changed.connect(self._show_state)
        self.camera.changed.connect(self._on_camera)
        self.camera_page.folder_wanted.connect(self.choose_folder)
        self.camera_page.task_wanted.connect(self._on_to_task)
        self.camera_page.report_wanted.connect(self._on_to_report)

    # ---- what comes up -------------------------------------------------------------------

    def _on_tick(self) -> None:
        self._beats += 1
        self.bar.show_state(person_named(self.session.name), self.feed.store.counts()["mine"])
        self.cases.tick()
        self._show_state()
        if self.face == _CAMERA and self._beats % _LOOK_EVERY == 0:
            self.camera.look()

    def _show_state(self) -> None:
        facts, state = self.bridge.core.facts, self.receipts.state()
        mark = tr("app.sample_mark") if facts.sample else ""
        self.line.show_state(state, " · ".join(filter(None, (named(facts.name), mark))))
        self.sync_page.show_state(state, troubles(self.bridge))

    def _on_case(self, case: UUID | None) -> None:
        if case is None:
            self.camera_page.show_task("")

    def _on_sheet(self, sheet: CaseSheet) -> None:
        self.camera_page.show_task(title_line(sheet) if sheet.row.is_open else "")

    def _on_picked(self, _case: UUID) -> None:
        self.show_face(_TASKS)

    def _on_report_here(self, lon: float, lat: float, address: str) -> None:
        self.cases.report_at(lon, lat, address)
        self.show_face(_FORM)

    def _on_pick(self) -> None:
        self.show_face(_MAP)

    def _on_reported(self, _changes: Changes) -> None:
        self.show_face(_TASKS)

    def _on_form_closed(self) -> None:
        if self.face == _FORM:
            self.show_face(_TASKS)

    def _on_who_wanted(self) -> None:
        self.cases.who.open_below(self.bar)

    def _on_photos_wanted(self) -> None:
        self.show_face(_CAMERA)

    def _look_at_case(self) -> None:
        case = self.session.case
        row = self.feed.store.row(case) if case is not None else None
        if row is not None:
            self.stage.show_street(row.lon, row.lat)

    # ---- photos of the camera ------------------------------------------------------------

    def _on_camera(self) -> None:
        folder, trouble = self.camera.folder, self.camera.trouble
        self.camera_page.show_folder(str(folder or ""), trouble)
        self.camera_page.show_shots(self.camera.shots)

    def _on_to_task(self, shots: tuple[Shot, ...]) -> None:
        case = self.session.case
        if case is not None:
            paths = tuple(shot.path for shot in shots)
            self.photos.store(paths, partial(self._on_task_photos, case, shots))

    def _on_task_photos(
        self, case: UUID, shots: tuple[Shot, ...], digests: tuple[str, ...]
    ) -> None:
        if self.work.hold_photos(case, digests):
            self._attached(shots)
            self.show_face(_TASKS)
            self.notice.tell(tr("camera.held", n=len(digests)))

    def _on_to_report(self, shots: tuple[Shot, ...]) -> None:
        self.photos.store((shot.path for shot in shots), partial(self._on_report_photos, shots))

    def _on_report_photos(self, shots: tuple[Shot, ...], digests: tuple[str, ...]) -> None:
        self._attached(shots)
        self.cases.open_form()
        taken = [shot.at_ms for shot in shots if shot.exif_time]
        self.form.take_photos(digests, min(taken) if taken else None)
        here = next((s for s in shots if s.lon is not None and s.lat is not None), None)
        if here is not None and here.lon is not None and here.lat is not None:
            self.form.take_place(here.lon, here.lat, source="camera")
            self.stage.show_street(here.lon, here.lat)
        self.show_face(_FORM)

    def _attached(self, shots: tuple[Shot, ...]) -> None:
        self.camera.mark_attached(shot.path for shot in shots)
        self.camera_page.grid.clear()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop following, and looking at the folder."""
        self.camera.stop()
        self.map.stop()
        super().closeEvent(event)
