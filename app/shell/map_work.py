"""Working on the map of a station: tools, cards, layers and views, wired to map and city."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.domain.deep_links import ViewLink
from app.domain.geodesy import CityFrame
from app.services.views import PlaceHit
from app.shell.bridge import Bridge
from app.shell.map_bookmarks import MapBookmarks
from app.shell.map_exporting import MapExporting, PartExporter
from app.shell.map_layers import MapLayers
from app.shell.map_looking import MapLooking, Place
from app.shell.map_measuring import Measuring
from app.shell.map_selecting import (
    Selected,
    Selecting,
    area_box,
    area_shape,
    fids_of,
    rings_of,
)
from app.shell.map_spot import MapSpot
from app.shell.map_views import GO, MapViews
from app.shell.map_words import class_rows, found_row, state_words
from app.shell.session import Session
from app.store import Store
from widgets.i18n import tr
from widgets.map_ask import MapAsk
from widgets.map_card import CardKeys, CardRow, MapCard
from widgets.map_identify import Found, areas_at
from widgets.map_picks import PartPicked, tier_at
from widgets.map_strip import MapStrip, StripItem
from widgets.map_tools.box import BoxTool
from widgets.map_tools.draw import Drawing, DrawTool
from widgets.map_tools.ground import GroundTool
from widgets.map_tools.spot import SpotTool
from widgets.map_tools.tool import Hand
from widgets.map_view import MapView
from widgets.theme import Theme

STRIP = (
    StripItem("box", "selection-drag", "tool.box", "Shift B"),
    StripItem("polygon", "vector-polygon", "tool.polygon", "Shift P"),
    StripItem("lasso", "lasso", "tool.lasso", "Shift L"),
    StripItem("pick_area", "hexagon-outline", "tool.pick_area", "Shift A"),
    StripItem("buffer", "circle-expand", "tool.buffer", "U"),
    StripItem("length", "ruler", "tool.length", "M"),
    StripItem("area", "ruler-square", "tool.area", "Shift M"),
    StripItem("identify", "information-outline", "tool.identify", "I"),
    StripItem("nearest", "target", "tool.nearest", "N"),
    StripItem("layers", "layers-outline", "tool.layers", "L"),
    StripItem("views", "bookmark-multiple-outline", "view.title", "Shift V"),
)
FIELD_TOOLS = ("length", "area", "identify", "nearest", "layers", "views")
_SELECTORS = ("box", "polygon", "lasso")
_SPOTS = ("pick_area", "identify", "nearest")
_LEAST_M, _MOST_M = 0.1, 100_000.0


class MapWork(QObject):
    """Everything a person does on one map.

    Signals: `told` carries a sentence, `failed` an error, `report_wanted` degrees WGS 84 and an
    address: a case is to be reported there.
    """

    told = Signal(str)
    failed = Signal(object)
    report_wanted = Signal(float, float, str)

    def __init__(
        self, bridge: Bridge, session: Session, view: MapView, cases: Store, window: QWidget,
        export: PartExporter | None = None, *, tools: Sequence[str] = (), touch: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(window)
        facts, theme = bridge.core.facts, session.theme
        self._bridge, self._session, self._view, self._cases = bridge, session, view, cases
        self.frame = CityFrame(facts.lon0, facts.lat0)
        self.classes: tuple[int, ...] = ()  # that the card lists, if it lists a selection
        self._active = ""
        self._line: NDArray[np.float64] | None = None  # the last drawn or clicked, for a buffer
        self.spots = MapSpot(view, self.frame, self)
        self.selecting = Selecting(bridge, self)
        self.exporting = MapExporting(export, bridge, window)
        self.layers = MapLayers(view, bridge, self.frame, theme, cases, self, touch=touch)
        self.views = MapViews(view, self.frame, session, self.layers, self)
        items = [one for one in STRIP if not tools or one.name in tools]
        self.strip = MapStrip(items, theme, view, touch=touch)
        self.card, self.ask = MapCard(theme, view, touch=touch), MapAsk(theme, view)
        self.looking = MapLooking(view, bridge, self.frame, cases, self.card, self)
        self.measuring = Measuring(view, self.frame, self.card, self)
        self.bookmarks = MapBookmarks(view, bridge, self.views, self.ask, theme, self, touch=touch)
        self._buttons: dict[str, Callable[[], object]] = {
            "export": self._export, "all": self._every_class, "buffer": self.ask_radius,
            "undo": self.undo_selection, "clear": self.clear, "views": self.bookmarks.turn,
            "measure:clear": self.measuring.clear, "measure:drop": self._drop_measure,
            "view:save": self.ask_name,
        }  # fmt: skip
        self._make_tools()
        self._connect()

    def _make_tools(self) -> None:
        view, label = self._view, self.measuring.label
        self.ground = GroundTool()
        self.shift_box = BoxTool(self)
        self.tools: dict[str, BoxTool | DrawTool | SpotTool] = {
            "box": BoxTool(self, always=True),
            "polygon": DrawTool(self, closed=True),
            "lasso": DrawTool(self, closed=True, freehand=True),
            "length": DrawTool(self, label=label),
            "area": DrawTool(self, closed=True, label=label),
            **{name: SpotTool(self) for name in _SPOTS},
        }
        for always in (CardKeys(self.card), self.ground, self.measuring.kept, self.shift_box):
            view.tools.add(always)
        for name, tool in (*self.tools.items(), ("box", self.shift_box)):
            tool.changed.connect(view.update)
            if isinstance(tool, SpotTool):
                tool.picked.connect(self._on_spot)
            elif name in _SELECTORS:
                tool.finished.connect(self._on_selected)
            else:
                tool.finished.connect(self._on_measured)
            if not isinstance(tool, BoxTool):
                tool.cancelled.connect(self.put_away)

    def _connect(self) -> None:
        view, layers = self._view, self.layers
        self.strip.chosen.connect(self.take)
        view.looked_at.connect(self._on_looked)
        self.spots.chosen.connect(self.do_here)
        self.card.row_opened.connect(self._on_row)
        self.card.dropped.connect(self._on_dropped)
        self.card.pressed.connect(self.do_button)
        self.card.closed.connect(self.clear)
        self.ask.answered.connect(self._on_answer)
        self.selecting.changed.connect(self._on_changed)
        self.views.opened.connect(self._on_opened)
        layers.filtered.connect(self._on_filtered)
        layers.pressed.connect(self.do_button)
        layers.tree.closed.connect(self._light)
        self.bookmarks.panel.closed.connect(self._light)
        for part in (self.views, self.exporting, self.bookmarks, self.spots):
            part.told.connect(self.told)
        for other in (self.selecting, self.exporting, self.bookmarks):
            other.failed.connect(self.failed)
        self._session.theme_changed.connect(self._on_theme)
        self._session.language_changed.connect(self._on_language)

    @property
    def view(self) -> MapView:
        """The map that is worked on."""
        return self._view

    def stop(self) -> None:
        """Let timers rest."""
        self.layers.stop()
        self.views.stop()

    # ---- what a person asks for -----------------------------------------------------------

    def take(self, name: str) -> None:
        """Take up a tool of the strip, or put it away if it is the one in hand."""
        if name == "layers":
            self.layers.turn()
        elif name == "views":
            self.bookmarks.turn()
        elif name == "buffer":
            self.ask_radius()
        elif name == self._active:
            self.put_away()
        else:
            self._active = name
            self._view.take_tool(self.tools[name])
            self.told.emit(tr(f"tool.{name}_how"))
        self._light()

    def put_away(self) -> None:
        """Have no tool in hand."""
        self._active = ""
        self._view.take_tool(None)
        self._light()

    def leave(self) -> bool:
        """Esc: close the uppermost of what is open here; returns whether there was anything."""
        if self.ask.isVisible():
            self.ask.hide()
            return True
        if self._active and self._view.tools.taken is self.tools[self._active]:
            self.put_away()
            return True
        if self.card.isVisible() or self.selecting.shape is not None:
            self.clear()
            return True
        left = self.bookmarks.panel.leave() or self.layers.tree.leave()
        self._light()
        return left

    def clear(self) -> None:
        """Select and list nothing; measurements stay until they are deleted."""
        self.card.leave()
        self.selecting.clear()
        self.looking.leave()
        self.ground.show(None)
        self.measuring.kept.lit = -1
        self._line = None
        self._view.update()

    def open_link(self, text: str) -> None:
        """Show the view of a link; what is wrong with it is told."""
        self.bookmarks.open(text)

    def do(self, name: str) -> bool:
        """Do what the palette offered here; returns whether it was ours."""
        if not name.startswith(GO):
            return False
        self.open_link(self.views.links[name.removeprefix(GO)])
        return True

    def ask_radius(self) -> None:
        """Ask how far around the selection, line, or place."""
        self.ask.ask("buffer", tr("select.radius"), "50")

    def ask_name(self) -> None:
        """Ask under which name to keep this view."""
        self.bookmarks.ask_name()

    def find_nearest(self) -> None:
        """List what is nearest to the pointer, else to the place picked last, else the middle."""
        x, y, where = self.spots.now()
        self._take_card()
        self.looking.nearest(x, y, tr(f"select.nearest_{where}"))
        self.card.setFocus()

    def identify_here(self) -> None:
        """List what lies under the pointer, else at the place picked last, else in the middle."""
        x, y, _where = self.spots.now()
        self._look(*self._view.camera.to_screen(x, y))
        self.card.setFocus()

    def open_place(self, hit: PlaceHit) -> None:
        """Show the card of a place that was found."""
        if hit.lon is not None and hit.lat is not None:
            self.spots.take(hit.lon, hit.lat)
            self._take_card()
            self.looking.card_of(Place(hit.lon, hit.lat, hit.title, hit.uid))

    def copy_place(self) -> None:
        """Put longitude and latitude of the pointer, or of the picked place, on the clipboard."""
        self.spots.copy(*self.spots.now()[:2])

    def undo_selection(self) -> None:
        """Go back to what was selected before."""
        store = self._view.store
        if store is None or not self.selecting.undo(store):
            self.told.emit(tr("select.no_undo"))

    def do_here(self, name: str) -> None:
        """Do one of what the menu offers, at the picked place."""
        x, y = self.spots.picked or self.spots.now()[:2]
        lon, lat = self.spots.lonlat(x, y)
        match name:
            case "identify":
                self._look(*self._view.camera.to_screen(x, y))
            case "nearest":
                self._take_card()
                self.looking.nearest(x, y, tr("select.nearest_picked"))
            case "card":
                self._take_card()
                self.looking.card_of(Place(lon, lat))
            case "report":
                place = self.looking.place
                self.report_wanted.emit(lon, lat, place.address if place else "")
            case "select":
                self._select_area(x, y)
            case "buffer":
                self.clear()
                self._line = np.array([[x, y]])
                self.ask_radius()
            case "copy":
                self.spots.copy(x, y)
            case "centre":
                self._view.fly_to(lon, lat)

    # ---- identify -------------------------------------------------------------------------

    def _on_looked(self, at: tuple[float, float]) -> None:
        self.spots.picked = self._view.camera.to_world(*at)
        self._look(*at)

    def _look(self, sx: float, sy: float) -> None:
        if self._view.store is None:
            return
        if self.selecting.shape is not None:
            self.clear()
        self._take_card()
        self._line = np.array([self._view.camera.to_world(sx, sy)])
        if not self.looking.at(sx, sy):
            self.card.leave()

    def _take_card(self) -> None:
        """Let the card list something else than classes or measurements."""
        self.classes, self.measuring.kept.lit = (), -1

    def _on_row(self, at: int) -> None:
        if self.measuring.kept.lit >= 0:
            drawing = self.measuring.light(at)
            if drawing is not None:
                self._view.fly_to(*self.spots.lonlat(*drawing.xy.mean(axis=0)))
        elif self.classes:
            self._turn_class(self.classes[at])
        elif at < len(self.looking.found):
            found = self.looking.found[at]
            if found is not None:
                self._open(found)

    def _on_dropped(self, at: int) -> None:
        if self.measuring.kept.lit >= 0:
            self.measuring.drop(at)

    def _open(self, found: Found) -> None:
        view, store = self._view, self._view.store
        lon, lat = self.spots.lonlat(found.x, found.y)
        if found.kind == "case" and isinstance(found.uid, UUID):
            self._session.choose(found.uid)
        elif found.kind == "part":
            view.part_picked.emit(PartPicked(found.fid, found.cls, found.state, lon, lat))
        elif found.kind == "address":
            self.spots.picked = found.x, found.y
            self.looking.card_of(Place(lon, lat, found.name, found.uid))
        elif found.area is not None and store is not None:
            view.fit(area_box(store, found.area.fid))
        else:
            view.select_place(lon, lat, found_row(found, self._cases).text)

    # ---- selecting and measuring ------------------------------------------------------------

    def _on_spot(self, hand: Hand) -> None:
        self.spots.picked = hand.x, hand.y
        if self._active == "pick_area":
            self._select_area(hand.x, hand.y, add=hand.shift, cut=hand.alt or hand.ctrl)
        elif self._active == "nearest":
            self.do_here("nearest")
        else:
            self._look(hand.sx, hand.sy)

    def _select_area(self, x: float, y: float, *, add: bool = False, cut: bool = False) -> None:
        """Select the ground of the area that the scale shows at a place."""
        store = self._view.store
        if store is None:
            return
        tier = tier_at(self._view.camera.m_per_px)
        area = next((one.area for one in areas_at(store, x, y) if one.detail == tier), None)
        if area is None:
            self.told.emit(tr("select.no_area"))
            return
        self.measuring.kept.lit = -1
        self.selecting.combine(area_shape(store, area.fid), store, add=add, cut=cut)

    def _on_selected(self, drawing: Drawing) -> None:
        store = self._view.store
        if store is not None:
            self.measuring.kept.lit = -1
            again = self.selecting.shape is not None and drawing.shift
            self.selecting.take(Drawing(drawing.xy, True, again, drawing.alt), store)
        tool = self.tools.get(self._active)
        if isinstance(tool, DrawTool):
            tool.keep(None)

    def _on_measured(self, drawing: Drawing) -> None:
        self._line = np.vstack([drawing.xy, drawing.xy[:1]]) if drawing.closed else drawing.xy
        self._take_card()
        self.measuring.take(drawing)
        tool = self.tools.get(self._active)
        if isinstance(tool, DrawTool):
            tool.keep(None)

    def _on_changed(self, selected: Selected | None) -> None:
        if selected is None:
            self.classes = ()
            self.ground.show(None)
            self.card.leave()
            self._view.update()
            return
        self.ground.show(rings_of(selected.shape))
        self._view.update()
        self.classes, rows = class_rows(selected)
        self.looking.leave()
        names = ("all", "export", "buffer", "undo", "clear")
        self.card.fill(
            tr("select.title"), rows or [CardRow(tr("select.none"), lit=False)],
            total=f"{selected.total:,}", heads=(tr("select.count"), tr("select.not_whole")),
            buttons=tuple((name, tr(f"select.{_BUTTONS.get(name, name)}")) for name in names),
            note=state_words(selected),
        )  # fmt: skip

    def _turn_class(self, cls: int) -> None:
        """Take a class in or out; of all, a click on one keeps only that one."""
        selected, store = self.selecting.selected, self._view.store
        if selected is None or store is None:
            return
        want = selected.want.copy()
        if selected.want.all():
            want[:] = 0
        want[cls] = 0 if want[cls] else 1
        self.selecting.narrow(want, selected.states, store)

    def _on_filtered(self, want: NDArray[np.uint8], states: int) -> None:
        if self._view.store is not None:
            self.selecting.narrow(want, states, self._view.store)

    def do_button(self, name: str) -> None:
        """Do what a button of the card or the tree of that name does."""
        kind, _, what = name.partition(":")
        if kind == "here":
            self.do_here(what)
        elif name in self._buttons:
            self._buttons[name]()
        else:
            self.do(name)

    def _export(self) -> None:
        selected, store = self.selecting.selected, self._view.store
        if selected is not None and store is not None:
            self.exporting.ask_and_export(fids_of(store, selected))

    def _every_class(self) -> None:
        if self._view.store is not None:
            self.selecting.narrow(np.ones(256, np.uint8), 0b1111, self._view.store)

    def _drop_measure(self) -> None:
        self.measuring.drop(self.measuring.kept.lit)

    def _on_answer(self, name: str, text: str) -> None:
        if self.bookmarks.answer(name, text):
            return
        try:
            metres = float(text)
        except ValueError:
            metres = 0.0
        if not _LEAST_M <= metres <= _MOST_M:
            self.told.emit(tr("select.bad_radius", text=text))
        else:
            self._widen(metres)

    def _widen(self, metres: float) -> None:
        """Select what lies within `metres` of the selection, the last line or point, or here."""
        store = self._view.store
        if store is None:
            return
        if self.selecting.shape is not None:
            self.selecting.buffer(metres, store)
            return
        line = np.array([self.spots.now()[:2]]) if self._line is None else self._line
        base = shapely.Point(line[0]) if len(line) == 1 else shapely.LineString(line)
        self.put_away()
        self.measuring.kept.lit = -1
        self.selecting.combine(base.buffer(metres, quad_segs=24), store)

    # ---- the rest -------------------------------------------------------------------------

    def _on_opened(self, view: ViewLink) -> None:
        if view.unit is not None:
            self._view.select(view.unit)

    def _light(self) -> None:
        panels = (("layers", self.layers.tree), ("views", self.bookmarks.panel))
        shown = [name for name, panel in panels if panel.isVisible()]
        self.strip.light(*shown, self._active)

    def _on_theme(self, theme: Theme) -> None:
        for part in (self.strip, self.card, self.ask, self.layers, self.bookmarks.panel):
            part.set_theme(theme)

    def _on_language(self) -> None:
        self.strip.retranslate()
        self.layers.retranslate()
        self.bookmarks.panel.retranslate()
        self.bookmarks.show()
        self.card.leave()


_BUTTONS = {"buffer": "widen", "undo": "undo"}
