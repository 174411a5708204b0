"""What is here: everything at one place, what is nearest to it, and the card of a place."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from PySide6.QtCore import QObject, Signal

from app.domain.geodesy import CityFrame
from app.domain.people import Accountable
from app.services.address_asking import AddressHistory, AddressStory
from app.services.parts_asking import WhoAnswered
from app.services.searching import AddressAt, Here
from app.shell.bridge import Bridge
from app.shell.map_words import found_row
from app.store import Store
from widgets.i18n import tr
from widgets.map_card import CardRow, MapCard
from widgets.map_identify import Found, identify, parts_near
from widgets.map_view import MapView
from widgets.words import area_name, named, person_named

_EACH, _FAR_M, _HERE_M = 6, 3_000.0, 60.0
_AROUND_M, _AROUND = 150.0, 4  # of what a place's card lists
_MATTER = "0101"  # whose answerable person stands on a place's card: what every street has


@dataclass(frozen=True)
class Place:
    """A place that is looked at: degrees WGS 84, its address if it is known."""

    lon: float
    lat: float
    address: str = ""
    uid: UUID | None = None


class MapLooking(QObject):
    """Fills the card of one map with what lies somewhere. `listed` is emitted when it has."""

    listed = Signal()

    def __init__(
        self, view: MapView, bridge: Bridge, frame: CityFrame, cases: Store, card: MapCard,
        parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._view, self._bridge, self._frame = view, bridge, frame
        self._cases, self._card = cases, card
        self._asked = 0  # answers to earlier looks are dropped
        self._place: Place | None = None
        self._facts: list[CardRow] = []
        self.found: tuple[Found | None, ...] = ()  # by row; None for a row that only says

    @property
    def place(self) -> Place | None:
        """The place whose card is on show."""
        return self._place

    def leave(self) -> None:
        """Look at nothing; answers still to come are dropped."""
        self._asked += 1
        self.found, self._place = (), None

    def at(self, sx: float, sy: float) -> bool:
        """List all that lies under a pixel; returns whether anything does."""
        view, store = self._view, self._view.store
        self.leave()
        if store is None:
            return False
        x, y = view.camera.to_world(sx, sy)
        live = [Found(kind, px, py, uid=uid) for kind, uid, px, py in view.stacked_at(sx, sy)]
        self.found = (*live, *identify(store, view.look, view.camera, sx, sy))
        if self.found:
            self._show(tr("identify.title"), str(len(self.found)))
        if view.camera.m_per_px <= 2.0:  # nearer than that a spot is a door
            lon, lat = self._frame.to_lonlat(x, y)
            serial = self._asked
            self._bridge.ask(
                AddressAt(float(lon), float(lat)),
                lambda here: self._on_here(serial, here), _never_mind,
            )  # fmt: skip
        return bool(self.found)

    def nearest(self, x: float, y: float, title: str) -> None:
        """List parts, cases and units nearest to a place in local metres."""
        store = self._view.store
        if store is None:
            return
        self.leave()
        live = [
            Found(kind, px, py, uid=uid, metres=metres)
            for kind, uid, px, py, metres in self._view.live_near(x, y, _FAR_M, _EACH)
        ]
        self.found = (*live, *self._parts(x, y, _FAR_M, _EACH))
        self._show(title, "")

    def card_of(self, place: Place, title: str = "") -> None:
        """Show the card of a place: address, names, grid, who answers for it, what lies around."""
        self.leave()
        self._place = place
        self._facts = [CardRow(f"{place.lon:.6f}, {place.lat:.6f}", tr("place.at"),
                               "crosshairs-gps")]  # fmt: skip
        self._around(title or place.address or tr("place.title"))
        serial = self._asked
        self._bridge.ask(
            AddressAt(place.lon, place.lat),
            lambda here: self._on_place(serial, here), _never_mind,
        )  # fmt: skip
        who = WhoAnswered(place.lon, place.lat, _MATTER, self._bridge.now_ms())
        self._bridge.ask(who, lambda one: self._on_who(serial, one), _never_mind)

    # ---- what comes back --------------------------------------------------------------------

    def _on_here(self, serial: int, here: Here) -> None:
        if serial != self._asked:
            return
        near = [one for one in here.nearest if one.metres <= _HERE_M][:1]
        for one in near:
            x, y = self._frame.to_xy(one.lon, one.lat)
            self.found = (
                *self.found,
                Found("address", float(x), float(y), name=one.title or one.address, uid=one.uid,
                      metres=one.metres),
            )  # fmt: skip
        if near:
            self._show(tr("identify.title"), str(len(self.found)))

    def _on_place(self, serial: int, here: Here) -> None:
        place = self._place
        if serial != self._asked or place is None:
            return
        where, near = here.where, here.nearest
        chain = (where.district, where.street, where.community)
        said = " ".join(area_name(area) for area in chain if area is not None)
        own = next((one for one in near if place.uid is not None and one.uid == place.uid), None)
        own = own or (near[0] if near and near[0].metres <= _HERE_M else None)
        if own is not None:
            address = named(own.address or own.title)
            self._facts.insert(0, CardRow(address, tr("place.address"), "map-marker-outline"))
            if own.uid is not None:
                self._bridge.ask(
                    AddressHistory(own.uid), lambda story: self._on_story(serial, story),
                    _never_mind,
                )  # fmt: skip
        if said:
            self._facts.append(CardRow(said, tr("place.area"), "hexagon-outline"))
        if where.grid is not None:
            grid = CardRow(where.grid.code, tr("tier.grid"), "grid")
            self._facts.append(grid)
        title = place.address or (named(own.title) if own is not None else tr("place.title"))
        self._around(title)

    def _on_story(self, serial: int, story: AddressStory) -> None:
        if serial != self._asked or story.entry is None:
            return
        for names, key in ((story.entry.aliases, "place.aliases"), (story.entry.old, "place.old")):
            if names:
                self._facts.insert(1, CardRow(" · ".join(names), tr(key), "tag-outline"))
        self._around(self._title)

    def _on_who(self, serial: int, who: Accountable | None) -> None:
        if serial != self._asked or who is None:
            return
        person = f"{person_named(who.person.name)}  {named(who.unit.name)}"
        self._facts.append(CardRow(person, tr("place.who"), "account-outline"))
        self._around(self._title)

    # ---- what is shown ----------------------------------------------------------------------

    def _around(self, title: str) -> None:
        """Show facts of the place and what lies around it."""
        place = self._place
        if place is None:
            return
        self._title = title
        x, y = (float(v) for v in self._frame.to_xy(place.lon, place.lat))
        near = self._view.live_near(x, y, _AROUND_M, _AROUND)
        live = [Found(k, px, py, uid=u, metres=m) for k, u, px, py, m in near if k == "case"]
        around = (*live, *self._parts(x, y, _AROUND_M, _AROUND))
        self.found = (*(None for _ in self._facts), *around)
        self._card.fill(
            title, [*self._facts, *(found_row(one, self._cases) for one in around)],
            buttons=(("here:report", tr("place.report")), ("here:nearest", tr("place.nearest")),
                     ("here:copy", tr("place.copy"))),
        )  # fmt: skip
        self.listed.emit()

    def _parts(self, x: float, y: float, radius: float, most: int) -> list[Found]:
        store = self._view.store
        if store is None:
            return []
        return parts_near(store, self._view.look, x, y, radius, most)

    def _show(self, title: str, total: str) -> None:
        rows = [found_row(one, self._cases) for one in self.found if one is not None]
        self._card.fill(title, rows or [CardRow(tr("select.none"), lit=False)], total=total)
        self.listed.emit()


def _never_mind(_error: BaseException) -> None:
    """Leave a card without what could not be asked: the map's own part of it stands."""
