"""A click on a part of the map shows its record; E edits it, M moves it, Ctrl Z takes that back."""

from __future__ import annotations

from uuid import UUID

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.domain.errors import AppError
from app.domain.geodesy import CityFrame
from app.domain.parts.rights import may
from app.services.changes import Changes
from app.services.commands import AddPart, ChangePart, UndoPart
from app.services.parts import check_right
from app.services.parts_asking import FindPart, PartHistory
from app.services.parts_views import PartStory
from app.services.questions import OpenPart
from app.services.views import PartRecord
from app.shell.bridge import Bridge
from app.shell.picks import class_name
from app.shell.session import Session
from app.shell.stage import Stage
from widgets.crosshair import Crosshair, Place
from widgets.i18n import tr
from widgets.map_picks import PartPicked
from widgets.part_card import PartCard
from widgets.part_form import PartForm
from widgets.part_words import note_words


class PartLook(QObject):
    """Owns card and form of one station; the ring goes back to the case when the card closes.

    `told` carries words of news, `failed` an error that no field of the form takes.
    """

    told = Signal(str)
    failed = Signal(object)

    def __init__(self, bridge: Bridge, session: Session, stage: Stage, window: QWidget) -> None:
        super().__init__(window)
        self._bridge, self._session, self._stage = bridge, session, stage
        facts = bridge.core.facts
        self._frame = CityFrame(facts.lon0, facts.lat0)
        self.card = PartCard(session.theme, window, stage.widget)
        self.form = PartForm(session.theme, window)
        self.cross = Crosshair(self, lambda: stage.view.camera.m_per_px, self._say)
        self._story: PartStory | None = None
        self._last: UUID | None = None  # the part changed last here, for Ctrl Z
        self._new: Place | None = None
        self._placing = ""  # add | move, while the cross is out
        self._connect()

    def _connect(self) -> None:
        session, stage = self._session, self._stage
        self.card.closed.connect(self._on_closed)
        stage.view.part_picked.connect(self._on_part)
        stage.place_clicked.connect(self._on_place)
        session.case_changed.connect(self._on_case)
        for part in (self.card, self.form):
            session.theme_changed.connect(part.set_theme)
            session.language_changed.connect(part.retranslate)
        self._bridge.commanded.connect(self._on_commanded)
        self.form.saved.connect(self._on_saved)
        self.form.move_wanted.connect(self.move)
        self.form.undo_wanted.connect(self.undo)
        self.form.retire_wanted.connect(self._on_retire)
        self.cross.changed.connect(stage.widget.update)
        self.cross.ended.connect(self._on_placed)
        self.cross.cancelled.connect(self._put_away)

    # ---- what a person asks --------------------------------------------------------------

    def leave(self) -> bool:
        """Close what is uppermost; returns whether there was anything."""
        if self._placing:
            self._put_away()
            return True
        shown = self.card.isVisible()
        if shown:
            self.card.leave()
            self._on_closed()
        return shown

    def edit(self) -> None:
        """Open the form for the part whose card is shown."""
        if self.card.fid is None:
            self.told.emit(tr("part.choose"))
        elif self._is_open_to("state"):
            self._bridge.ask(FindPart(fid=self.card.fid), self._on_found, self.failed.emit)

    def move(self) -> None:
        """Take the cross out to move the part; Enter puts it down."""
        if self._story is None or not self._is_open_to("edit"):
            return
        part = self._story.part
        x, y = self._frame.to_xy(part.lon, part.lat)
        self._take_out("move", (float(x), float(y)))

    def add(self) -> None:
        """Take the cross out to add a part where it is put down."""
        if self._is_open_to("add"):
            camera = self._stage.view.camera
            self._take_out("add", (camera.x, camera.y))

    def undo(self) -> bool:
        """Take back the last change of the part on show, or of the one changed last here.

        False if the card is not open and nothing was changed here: then it is the case's turn.
        """
        part = self._last
        if self._story is not None and (self.card.isVisible() or self.form.isVisible()):
            part = self._story.part.uid
        if part is None:
            return False
        self._last = None
        self._bridge.submit(UndoPart(self._session.actor, part), self._on_done, self.failed.emit)
        return True

    # ---- what follows --------------------------------------------------------------------

    def _is_open_to(self, right: str) -> bool:
        role = self._session.actor.role
        if may(role, right):
            return True
        try:
            check_right(self._session.actor, right)
        except AppError as error:
            self.failed.emit(error)
        return False

    def _take_out(self, why: str, at: Place) -> None:
        self._placing = why
        self.form.hide()
        self.cross.begin(at)
        self._stage.view.take_tool(self.cross)
        self.told.emit(tr("part.placing"))

    def _put_away(self) -> None:
        self._placing = ""
        self._stage.view.take_tool(None)

    def _on_placed(self, at: Place) -> None:
        why = self._placing
        self._put_away()
        lon, lat = (float(value) for value in self._frame.to_lonlat(*at))
        if why == "add":
            self._new = (lon, lat)
            self.form.open_new(lon, lat)
        elif self._story is not None:
            command = ChangePart(self._session.actor, self._story.part.uid, lon=lon, lat=lat)
            self._bridge.submit(command, self._on_done, self.failed.emit)

    def _say(self, at: Place) -> str:
        lon, lat = (float(value) for value in self._frame.to_lonlat(*at))
        return f"{lon:.6f}, {lat:.6f}"

    def _on_saved(self, fields: dict[str, str], reason: str) -> None:
        actor = self._session.actor
        if self.form.is_new and self._new is not None:
            self._submit(AddPart(actor, *self._new, fields, reason))
        elif self._story is not None:
            self._submit(ChangePart(actor, self._story.part.uid, fields, reason=reason))

    def _on_retire(self, reason: str) -> None:
        if self._story is not None:
            part = self._story.part.uid
            self._submit(ChangePart(self._session.actor, part, retire=True, reason=reason))

    def _submit(self, command: AddPart | ChangePart) -> None:
        self._bridge.submit(command, self._on_done, self._on_refused)

    def _on_refused(self, error: BaseException) -> None:
        if not (self.form.isVisible() and self.form.take_error(error)):
            self.failed.emit(error)

    def _on_done(self, changes: Changes) -> None:
        self.form.leave()
        (row,) = changes.parts
        self._last = row.uid
        words = note_words(changes.notes)
        self.told.emit(f"{tr('part.saved', code=row.code)}  {words}".strip())
        if row.gone:
            self.card.leave()
        else:
            self._stage.view.select_place(row.lon, row.lat, class_name(row.cls))
            self._bridge.ask(PartHistory(row.uid), self._on_told_again)

    def _on_told_again(self, story: PartStory) -> None:
        self._story = story
        if story.fid is not None:
            part = story.part
            self.card.open_with(story.fid, class_name(part.cls), part.state)
            self._bridge.ask(OpenPart(story.fid), self._on_record)

    def _on_found(self, part: UUID) -> None:
        self._bridge.ask(PartHistory(part), self._on_story, self.failed.emit)

    def _on_story(self, story: PartStory) -> None:
        self._story = story
        self.form.open_with(story, class_name(story.part.cls))

    def _on_part(self, part: PartPicked) -> None:
        name = class_name(part.cls)
        self._story = None
        self._stage.view.select_place(part.lon, part.lat, name)
        self.card.open_with(part.fid, name, part.state)
        self._bridge.ask(OpenPart(part.fid), self._on_record)

    def _on_record(self, record: PartRecord | None) -> None:
        if record is not None:
            self.card.show_record(class_name(record.cls), record)
        elif self.card.isVisible():
            self.card.show_gone()

    def _on_place(self, _lon: float, _lat: float) -> None:
        self.leave()

    def _on_commanded(self, _ticket: int, command: object) -> None:
        if not isinstance(command, AddPart | ChangePart | UndoPart):
            self._last = None  # Ctrl Z is the case's again

    def _on_case(self, _case: UUID | None) -> None:
        self.card.leave()
        self._last = None

    def _on_closed(self) -> None:
        self._story = None
        self._stage.ring(self._session.case)
