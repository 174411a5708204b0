"""The wall 大屏端: the map is the room; six dimensions, the river of cases, one alarm at a time.

No pointer, no dialog, nothing to press but the keys that end it. A new critical case moves the
map there, says what it is and who is going, and goes back by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from PySide6.QtCore import QRect, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut

from app.domain.errors import AppError
from app.domain.geodesy import CityFrame
from app.domain.signs import DIMENSIONS
from app.engines.titles import what_of
from app.services.changes import CaseRow, Changes
from app.services.questions import ListCases
from app.services.views import CasePage, CaseQuery
from app.shell.bridge import Bridge
from app.shell.map_layers import MapLayers
from app.shell.map_views import MapViews
from app.shell.session import Session
from app.shell.stage import Stage
from app.shell.station import Station
from app.store import River, StoreDelta, state_of
from widgets.i18n import tr, tr_or
from widgets.theme import Theme
from widgets.wall_parts import AlarmCard, Bend, CaseRiver, WallCard, WallHead, WallPart
from widgets.words import (
    age,
    local,
    long_date,
    matter_named,
    named,
    person_named,
    remaining,
    span,
)

_LEAST = (1280, 720)
_ALARM_MS = 20_000
_RIVER_EVERY = 5
_CLOSED_PAGE = 1000


class Wall(Station):
    """The window of one wall."""

    def __init__(self, bridge: Bridge, session: Session, stage: Stage) -> None:
        super().__init__(bridge, session, stage, least=_LEAST)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self._told: set[UUID] = set()
        self._alarm: CaseRow | None = None
        self._beats = 0
        self._link = ""
        self._wanted: Callable[[], str] | None = None
        facts, view = bridge.core.facts, stage.view
        frame = CityFrame(facts.lon0, facts.lat0)
        self.layers = MapLayers(view, bridge, frame, session.theme, self.feed.store, self)
        self.views = MapViews(view, frame, session, self.layers, self)
        stage.widget.setParent(self)
        stage.view.set_overlays(chip=False, legend=False)
        self._make_parts(session.theme)
        self._back = QTimer(self)
        self._back.setSingleShot(True)
        self._back.setInterval(_ALARM_MS)
        self._back.timeout.connect(self.end_alarm)
        self._connect()
        self.retranslate()

    def open(self) -> None:
        """Begin to read and to follow."""
        super().open()
        query = CaseQuery(tab="closed", now_ms=self.bridge.now_ms(), limit=_CLOSED_PAGE)
        self.bridge.ask(ListCases(query), self._on_closed)

    def show_view(self, link: str) -> None:
        """Show place, layers and filter of a link from now on; after an alarm, go back there.

        Empty is the whole city; one that cannot be read leaves the wall as it is.
        """
        if link == self._link:
            return
        before, self._link = self._link, link
        try:
            if link:
                self.views.open(link)
        except AppError:
            self._link = before

    @property
    def alarm(self) -> CaseRow | None:
        """The case told of now."""
        return self._alarm

    def raise_alarm(self, row: CaseRow) -> None:
        """Move the map to a case, say what it is, and go back after a while."""
        self._alarm = row
        self._told.add(row.uid)
        self._write_alarm()
        self.card.show()
        self._make_room()
        self.stage.view.select_place(row.lon, row.lat, named(row.address), urgent=True)
        self.stage.show_street(row.lon, row.lat)
        self._back.start()

    def end_alarm(self) -> None:
        """Go back to the whole city."""
        self._back.stop()
        self._alarm = None
        self.card.hide()
        self.stage.view.select(None)
        self._make_room()
        if self._link:
            self.views.open(self._link)
        else:
            self.stage.go_to_area(None)

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        super().retranslate()
        self.setWindowTitle(tr("wall.title", city=named(self.bridge.core.facts.name)))
        self._on_tick()

    def _make_parts(self, theme: Theme) -> None:
        self.head = WallHead(theme, self)
        self.cards = [WallCard(theme, self) for _ in DIMENSIONS]
        for card, dimension in zip(self.cards, DIMENSIONS, strict=True):
            card.dimension = dimension
        self.river = CaseRiver(theme, self)
        self.card = AlarmCard(theme, self)
        self.card.hide()
        self.dress(*self._parts())

    def _connect(self) -> None:
        keys = {
            "F11": self.turn_full,
            "Ctrl+L": self.session.turn_theme,
            "Ctrl+Shift+L": self.session.turn_language,
        }
        for key, do in keys.items():
            QShortcut(QKeySequence(key), self).activated.connect(do)

    def _parts(self) -> tuple[WallPart, ...]:
        return (self.head, *self.cards, self.river, self.card)

    # ---- what comes up -------------------------------------------------------------------

    def _on_delta(self, delta: StoreDelta) -> None:
        super()._on_delta(delta)
        if delta.signs:
            headlines = self.feed.store.headlines()
            for card in self.cards:
                sign = headlines.get(card.dimension)
                if sign != card.sign:
                    card.sign, card.now_ms = sign, self.bridge.now_ms()
                    card.update()
        if delta.cases:
            self._look_for_alarm()

    def _look_for_alarm(self) -> None:
        critical = self.feed.store.critical(self.bridge.now_ms())
        if self._alarm is not None:
            now = self.feed.store.row(self._alarm.uid)
            if now is not None and now != self._alarm:
                self._alarm = now
                self._write_alarm()
            return
        fresh = [row for row in critical if row.uid not in self._told]
        if fresh and self.feed.is_open:
            self.raise_alarm(fresh[0])

    def _on_tick(self) -> None:
        now = self.bridge.now_ms()
        self._beats += 1
        self._write_head(now)
        for card in self.cards:
            card.tick(now)
        if self._beats % _RIVER_EVERY == 1:
            self._write_river(now)
            self._look_for_alarm()
            self._look_for_view()
        if self._alarm is not None:
            self._write_alarm()

    def follow_view(self, wanted: Callable[[], str]) -> None:
        """Ask every few seconds, off this thread, which view the operator wants here."""
        self._wanted = wanted

    def _look_for_view(self) -> None:
        if self._wanted is not None and self._alarm is None:
            self.bridge.run(self._wanted, self.show_view)

    def _on_closed(self, page: CasePage) -> None:
        self._on_delta(self.feed.store.apply(Changes(cases=page.rows)))
        self._write_river(self.bridge.now_ms())

    def _write_head(self, now_ms: int) -> None:
        facts, oldest = self.bridge.core.facts, self.feed.store.oldest_reading_ms()
        stale = oldest is None or now_ms - oldest > 60_000
        self.head.say(
            tr("wall.title", city=named(facts.name)),
            (long_date(now_ms), f"{local(now_ms):%H:%M:%S}"),
            tr("app.sample_mark") if facts.sample else "",
            tr("status.no_readings")
            if oldest is None
            else tr("status.oldest", age=age(oldest, now_ms)),
            "attention" if stale else "",
        )

    def _write_river(self, now_ms: int) -> None:
        at = local(now_ms)
        passed = timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)
        midnight = now_ms - int(passed.total_seconds() * 1000)
        self.river.bends = bends(self.feed.store.river(now_ms, midnight))
        self.river.update()

    def _write_alarm(self) -> None:
        row, now = self._alarm, self.bridge.now_ms()
        if row is None:
            return
        self.card.title = _what(row)
        self.card.text = alarm_sentence(row, now)
        late = row.due_ms is not None and row.due_ms < now
        self.card.figure = remaining(row.due_ms, now)
        self.card.late = late
        clock = tr_or(f"clock.{row.due_clock}", row.due_clock)
        self.card.caption = tr("wall.clock", clock=clock) if clock else ""
        self.card.update()

    # Qt overrides

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give every part its place for this width."""
        self.stage.widget.setGeometry(self.rect())
        scale = self.width() / 3840
        self.stage.view.set_type_scale(max(1.0, 32 * scale / 12))
        for part in self._parts():
            part.scale = scale
        self.head.setGeometry(0, 0, self.width(), round(180 * scale))
        self._place_cards(scale)
        high, side = round(250 * scale), round(50 * scale)
        top = self.height() - round(42 * scale) - high
        self.river.setGeometry(side, top, self.width() - 2 * side, high)
        wide, card = round(2180 * scale), round(334 * scale)
        left = (self.width() - wide) // 2
        self.card.setGeometry(left, top - round(40 * scale) - card, wide, card)
        self._make_room()

    def _make_room(self) -> None:
        """Tell the map what of it lies free of the wall's parts."""
        side = self.cards[0].geometry().right() + self.cards[0].x() // 2
        lowest = self.river if self._alarm is None else self.card
        self.stage.view.set_insets(
            side, self.head.geometry().bottom(), side, self.height() - lowest.y()
        )

    def _place_cards(self, scale: float) -> None:
        wide, side, top = round(716 * scale), round(50 * scale), round(182 * scale)
        below = self.height() - round((42 + 250 + 36) * scale)
        gap = round(30 * scale)
        high = min(round(468 * scale), (below - top - 2 * gap) // 3)
        for at, card in enumerate(self.cards):
            left = side if at < 3 else self.width() - side - wide
            card.setGeometry(QRect(left, top + at % 3 * (high + gap), wide, high))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop following."""
        self._back.stop()
        self.layers.stop()
        self.views.stop()
        super().closeEvent(event)


def alarm_sentence(row: CaseRow, now_ms: int) -> str:
    """Return where and how bad it is, who is going, and by when it must be done."""
    place = "" if row.address in _what(row) else named(row.address)
    bad = tr(f"state.{state_of(row, now_ms)}")
    since = tr("wall.since", age=age(row.reported_ms, now_ms))
    who = tr("wall.nobody")
    if row.person is not None:
        who = tr("wall.who_goes", unit=named(row.unit_name), person=person_named(row.person_name))
    by = ""
    if row.due_ms is not None:
        key = "wall.by" if row.due_ms >= now_ms else "wall.was_due"
        clock = tr_or(f"clock.{row.due_clock}", row.due_clock)
        by = tr(key, at=f"{local(row.due_ms):%H:%M}", clock=clock)
    joint = tr("reason.comma")
    return tr("wall.sentence", what=joint.join(filter(None, (place, bad, since, who, by))))


def _what(row: CaseRow) -> str:
    return what_of(row.title, row.address) or matter_named(row.matter_name)


def bends(river: River) -> tuple[Bend, ...]:
    """Return the seven numbers of the river, left to right."""
    today = tr("wall.today")
    share = f"{100 * river.sent_by_rule / river.sent:.1f}%" if river.sent else "–"
    late = (
        tr("wall.longest", span=span(river.longest_ms)) if river.overdue else tr("wall.none_open")
    )
    return (
        Bend(tr("wall.reported"), f"{river.reported:,}", today),
        Bend(tr("wall.filed"), f"{river.filed:,}", today),
        Bend(tr("wall.auto"), share, tr("wall.share")),
        Bend(tr("wall.handling"), f"{river.in_hand:,}", tr("wall.at_present")),
        Bend(tr("wall.overdue"), f"{river.overdue:,}", late, "bad" if river.overdue else ""),
        Bend(tr("wall.supervised"), "–", tr("wall.not_yet")),
        Bend(tr("wall.closed"), f"{river.closed:,}", today),
    )
