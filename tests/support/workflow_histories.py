"""Random histories of a case: every step one that the fold leaves open to somebody."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from app.domain.actions import Action
from app.domain.cases import CaseState
from app.domain.fold import fold
from app.domain.hlc import Stamp
from app.domain.identity import uuid7
from app.domain.requests import Standing, next_roles
from app.domain.rules import RuleBook
from app.domain.workflow import Move

START_MS = 1_790_000_000_000
HOUR_MS = 3_600_000
REF = {"key": "00000000-0000-7000-8000-0000000000aa", "commitment": "0" * 64}
PERSONS = 4  # of each role


class History:
    """Grows one case by what anybody may do, a random one of all each time."""

    def __init__(self, book: RuleBook, rng: random.Random) -> None:
        self.book, self.rng = book, rng
        self.actions: list[Action] = []
        self.left_alone = ""
        self._ms = START_MS

    def grown(self, most: int) -> CaseState:
        """Return the state after at most `most` steps, or where it is closed."""
        source = self.rng.choice(("patrol", "hotline", "sensor", "110", "app"))
        create = self.book.workflow.moves["report"]
        role = self.rng.choice(create.roles)
        self._take("report", role, 1, {**self._said(create), "source": source, "receipt": "S-1"})
        state = self._state()
        while len(self.actions) < most:
            legal = list(self._legal(state))
            if self.book.workflow.step(state.step).open and not any(
                role != "machine" for _, role, _, _ in legal
            ):
                self.left_alone = state.step
                break
            if not legal:
                break
            self._take(*self.rng.choice(legal))
            state = self._state()
            last = next(e for e in state.history if e.hash == self.actions[-1].hash)
            assert last.effect == "applied", (last.type, last.why)
        return state

    def _legal(self, state: CaseState) -> Iterator[tuple[str, str, int, dict[str, Any]]]:
        self._ms += self.rng.choice((60_000, HOUR_MS, 9 * HOUR_MS, 30 * HOUR_MS))
        for kind, role, actor, body in self._thinkable(state):
            tried = self._action(kind, role, actor, body)
            after = fold([*self.actions, tried], lambda _: self.book)
            assert after is not None
            entry = next(one for one in after.history if one.hash == tried.hash)
            if entry.effect == "applied":
                yield kind, role, actor, body

    def _thinkable(self, state: CaseState) -> Iterator[tuple[str, str, int, dict[str, Any]]]:
        anybody = self.rng.randrange(PERSONS)
        for move in self.book.workflow.open_moves(state.step):
            for role in move.roles:
                for actor in {anybody, (anybody + 1) % PERSONS}:
                    yield move.name, role, actor, self._said(move)
        for request in state.requests:
            if request.standing is Standing.OPEN:
                about = {"request": request.hash}
                for role in next_roles(request, self.book.workflow):
                    yield "approve", role, anybody, about
                    yield "decline", role, anybody, about
                if request.by == person(anybody, request.role):
                    yield "withdraw", request.role, anybody, about
        yield from self._tasks(state, anybody)

    def _tasks(
        self, state: CaseState, anybody: int
    ) -> Iterator[tuple[str, str, int, dict[str, Any]]]:
        for role in self.book.workflow.tasks.roles[:1]:
            give = {"unit": str(person(70, "unit")), "refs": {"words": REF}}
            yield "task_give", role, anybody, give
        for task in state.tasks:
            if task.open:
                about = {"task": task.hash, "refs": {"note": REF, "reason": REF}}
                for kind in ("task_sign", "task_done", "task_return"):
                    yield kind, "handler", anybody, about

    def _said(self, move: Move) -> dict[str, Any]:
        chains = self.book.workflow.chains_of(move.name)
        return {
            "lon_e7": 1214500000, "lat_e7": 312100000, "matter": "01",
            "unit": str(person(60, "unit")), "post": str(person(61, "post")),
            "person": str(person(1, "handler")), "photos": ["ab", "cd"],
            "wake_ms": self._ms + self.rng.choice((HOUR_MS, 90 * HOUR_MS)),
            "amount": self.rng.randint(1, 5),
            "amount_unit": self.rng.choice(("work_day", "work_hour")),
            "refs": {k: REF for k in ("words", "reason", "note", "condition", "document")},
            **({"grade": self.rng.choice(chains).grade} if move.approval else {}),
        }  # fmt: skip

    def _take(self, kind: str, role: str, actor: int, body: dict[str, Any]) -> None:
        self.actions.append(self._action(kind, role, actor, body))

    def _action(self, kind: str, role: str, actor: int, body: dict[str, Any]) -> Action:
        return Action(
            uid=uuid7(self._ms, len(self.actions)),
            subject=uuid7(START_MS, 1),
            device="dev-a",
            stamp=Stamp(self._ms, 0, "dev-a"),
            parents=(self.actions[-1].hash,) if self.actions else (),
            type=kind,
            version=1,
            rules=self.book.hash,
            actor=person(actor, role),
            role=role,
            body=body,
        )

    def _state(self) -> CaseState:
        state = fold(self.actions, lambda _: self.book)
        assert state is not None
        return state


def person(number: int, role: str) -> UUID:
    """Return one of the persons of a role."""
    return uuid7(1_600_000_000_000, number + 100 * sum(role.encode()))
