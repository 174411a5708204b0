"""A live simulated shift 示意: citizens report, staff work, signs are read, units drive.

Everything goes by real commands and real batches, so the shift exercises the very program that
people use. With a virtual clock and `play` it is a fixed script: the same seed on the same city
gives the same counts.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.areas import Tier
from app.domain.errors import AppError
from app.domain.geodesy import CityFrame
from app.domain.matters import Matter
from app.domain.people import Role
from app.domain.rules import RuleBook
from app.domain.signs import Sign
from app.runtime.core import Core
from app.runtime.health import HealthItem
from app.sample.chance import rng_of, uid_of
from app.sample.history import HOURS, SOURCES
from app.sample.open_cases import command_for
from app.sample.patrols import Patrols, make_patrols
from app.sample.sayings import leaf_weights, say, say_unclear
from app.sample.sign_curves import SignCurves
from app.sample.spots import Spot, read_spots
from app.sample.staff import Staff
from app.services.changes import CaseRow, Changes
from app.services.commands import ActOnCase, Command, ReportCase
from app.services.ports import City, UnitOfWork
from app.services.questions import OpenCases

REPORTS_AN_HOUR = 20.0
_UNCLEAR = 0.25
_UNITS = 60
_SPOTS = 2_000
_FASTEST_DRIVE = 4.0
# Next move by step, with the minutes (least, most) that staff take for it.
_NEXT = {
    "reported": ("accept", 20, 150),
    "filed": ("accept", 15, 90),
    "dispatched": ("sign", 2, 12),
    "signed": ("handle", 15, 90),
    "handled": ("pass", 5, 40),
    "checked": ("close", 2, 10),
}
_RETURNED, _REWORKED = 0.04, 0.04
_USUAL_LEADS = ("sanitation", "urban_enforcement", "fallback")  # where words say nothing clear
_COUNTED = {"sign": "signed", "handle": "handled", "pass": "checked", "close": "closed",
            "return": "returned", "rework": "reworked", "accept": "dispatched_hand"}  # fmt: skip


@dataclass
class ShiftCounts:
    """What the shift did. `missed` are moves that somebody else had made impossible."""

    reported: int = 0
    dispatched_auto: int = 0
    dispatched_hand: int = 0
    signed: int = 0
    handled: int = 0
    checked: int = 0
    closed: int = 0
    returned: int = 0
    reworked: int = 0
    missed: int = 0
    readings: int = 0
    readings_refused: int = 0


@dataclass(frozen=True)
class _Scene:
    """What of the city the shift plays on."""

    staff: Staff
    rules: RuleBook
    spots: Sequence[Spot]
    curves: SignCurves
    patrols: Patrols
    open_cases: tuple[CaseRow, ...]


class Shift:
    """The simulated shift of one core. `beat` is one step; call it from one thread at a time.

    Args:
        core: an open core that plays the city's roles.
        place: the city's folder or address.
        signs: what is measured.
        seed: of everything that is left to chance.
        speed: simulated seconds a second, for citizens and staff; units drive at most ×4.
        reports_an_hour: on average over a simulated day.
    """

    def __init__(
        self,
        core: Core,
        place: Path | str,
        signs: Sequence[Sign],
        *,
        seed: int = 1,
        speed: float = 60.0,
        reports_an_hour: float = REPORTS_AN_HOUR,
    ) -> None:
        self._core = core
        self._seed = seed
        self._speed = speed
        self._rate = reports_an_hour / 3600
        self._chance = rng_of(seed, "shift")
        self._scene = self._set(place, signs)
        self._zone = ZoneInfo(self._scene.rules.calendar.zone)
        self._matters = leaf_weights(self._scene.rules.matters)
        self._usual = [m for m in self._matters[0] if m.lead in _USUAL_LEADS and not m.urgent]
        self._order = itertools.count()
        self._due: list[tuple[float, int, UUID, str]] = []
        self._rows: dict[UUID, CaseRow] = {}
        self._heard: deque[CaseRow] = deque()
        self._last_ms = core.now_ms
        self._simulated_s = 0.0
        self._driven_s = 0.0
        self._next_report_s = 0.0
        self._left: set[UUID] = set()
        self._busy = threading.Lock()
        self.desk_waits = 1.0  # how long dispatchers leave a case, as a share of the usual
        self.counts = ShiftCounts()
        self._heard.extend(self._scene.open_cases)
        core.subscribe(self._hear)

    def beat(self) -> None:
        """Go on to the present of the core's clock: report, work, read, drive."""
        with self._busy:
            now_ms = self._core.now_ms
            elapsed_s = max(0, now_ms - self._last_ms) / 1000
            self._last_ms = now_ms
            self._simulated_s += elapsed_s * self._speed
            self._driven_s += elapsed_s * min(self._speed, _FASTEST_DRIVE)
            self._feel(now_ms, elapsed_s)
            self._report_due(now_ms)
            self._plan()
            self._work_due()

    def leave_urgent(self, matter: str) -> None:
        """Report an urgent matter that nobody comes to handle: what an alarm looks like."""
        with self._busy:
            found = next((one for one in self._matters[0] if one.code == matter), None)
            if found is not None:
                row = self._report(self._core.now_ms, found)
                if row is not None:
                    self._left.add(row.uid)

    def wait(self) -> None:
        """Let time pass while another process plays; nothing is made up for later."""
        self._last_ms = self._core.now_ms

    def close(self) -> None:
        """Hear no more; a beat that runs is finished first."""
        self._core.unsubscribe(self._hear)
        with self._busy:
            self._due.clear()

    def summary(self) -> dict[str, int]:
        """Return the counts so far."""
        return asdict(self.counts)

    def health(self) -> HealthItem:
        """Return the feeds' item of the status strip: signs and positions."""
        fresh = self._core.now_ms - self._last_ms < 10_000
        return HealthItem("normal" if fresh else "attention", "feeds", 2 * fresh, 2)

    def _set(self, place: Path | str, signs: Sequence[Sign]) -> _Scene:
        def look(city: City) -> tuple[Staff, RuleBook, str, list[str]]:
            with city.begin(write=False) as uow:
                staff, rules = Staff(_whole(uow)), uow.rules.current()
            root = city.areas.root()
            districts = city.areas.children(root.uid, Tier.DISTRICT)
            return staff, rules, root.code, [one.code for one in districts]

        staff, rules, code, districts = self._core.with_city(look).result()
        spots = read_spots(place, _SPOTS, self._chance)
        facts = self._core.facts
        frame = CityFrame(facts.lon0, facts.lat0)
        return _Scene(
            staff,
            rules,
            spots,
            SignCurves(signs, code, districts, self._seed, facts.totals),
            make_patrols(place, frame, spots, _UNITS, self._seed, self._chance),
            self._core.ask(OpenCases()).result(),
        )

    def _hear(self, changes: Changes) -> None:
        self._heard.extend(changes.cases)

    def _feel(self, now_ms: int, elapsed_s: float) -> None:
        local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(self._zone)
        hour = local.hour + local.minute / 60
        working = self._scene.rules.calendar.is_working_day(local.date())
        batch = self._scene.curves.at(now_ms, hour, elapsed_s * self._speed, working=working)
        if self._core.offer(batch):
            self.counts.readings += len(batch)
        else:
            self.counts.readings_refused += len(batch)
        self._core.offer(self._scene.patrols.at(now_ms, self._driven_s))

    def _report_due(self, now_ms: int) -> None:
        while self._next_report_s <= self._simulated_s:
            self._report(now_ms)
            hour = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(self._zone).hour
            rate = self._rate * max(HOURS[hour] * 24 / sum(HOURS), 0.5)
            self._next_report_s += self._chance.expovariate(rate)

    def _report(self, now_ms: int, only: Matter | None = None) -> CaseRow | None:
        """Report a matter, or `only` this one in clear words; return the case, None if refused."""
        chance, spot = self._chance, self._chance.choice(self._scene.spots)
        leaves, weights = self._matters
        unclear = only is None and chance.random() < _UNCLEAR
        matter = only or chance.choices(leaves, weights)[0]
        words = say_unclear(leaves, spot.address, chance) if unclear else say(
            matter, spot.address, chance
        )  # fmt: skip
        command = ReportCase(
            actor=self._scene.staff.actor(Role.INTAKE, (spot.street, spot.district)),
            words=words,
            lon=spot.lon,
            lat=spot.lat,
            address=spot.address,
            source=chance.choice(SOURCES),
            reporter_name="示意市民",
            case=uid_of(self._seed, "shift", str(self.counts.reported), str(now_ms), ms=now_ms),
        )
        row = self._send(command)
        if row is not None:
            self.counts.reported += 1
            self.counts.dispatched_auto += row.auto
        return row

    def _plan(self) -> None:
        while self._heard:
            row = self._heard.popleft()
            known = self._rows.get(row.uid)
            self._rows[row.uid] = row
            if not row.is_open:
                del self._rows[row.uid]
            elif (known is None or known.step != row.step) and row.step in _NEXT:
                move, least, most = _NEXT[row.step]
                waits = self.desk_waits if move == "accept" else 1.0
                due_s = self._simulated_s + self._chance.uniform(least, most) * 60 * waits
                heapq.heappush(self._due, (due_s, next(self._order), row.uid, row.step))

    def _work_due(self) -> None:
        while self._due and self._due[0][0] <= self._simulated_s:
            _, _, uid, step = heapq.heappop(self._due)
            row = self._rows.get(uid)
            if row is not None and row.step == step and uid not in self._left:
                self._work(row)

    def _work(self, row: CaseRow) -> None:
        move = self._choose(row)
        done = self._send_by_hand(row) if move == "accept" else self._send(
            command_for(row, move, self._scene.staff, self._chance)
        )  # fmt: skip
        if done is None:
            self.counts.missed += 1
            return
        name = _COUNTED[move]
        setattr(self.counts, name, getattr(self.counts, name) + 1)

    def _choose(self, row: CaseRow) -> str:
        move = _NEXT[row.step][0]
        drawn = self._chance.random()
        if move == "handle" and drawn < _RETURNED and not row.returned:
            return "return"
        if move == "pass" and drawn < _REWORKED and not row.reworked:
            return "rework"
        return move

    def _send_by_hand(self, row: CaseRow) -> CaseRow | None:
        """Accept the suggestion, or choose a matter and dispatch where there is none."""
        done = self._send(command_for(row, "accept", self._scene.staff, self._chance))
        if done is not None:
            return done
        actor = self._scene.staff.of(Role.DISPATCHER, row)
        if row.step == "reported":
            matter = self._chance.choice(self._usual)
            if self._send(ActOnCase(actor, row.uid, "file", {"matter": matter.code})) is None:
                return None
        return self._send(ActOnCase(actor, row.uid, "dispatch"))

    def _send(self, command: Command) -> CaseRow | None:
        """Carry a command out; None if it was not open any more."""
        try:
            return self._core.submit(command).result().cases[0]
        except AppError:
            return None


def _whole(uow: UnitOfWork) -> Any:
    return uow.directory  # the port's directory also lists units
