"""A click on a part of the map shows its record, read from the map's file off this thread."""

from __future__ import annotations

from uuid import UUID

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.services.questions import OpenPart
from app.services.views import PartRecord
from app.shell.bridge import Bridge
from app.shell.picks import class_name
from app.shell.session import Session
from app.shell.stage import Stage
from widgets.map_picks import PartPicked
from widgets.part_card import PartCard


class PartLook(QObject):
    """Owns the card of one station; the ring on the map goes back to the case when it closes."""

    def __init__(self, bridge: Bridge, session: Session, stage: Stage, window: QWidget) -> None:
        super().__init__(window)
        self._bridge, self._session, self._stage = bridge, session, stage
        self.card = PartCard(session.theme, window, stage.widget)
        self.card.closed.connect(self._on_closed)
        stage.view.part_picked.connect(self._on_part)
        stage.place_clicked.connect(self._on_place)
        session.case_changed.connect(self._on_case)
        session.theme_changed.connect(self.card.set_theme)
        session.language_changed.connect(self.card.retranslate)

    def leave(self) -> bool:
        """Close the card; returns whether there was one."""
        shown = self.card.isVisible()
        if shown:
            self.card.leave()
            self._on_closed()
        return shown

    def _on_part(self, part: PartPicked) -> None:
        name = class_name(part.cls)
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

    def _on_case(self, _case: UUID | None) -> None:
        self.card.leave()

    def _on_closed(self) -> None:
        self._stage.ring(self._session.case)
