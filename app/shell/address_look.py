"""The page of address change requests at a station: reads, decides, asks, and follows others."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.domain.geodesy import CityFrame
from app.services.address_asking import AddressHistory, AddressRequests, AddressStory
from app.services.changes import Changes
from app.services.commands import DecideAddress, ProposeAddress, WithdrawAddress
from app.services.searching import AddressAt, Here
from app.shell.bridge import Bridge
from app.shell.session import Session
from app.shell.stage import Stage
from widgets.address_page import AddressPage, Proposal
from widgets.i18n import tr
from widgets.notice import error_words

HERE = "here"


class AddressLook(QObject):
    """Owns the page; what other processes ask or decide shows up in it by itself."""

    def __init__(self, bridge: Bridge, session: Session, stage: Stage, window: QWidget) -> None:
        super().__init__(window)
        self._bridge, self._session, self._stage = bridge, session, stage
        facts = bridge.core.facts
        self._frame = CityFrame(facts.lon0, facts.lat0)
        self.page = AddressPage(session.theme, window)
        self.page.tab_wanted.connect(self._read)
        self.page.past_wanted.connect(self._on_past_wanted)
        self.page.place_wanted.connect(self._on_place_wanted)
        self.page.decided.connect(self._on_decided)
        self.page.proposed.connect(self._on_proposed)
        self.page.withdrawn.connect(self._on_withdrawn)
        bridge.changed.connect(self._on_changes)

    def open(self) -> None:
        """Open the page on the requests that wait."""
        self.page.open_on("open")

    def _centre(self) -> tuple[float, float]:
        camera = self._stage.view.camera
        lon, lat = self._frame.to_lonlat(camera.x, camera.y)
        return float(lon), float(lat)

    def _read(self, tab: str) -> None:
        question = AddressAt(*self._centre()) if tab == HERE else AddressRequests(tab)
        self._bridge.ask(question, self._on_rows, self._on_failed)

    def _on_rows(self, answer: Any) -> None:
        here = isinstance(answer, Here)
        if here == (self.page.tab == HERE):  # else the page has turned to another tab since
            self.page.show_rows(answer.nearest if isinstance(answer, Here) else answer)

    def _on_past_wanted(self, address: UUID) -> None:
        self._bridge.ask(AddressHistory(address), self._on_past, self._on_failed)

    def _on_past(self, story: AddressStory) -> None:
        self.page.show_past(story.requests, story.entry)

    def _on_place_wanted(self, lon: float, lat: float) -> None:
        self._stage.show_street(lon, lat)

    def _on_decided(self, request: str, yes: bool, why: str) -> None:
        command = DecideAddress(self._session.actor, request, yes, why)
        self._bridge.submit(command, self._on_done, self._on_failed)

    def _on_withdrawn(self, request: str) -> None:
        command = WithdrawAddress(self._session.actor, request)
        self._bridge.submit(command, self._on_done, self._on_failed)

    def _on_proposed(self, asked: Proposal) -> None:
        placed = asked.change in ("new", "move")
        lon, lat = self._centre() if placed else (None, None)
        command = ProposeAddress(
            self._session.actor, asked.change, asked.at.uid if asked.at is not None else None,
            {"name": asked.words} if asked.change in ("new", "rename") else {},
            asked.words if asked.change == "alias" else "", lon, lat, asked.reason,
        )  # fmt: skip
        self._bridge.submit(command, self._on_done, self._on_failed)

    def _on_done(self, _changes: Changes) -> None:
        self.page.done(tr("address.done"))

    def _on_changes(self, changes: Changes) -> None:
        if changes.addresses and self.page.isVisible():
            self._read(self.page.tab)

    def _on_failed(self, error: BaseException) -> None:
        self.page.show_error(" ".join(filter(None, error_words(error)[:2])))
