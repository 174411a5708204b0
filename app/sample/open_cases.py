"""Some open cases in every step 示意, made by the real handlers, so that the inbox is alive."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.domain.people import Role
from app.domain.rules import RuleBook
from app.sample.chance import rng_of, uid_of
from app.sample.history import HOUR_MS, SOURCES
from app.sample.sayings import leaf_weights, say, say_unclear
from app.sample.spots import Spot
from app.sample.staff import Staff
from app.services.changes import CaseRow, Changes
from app.services.commands import (
    AcceptSuggestion,
    ActOnCase,
    Command,
    ReportCase,
)

NOTES = (
    "已到现场处理完毕。",
    "已修复，现场恢复。",
    "已清理，并告知周边商户。",
    "已更换，试运行正常。",
)
RETURN_REASONS = ("不属于本单位职责范围。", "现场未发现问题，地址不详。")
REWORK_REASONS = ("照片看不出已修复，请重新处置。", "只处理了一半。")
# How far each of the open cases has come, and how many there are of each.
WAYS: tuple[tuple[tuple[str, ...], int], ...] = (
    ((), 6),
    (("unclear",), 6),
    (("accept",), 7),
    (("accept", "sign"), 8),
    (("accept", "return"), 2),
    (("accept", "sign", "return"), 1),
    (("accept", "sign", "handle"), 6),
    (("accept", "sign", "handle", "rework"), 2),
    (("accept", "sign", "handle", "pass"), 3),
)
_AUTO = 0.4
Send = Callable[[Command, int], Changes]


@dataclass(frozen=True)
class _Step:
    move: str
    at_ms: int


def make_open_cases(
    send: Send, staff: Staff, spots: Sequence[Spot], rules: RuleBook, seed: int, now_ms: int
) -> int:
    """Report and move some forty cases of the last two days; return how many there are.

    `send` carries a command out at a given time (Unix ms).
    """
    chance = rng_of(seed, "open")
    ways = [way for way, count in WAYS for _ in range(count)]
    for index, way in enumerate(ways):
        age_ms = int(chance.triangular(0.2, 30, 4) * HOUR_MS)
        case = uid_of(seed, "open", str(index), ms=now_ms - age_ms)
        _play(
            case,
            way,
            now_ms - age_ms,
            now_ms,
            send,
            staff,
            spots[index % len(spots)],
            rules,
            chance,
        )
    return len(ways)


def _play(
    case: UUID,
    way: Sequence[str],
    start_ms: int,
    now_ms: int,
    send: Send,
    staff: Staff,
    spot: Spot,
    rules: RuleBook,
    chance: random.Random,
) -> None:
    leaves, weights = leaf_weights(rules.matters)
    matter = chance.choices(leaves, weights)[0]
    unclear = "unclear" in way
    words = (say_unclear(leaves, spot.address, chance) if unclear
             else say(matter, spot.address, chance))  # fmt: skip
    areas = (spot.street, spot.district)
    report = ReportCase(
        actor=staff.actor(Role.INTAKE, areas),
        words=words,
        lon=spot.lon,
        lat=spot.lat,
        address=spot.address,
        source=chance.choice(SOURCES),
        matter="" if unclear or not way else matter.code,
        reporter_name="示意市民",
        at_ms=start_ms,
        case=case,
        auto_dispatch=bool(way) and not unclear and chance.random() < _AUTO,
    )
    row = send(report, start_ms).cases[0]
    moves = [one for one in way if one != "unclear"]
    for step in _timed(moves[1:] if row.auto else moves, start_ms, now_ms, chance):
        row = send(command_for(row, step.move, staff, chance), step.at_ms).cases[0]


def _timed(
    moves: Sequence[str], start_ms: int, now_ms: int, chance: random.Random
) -> Iterator[_Step]:
    at_ms = start_ms
    for move in moves:
        at_ms += int((now_ms - at_ms) * chance.uniform(0.1, 0.4))
        yield _Step(move, at_ms)


def command_for(row: CaseRow, move: str, staff: Staff, chance: random.Random) -> Command:
    """Return the command by which the right person takes `move` on the case of `row`."""
    if move == "accept":
        return AcceptSuggestion(staff.of(Role.DISPATCHER, row), row.uid)
    fields: dict[str, str] = {}
    if move == "handle":
        fields["note"] = chance.choice(NOTES)
    elif move in ("return", "rework"):
        fields["reason"] = chance.choice(RETURN_REASONS if move == "return" else REWORK_REASONS)
    if move in ("sign", "handle", "return"):
        actor = staff.handler(row)
    elif move in ("pass", "rework"):
        actor = staff.of(Role.SUPERVISOR, row)
    else:
        actor = staff.of(Role.DISPATCHER, row)
    return ActOnCase(actor, row.uid, move, fields)
