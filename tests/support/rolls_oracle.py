"""An oracle of who answers, written otherwise than the program: it asks plain lists in a row.

Times are minutes since the first local midnight of the trial's year (Shanghai has no summer time).
"""

from __future__ import annotations

from typing import Any

DAY = 1440


class Oracle:
    """Plain lists of tuples; later entries of a list come before earlier ones."""

    def __init__(self) -> None:
        self.shifts: list[tuple[str, int, int]] = []  # code, first and last+1 minute of the day
        self.posts: list[dict[str, Any]] = []  # name, area, kind, people, rosters
        self.leaves: list[tuple[str, str, int, int]] = []  # who, stand-in or "", from, to
        self.swaps: list[tuple[str, str, int, int]] = []
        self.extras: list[tuple[int, str, int, int]] = []  # number of the post
        self.gone: list[tuple[str, int, int]] = []  # person or post:N off the rolls
        self.leaders: list[tuple[str, str]] = []  # area, person

    def is_gone(self, what: str, minute: int) -> bool:
        """Tell whether a person or post is off the rolls."""
        return any(w == what and a <= minute < b for w, a, b in self.gone)

    def shift(self, minute: int) -> tuple[str, int] | None:
        """Return the shift's code and the day on which it began."""
        day, at = divmod(minute, DAY)
        for code, start, end in sorted(self.shifts):
            if start < end:
                if start <= at < end:
                    return code, day
            elif at >= start:
                return code, day
            elif at < end:
                return code, day - 1
        return None

    def real(self, who: str, minute: int) -> str:
        """Return who stands for a person; empty if nobody."""
        passed = []
        while who and who not in passed:
            passed.append(who)
            stand_in = None
            for person, other, a, b in self.leaves:
                if person == who and a <= minute < b:
                    stand_in = other
            if stand_in is None:
                return "" if self.is_gone(who, minute) else who
            who = stand_in
        return ""

    def on_post(self, number: int, minute: int) -> str:
        """Return who stands on a post, empty if nobody."""
        if self.is_gone(f"post:{number}", minute):
            return ""
        doing = [w for n, w, a, b in self.extras if n == number and a <= minute < b]
        if doing:
            return self.real(doing[-1], minute)
        shift = self.shift(minute)
        if shift is None:
            return ""
        post = self.posts[number]
        who = post["people"].get(shift[0], "")
        for first, anchor, pattern in post["rosters"]:
            if first <= minute:
                who = pattern[(shift[1] - anchor) % len(pattern)].get(shift[0], "")
        partner = ""
        for one, other, a, b in self.swaps:
            if a <= minute < b and who in (one, other):
                partner = other if who == one else one
        return self.real(partner or who, minute)

    def answer(self, path: list[str], lead: str, minute: int) -> tuple[str, bool]:
        """Return who answers, and whether somebody on a post does."""
        for kind in (lead, "fallback"):
            for area in path:
                for number, post in enumerate(self.posts):
                    if (post["area"], post["kind"]) == (area, kind):
                        who = self.on_post(number, minute)
                        if who:
                            return who, True
        for area in path:
            for where, leader in self.leaders:
                if where == area and self.real(leader, minute):
                    return self.real(leader, minute), False
        return "", False
