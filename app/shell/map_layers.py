"""Between the layer tree and the map: what is shown, how strongly, which parts, filled by what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from app.domain.camera import Camera
from app.domain.geodesy import CityFrame
from app.domain.layers import GROUPS, with_opacity
from app.domain.map_columns import AREA_TIERS
from app.engines.citystore import CityStore
from app.shell.bridge import Bridge
from app.shell.map_values import heat_at, open_cases, worst_signs
from app.store import Store
from layers.look import FAMILIES
from layers.values.geometry import tier_for
from widgets.i18n import tr
from widgets.layer_tree import Choice, LayerTree, Section
from widgets.map_view import MapView
from widgets.map_wishes import Wishes
from widgets.part_card import STATES
from widgets.theme import Theme
from widgets.words import local

_VALUES_MS = 15_000  # open cases change all the time; the fill follows them this slowly
_SOON_MS = 120
_STATE_INK = ("normal", "attention", "bad", "unknown")
_FADED = frozenset({"buildings", "roads", "pipes", "values", "areas", "parts", "heat", "units",
                    "cases", "clusters"})  # fmt: skip


class MapLayers(QObject):
    """Owns the layer tree of one map. `filtered` carries (want, states) when parts are filtered."""

    filtered = Signal(object, object)

    def __init__(
        self, view: MapView, bridge: Bridge, frame: CityFrame, theme: Theme, cases: Store,
        views: Callable[[], tuple[tuple[str, str], ...]], parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._view, self._bridge, self._frame = view, bridge, frame
        self._theme, self._cases, self._views = theme, cases, views
        self._tally: NDArray[np.int64] | None = None
        self._fill, self._hour = "cases", local(bridge.now_ms()).hour
        self.tree = LayerTree(theme, view)
        self.tree.switched.connect(self._on_switched)
        self.tree.faded.connect(self._on_faded)
        self.tree.hour_chosen.connect(self._on_hour)
        self._later, self._soon = QTimer(self), QTimer(self)
        self._later.setInterval(_VALUES_MS)
        self._later.timeout.connect(self.renew_values)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self.count)
        view.camera_changed.connect(self._on_camera)

    def turn(self) -> None:
        """Open or close the tree."""
        if not self.tree.leave():
            self.show()
            self.tree.open()
            self.count()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.tree.set_theme(theme)
        self.renew_values()
        self.show()

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self.show()

    def stop(self) -> None:
        """Let timers rest."""
        self._later.stop()
        self._soon.stop()

    def filter(self, want: NDArray[np.uint8], states: int) -> None:
        """Show only these classes, uint8 (256,), and states (bits) of parts."""
        self._view.wish(replace(self._view.wishes, want=want, states=states))
        self.filtered.emit(want, states)
        self.show()

    def filter_to(self, classes: frozenset[int] | None, states: frozenset[int] | None) -> None:
        """Show only what a link names; None for all."""
        want = np.ones(256, np.uint8)
        if classes is not None:
            want[:] = 0
            want[list(classes)] = 1
        bits = 0b1111 if states is None else sum(1 << s for s in states)
        self.renew_values()
        self.filter(want, bits)

    def fill_by(self, what: str) -> None:
        """Fill areas by `cases` or `signs`, and show it."""
        self._fill = what
        self._view.set_layer_visible("values", True)
        self.renew_values()
        self.show()

    def renew_values(self) -> None:
        """Bring what fills and warms up to date, where it is shown."""
        store, wishes = self._view.store, self._view.wishes
        on = {s.key for s in wishes.layers if s.visible}
        if store is None or not on & {"values", "heat"}:
            self._later.stop()
            return
        self._later.start()
        make = worst_signs if self._fill == "signs" else open_cases
        values = make(self._cases, store, self._theme) if "values" in on else wishes.values
        heat = heat_at(self._cases, self._hour, self._frame) if "heat" in on else wishes.heat
        self._view.wish(replace(wishes, values=values, heat=heat))

    # ---- what the tree says -------------------------------------------------------------

    def show(self) -> None:
        """Fill the tree anew."""
        wishes, scale = self._view.wishes, self._view.camera.m_per_px
        sections = [self._group(group, wishes, scale) for group in GROUPS]
        self.tree.show_sections([*sections[:2], *self._filters(wishes), *sections[2:],
                                 self._saved()])  # fmt: skip

    def _group(self, group: str, wishes: Wishes, scale: float) -> Section:
        specs = sorted((s for s in wishes.layers if s.group == group), key=lambda s: -s.order)
        choices = tuple(
            Choice(
                f"layer:{s.key}", tr(s.title), s.visible, faint=not replace(s, visible=True)
                .shows_at(scale),
                opacity=round(s.opacity * 100) if s.visible and s.key in _FADED else None,
            )
            for s in specs
        )  # fmt: skip
        more: tuple[Choice, ...] = ()
        on = {s.key for s in specs if s.visible}
        if "values" in on:
            more = (*self._fills(), *self._legend(wishes, scale))
        hour = self._hour if "heat" in on else None
        return Section(tr(f"layer.group_{group}"), (*choices, *more), (), hour)

    def _fills(self) -> tuple[Choice, ...]:
        return tuple(
            Choice(f"fill:{name}", tr(f"layer.fill_{name}"), self._fill == name)
            for name in ("cases", "signs")
        )

    def _legend(self, wishes: Wishes, scale: float) -> tuple[Choice, ...]:
        """Return the steps of the fill that are in sight now, with how many areas each."""
        values, store = wishes.values, self._view.store
        if values is None or store is None:
            return ()
        shapes = store.shapes["area"]
        rows = shapes.within(store.relative(self._view.camera.bounds()))
        rows = rows[shapes.kind[rows] == AREA_TIERS.index(tier_for(scale))]
        seen = values.by_row[rows]
        steps = np.digitize(seen[np.isfinite(seen)], np.array(values.limits))
        found = []
        for step, colour in enumerate(values.colours):
            n = int(np.count_nonzero(steps == step))
            if n and colour is not None:
                words = self._step_words(step, values.limits)
                found.append(Choice(f"legend:{step}", words, True, f"#{colour:06X}", f"{n:,}"))
        return tuple(found)

    def _step_words(self, step: int, limits: tuple[float, ...]) -> str:
        if self._fill == "signs":
            return tr(f"state.{('normal', 'attention', 'bad', 'critical')[step]}")
        least = int(np.ceil(limits[step - 1]))
        if step == len(limits):
            return tr("layer.from", n=least)
        most = int(np.ceil(limits[step])) - 1
        return str(least) if most <= least else f"{least} – {most}"

    def _filters(self, wishes: Wishes) -> tuple[Section, Section]:
        """Return the filters by family and state, with the parts of each in sight."""
        tally = self._tally
        hues = self._view.look.family_colours()
        families = []
        for number in range(FAMILIES):
            members = wishes.family == number
            members[255] = False
            n = None if tally is None else int(tally[members].sum())
            if n == 0 or not members.any():
                continue  # the legend shows only what is seen
            some = bool((wishes.want[members] != 0).any())
            colour = f"#{int(hues[np.flatnonzero(members)[0]]) & 0xFFFFFF:06X}"
            note = "" if n is None else f"{n:,}"
            words = tr(f"layer.family_{number}")
            families.append(Choice(f"family:{number}", words, some, colour, note))
        states = []
        for state, name in enumerate(STATES):
            n = None if tally is None else int(tally[:, state].sum())
            if n == 0:
                continue
            colour, on = (
                self._theme.state(_STATE_INK[state]).name(),
                bool(wishes.states >> state & 1),
            )
            note = "" if n is None else f"{n:,}"
            states.append(Choice(f"state:{state}", tr(f"part.{name}"), on, colour, note))
        every = bool(wishes.want.all()) and wishes.states == 0b1111
        buttons = () if every else (("unfilter", tr("layer.unfilter")),)
        return (
            Section(tr("layer.families"), tuple(families)),
            Section(tr("layer.states"), tuple(states), buttons),
        )

    def _saved(self) -> Section:
        return Section(tr("view.title"), (), (*self._views(), ("view:save", tr("view.save"))))

    # ---- what a person wants --------------------------------------------------------------

    def _on_switched(self, name: str, on: bool) -> None:
        kind, _, key = name.partition(":")
        wishes = self._view.wishes
        if kind == "layer":
            self._view.set_layer_visible(key, on)
            self.renew_values()
        elif kind == "fill":
            self.fill_by(key)
        elif kind == "family":
            want = wishes.want.copy()
            want[wishes.family == int(key)] = on
            self.filter(want, wishes.states)
        elif kind == "state":
            bit = 1 << int(key)
            self.filter(wishes.want, wishes.states | bit if on else wishes.states & ~bit)
        self.show()

    def _on_faded(self, name: str, per_cent: int) -> None:
        key = name.partition(":")[2]
        wishes = self._view.wishes
        self._view.wish(replace(wishes, layers=with_opacity(wishes.layers, key, per_cent / 100)))

    def _on_hour(self, hour: int) -> None:
        self._hour = hour
        self.renew_values()

    def _on_camera(self, _camera: Camera) -> None:
        if self.tree.isVisible():
            self._soon.start()

    def count(self) -> None:
        """Have the parts in sight counted for legend and filters."""
        store = self._view.store
        if store is not None:
            self._bridge.run(_InSight(store, self._view.camera), self._on_counted)

    def _on_counted(self, tally: NDArray[np.int64]) -> None:
        self._tally = tally
        if self.tree.isVisible():
            self.show()


class _InSight:
    """Counts all parts in sight by class and state (pool thread)."""

    def __init__(self, store: CityStore, camera: Camera) -> None:
        self._store, self._camera = store, camera

    def __call__(self) -> NDArray[np.int64]:
        from app.engines.tiles_select import tally  # numba: not on the window's thread

        return tally(self._store, self._camera.bounds())
