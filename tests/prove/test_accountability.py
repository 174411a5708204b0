"""For every grid, matter and minute exactly one person answers, whatever the rolls went through.

`make prove NAME=accountability`: years of random posts, rosters, leaves, stand-ins, swaps and
duty, each asked at random minutes and held to an oracle that looks through plain lists.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID, uuid5

from app.domain.people import Duty, Person, Role, Shift, Unit
from app.domain.rolls.changes import EXTRA, LEAVE, RETIRE_PERSON, RETIRE_POST, ROSTER, SWAP, Change
from app.domain.rolls.rolls import Rolls, accountable_at
from app.domain.rolls.spans import faults, spans, uncovered
from tests.support.rolls_oracle import DAY, Oracle

SPACE = UUID("00000000-0000-7000-8000-0000000000aa")
MIDNIGHT = datetime(2025, 12, 31, 16, tzinfo=UTC)  # 2026-01-01 00:00 in Shanghai
FIRST_DAY = date(2026, 1, 1)
YEAR = 365 * DAY
PATHS = [["grid1", "street1", "city"], ["grid2", "street1", "city"], ["grid3", "street2", "city"]]
KINDS = ("road", "sanitation")
SETS = (
    [("a", 480, 960), ("b", 960, 0), ("c", 0, 480)],
    [("a", 360, 840), ("b", 840, 1320), ("c", 1320, 360)],
    [("day", 450, 1170), ("night", 1170, 450)],
    [("a", 480, 960), ("b", 900, 1410)],
)
ASKED = 200


def uid(name: str) -> UUID:
    return uuid5(SPACE, name)


def ms(minute: int) -> int:
    return round((MIDNIGHT + timedelta(minutes=minute)).timestamp() * 1000)


class Trial:
    """One city's random year, told to the program and to the oracle alike."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.oracle = Oracle()
        self.oracle.shifts = self.rng.choice(SETS)
        self.people = [f"p{i}" for i in range(14)]
        self.changes: list[Change] = []
        self._posts()
        for _ in range(self.rng.randrange(60)):
            self.rng.choice(
                (self.leave, self.leave, self.swap, self.extra, self.roster, self.gone)
            )()
        self.rolls = self.told()

    def _posts(self) -> None:
        rng = self.rng
        places = [(area, kind) for area in ("grid1", "grid2", "street1", "street2", "city")
                  for kind in (*KINDS, "fallback") if rng.random() < 0.5]  # fmt: skip
        places += rng.sample(places, k=min(2, len(places)))
        named = [(str(uid(f"post{n}")), place) for n, place in enumerate(places)]
        named.sort(key=lambda one: UUID(one[0]))  # of several on one area the first by uid answers
        for name, (area, kind) in named:
            people = {code: rng.choice(self.people) for code, _, _ in self.oracle.shifts
                      if rng.random() < 0.9}  # fmt: skip
            self.oracle.posts.append(
                {"uid": name, "area": area, "kind": kind, "people": people, "rosters": []}
            )
        self.oracle.leaders = [("street1", "leader1"), ("city", "leader")]

    def window(self) -> tuple[int, int]:
        start = self.rng.randrange(YEAR)
        return start, start + self.rng.choice((1, 60, 480, DAY, 9 * DAY, 40 * DAY))

    def change(self, kind: str, about: str, window: tuple[int, int | None], **body: object) -> None:
        number = len(self.changes)
        start, end = window
        till = None if end is None else ms(end)
        subject = UUID(about) if "-" in about else uid(about)
        self.changes.append(Change(f"h{number}", number, kind, subject, ms(start), till, body))

    def leave(self) -> None:
        who = self.rng.choice([*self.people, "leader1"])
        other = self.rng.choice(["", *(one for one in self.people if one != who)])
        window = self.window()
        self.oracle.leaves.append((who, other, *window))
        self.change(LEAVE, who, window, **({"other": str(uid(other))} if other else {}))

    def swap(self) -> None:
        one, other = self.rng.sample(self.people, 2)
        window = self.window()
        self.oracle.swaps.append((one, other, *window))
        self.change(SWAP, one, window, other=str(uid(other)))

    def extra(self) -> None:
        number = self.rng.randrange(len(self.oracle.posts)) if self.oracle.posts else None
        if number is None:
            return
        who, window = self.rng.choice(self.people), self.window()
        self.oracle.extras.append((number, who, *window))
        self.change(EXTRA, self.oracle.posts[number]["uid"], window, other=str(uid(who)))

    def roster(self) -> None:
        if not self.oracle.posts:
            return
        post = self.rng.choice(self.oracle.posts)
        pattern = [{code: self.rng.choice(self.people) for code, _, _ in self.oracle.shifts}
                   for _ in range(self.rng.randint(1, 5))]  # fmt: skip
        anchor, start = self.rng.randrange(365), self.rng.randrange(YEAR)
        post["rosters"].append((start, anchor, pattern))
        uids = [{code: str(uid(who)) for code, who in day.items()} for day in pattern]
        day = (FIRST_DAY + timedelta(days=anchor)).isoformat()
        self.change(ROSTER, post["uid"], (start, None), anchor=day, pattern=uids)

    def gone(self) -> None:
        window = self.window()
        if self.oracle.posts and self.rng.random() < 0.4:
            number = self.rng.randrange(len(self.oracle.posts))
            self.oracle.gone.append((f"post:{number}", *window))
            self.change(RETIRE_POST, self.oracle.posts[number]["uid"], window)
        else:
            who = self.rng.choice(self.people)
            self.oracle.gone.append((who, *window))
            self.change(RETIRE_PERSON, who, window)

    def told(self) -> Rolls:
        units = {uid("unit"): Unit(uid("unit"), "", "road", uid("city"))}
        persons = [Person(uid(one), one, uid("unit"), Role.HANDLER) for one in self.people]
        for area, leader in self.oracle.leaders:
            unit = Unit(uid(f"centre {area}"), "", "centre", uid(area))
            units[unit.uid] = unit
            persons.append(Person(uid(leader), leader, unit.uid, Role.DUTY_LEADER))
        posts = tuple(
            Duty(UUID(one["uid"]), "", uid("unit"), uid(one["area"]), one["kind"],
                 {code: uid(who) for code, who in one["people"].items()})
            for one in self.oracle.posts
        )  # fmt: skip
        shifts = tuple(
            Shift(code, code, time(*divmod(a, 60)), time(*divmod(b, 60)))
            for code, a, b in self.oracle.shifts
        )
        by_uid = {one.uid: one for one in persons}
        return Rolls(units, by_uid, posts, shifts, tuple(self.changes))

    def wrong_answers(self) -> list[str]:
        found = []
        for _ in range(ASKED):
            path, lead = self.rng.choice(PATHS), self.rng.choice(KINDS)
            minute = self.rng.randrange(YEAR)
            expected, posted = self.oracle.answer(path, lead, minute)
            who = accountable_at(self.rolls, [uid(one) for one in path], lead, ms(minute))
            if who is None or who.person.name != expected:
                found.append(f"{path} {lead} {minute}: {who and who.person.name} not {expected}")
            if posted is ("duty_leader:" in (who.reasons if who else ())):
                found.append(f"{path} {lead} {minute}: posted {posted}")
        return found

    def wrong_gaps(self) -> list[str]:
        """Hold the gaps of a path over the year to the oracle, at random minutes and both edges."""
        path, lead = self.rng.choice(PATHS), self.rng.choice(KINDS)
        gaps = uncovered(self.rolls, [uid(one) for one in path], lead, ms(0), ms(YEAR))
        edges = [(at - ms(0)) // 60_000 + by for gap in gaps for at in gap for by in (-1, 0)]
        minutes = [self.rng.randrange(YEAR) for _ in range(ASKED)]
        asked = [one for one in (*minutes, *edges[:ASKED]) if 0 <= one < YEAR]
        told = {one: any(a <= ms(one) < b for a, b in gaps) for one in asked}
        return [f"{path} {lead} {one}" for one in asked
                if told[one] is self.oracle.answer(path, lead, one)[1]]  # fmt: skip

    def wrong_spans(self) -> list[str]:
        """Hold an area's timetable to who stands there, and its faults to the oracle."""
        if not self.oracle.posts:
            return []
        post = self.rng.choice(self.oracle.posts)
        area, kind = post["area"], post["kind"]
        table = spans(self.rolls, uid(area), kind, ms(0), ms(YEAR))
        same = [n for n, one in enumerate(self.oracle.posts)
                if (one["area"], one["kind"]) == (area, kind)]  # fmt: skip
        whole = (table[0].from_ms, table[-1].to_ms) == (ms(0), ms(YEAR))
        joined = all(one.to_ms == two.from_ms for one, two in pairwise(table))
        found = [] if whole and joined else ["not the whole year, once"]
        own = [one for one in faults(self.rolls, ms(0), ms(YEAR))
               if (one.area, one.kind) == (uid(area), kind)]  # fmt: skip
        for minute in (self.rng.randrange(YEAR) for _ in range(ASKED)):
            stand = [who for n in same if (who := self.oracle.on_post(n, minute))]
            span = next(one for one in table if one.from_ms <= ms(minute) < one.to_ms)
            if [uid(one) for one in stand] != list(span.persons):
                found.append(f"{area} {kind} {minute}")
            open_ = any(not self.oracle.is_gone(f"post:{n}", minute) for n in same)
            fault = "double" if len(stand) > 1 else "gap" if not stand and open_ else ""
            told = [one.what for one in own if one.from_ms <= ms(minute) < one.to_ms]
            if told != ([fault] if fault else []):
                found.append(f"{area} {kind} {minute}: {told} not {fault}")
        return found


def test_that_exactly_one_person_answers_for_every_grid_matter_and_minute(proof):
    trials = proof("accountability", full=1000, quick=15)
    for number in trials:
        trial = Trial(number)
        wrong = [*trial.wrong_answers(), *trial.wrong_gaps(), *trial.wrong_spans()]
        trials.record(number, asked=3 * ASKED, changes=len(trial.changes), wrong=wrong[:3])
    assert not [row for row in trials.rows() if row["wrong"]]
