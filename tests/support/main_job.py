"""The main job without end, in a process of its own that is there to be killed.

Run as `python -m tests.support.main_job CITY SEED [--careless]`. After each step that came back
as durable it prints one line `case hash[,hash…]`: from then on that step counts as shown.
`--careless` sets `synchronous=OFF`, which must lose steps under a power cut.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from uuid import UUID

from sqlalchemy import event

from app.data.city import SqlCity
from app.data.city_folder import open_city
from app.domain.people import Role
from app.sample.tiny import desk_person
from app.services.bus import handle
from app.services.commands import AcceptSuggestion, ActOnCase, Actor, ReportCase, UndoLast
from app.services.sheet import require_state

WORDS = ("路面龟裂，约两平方米", "雨水井盖缺失", "路灯不亮三盏", "门口堆放垃圾没人清", "有点不对劲")


class Clerk:
    """Takes one random step after another, each through the real handlers."""

    def __init__(self, city: SqlCity, seed: int) -> None:
        self._city = city
        self._rng = random.Random(seed)
        self._open: list[UUID] = []
        self._shown: dict[UUID, set[str]] = {}

    def step(self) -> str:
        """Take a step and return the line that shows it."""
        command = self._report() if self._rng.random() < 0.35 or not self._open else self._next()
        row = handle(command, self._city, time.time_ns() // 1_000_000).cases[0]
        if row.uid not in self._shown:
            self._open.append(row.uid)
        if not row.is_open:
            self._open.remove(row.uid)
        with self._city.begin(write=False) as uow:
            hashes = {signed.hash for signed in uow.actions.of_subject(row.uid)}
        new = hashes - self._shown.get(row.uid, set())
        self._shown[row.uid] = hashes
        return f"{row.uid} {','.join(sorted(new))}"

    def _report(self) -> ReportCase:
        lon, lat = self._rng.uniform(121.41, 121.59), self._rng.uniform(31.11, 31.29)
        intake = Actor(desk_person(Role.INTAKE), "intake")
        words = self._rng.choice(WORDS)
        return ReportCase(intake, words, lon, lat, "汾阳路150号", reporter_name="张三")

    def _next(self) -> AcceptSuggestion | ActOnCase | UndoLast:
        case = self._rng.choice(self._open)
        with self._city.begin(write=False) as uow:
            state = require_state(case, uow)
        dispatcher = Actor(desk_person(Role.DISPATCHER), "dispatcher")
        handler = Actor(state.person or dispatcher.person, "handler")
        last = state.last_applied()
        if state.step in ("dispatched", "signed") and self._rng.random() < 0.15:
            if last is not None and last.type == "dispatch":
                return UndoLast(dispatcher, case)
            return ActOnCase(handler, case, "return", {"reason": "地址不详，请核实"})
        if state.step in ("reported", "filed"):
            return self._send(case, state.step, dispatcher)
        if state.step == "dispatched":
            return ActOnCase(handler, case, "sign")
        if state.step == "signed":
            return ActOnCase(handler, case, "handle", {"note": "已修好"})
        if state.step == "handled":
            return ActOnCase(Actor(desk_person(Role.SUPERVISOR), "supervisor"), case, "pass")
        return ActOnCase(dispatcher, case, "close")

    def _send(self, case: UUID, step: str, actor: Actor) -> AcceptSuggestion | ActOnCase:
        with self._city.begin(write=False) as uow:
            row = uow.cases.row(case)
        if row is not None and row.title == WORDS[-1] and step == "reported":
            return ActOnCase(actor, case, "reject", {"reason": "查无此事"})
        return AcceptSuggestion(actor, case)


def be_careless(city: SqlCity) -> None:
    """Let every connection of `city` stop syncing."""

    @event.listens_for(city._engine, "connect", insert=False)
    def _off(connection: object, _record: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]

    city._engine.dispose()


def main() -> None:
    """Work until killed."""
    folder, seed = Path(sys.argv[1]), int(sys.argv[2])
    city = open_city(folder)
    if "--careless" in sys.argv:
        be_careless(city)
    clerk = Clerk(city, seed)
    while True:
        sys.stdout.write(clerk.step() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
