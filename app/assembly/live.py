"""A city with everything that lives on it: core, roles, readings, the simulated shift."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.runtime.core import WATCH_S, Core
from app.runtime.health import HealthItem
from app.runtime.jobs import wall_ms
from app.services.changes import Changes

if TYPE_CHECKING:
    from app.data.role_lock import RoleLock
    from app.domain.signs import Sign
    from app.engines.sign_board import SignBoard
    from app.sample.shift import Shift
    from app.services.ports import City, NowMs

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
KEY_VARIABLE = "WANGGE_KEY"
_FOLLOW_S = 0.5
_TAKE_OVER_S = 5.0
_SHOWN_READINGS = 60
_UNIT_SEEN_MS = 600_000  # a unit not heard of for longer may be anywhere


def open_core(city: str, *, watch: bool = False, now_ms: NowMs = wall_ms) -> Core:
    """Open a city for commands and questions alone.

    `city` is a folder or a PostgreSQL address; the key of an encrypted one is read from the
    environment (`WANGGE_KEY`). Raises what opening raises.
    """
    from app.data.city_folder import is_address
    from app.services.bus import handle
    from app.services.questions import answer

    return Core(
        lambda: _open_city(city),
        handle,
        answer,
        now_ms=now_ms,
        watch_s=WATCH_S if watch else 0,
        remote=is_address(city),
    )


def _open_city(city: str) -> City:
    from app.data.city_folder import open_city

    return open_city(city, os.environ.get(KEY_VARIABLE))  # type: ignore[return-value]  # facts are set by opening


@dataclass(frozen=True)
class Live:
    """A core with its roles, for window and `serve`: see `go_live`."""

    core: Core
    lock: RoleLock
    sent: Callable[[], int]

    @property
    def playing(self) -> bool:
        """Whether this process plays the machine's roles on the city."""
        return self.lock.held


def build_core(city: str, *, now_ms: NowMs = wall_ms, dispatch: bool = True) -> Live:
    """Open a local city with everything that lives: intake of readings, roles, rule dispatch.

    One process plays the roles (a lock in the folder); the others follow what it stores, and
    take over within ten seconds of its end. Closing the core ends all of it.
    """
    from app.data.positions import PositionFile
    from app.data.role_lock import RoleLock
    from app.data.sign_log import SignLog
    from app.feeds.follow import Follower
    from app.feeds.intake import Intake
    from app.feeds.rule_dispatch import RuleDispatch

    folder = local_folder(city)
    core = open_core(city, watch=True, now_ms=now_ms)
    try:
        lock = RoleLock(folder)
        log, positions = SignLog(folder / "signs"), PositionFile(folder / "signs")
        board = _board(core)
        board.take(log.recent(_SHOWN_READINGS))
        positions.changed()  # what another process left; known from here on
        core.greet_with(
            lambda: Changes(signs=board.rows(), units=positions.known(now_ms() - _UNIT_SEEN_MS))
        )
        core.take_batches_by(Intake(log, board, positions, now_ms))
        lock.try_take()
        core.every("roles", _TAKE_OVER_S, lambda: lock.try_take())
        core.on_close(lock.release)
        follower = Follower(log, positions, board, core.publish, lambda: lock.held)
        core.every("follow", _FOLLOW_S, follower)
        rule = RuleDispatch(core, lambda: dispatch and lock.held)
        core.subscribe(rule)
        core.add_health("feeds", lambda: HealthItem("unknown", "feeds"))
    except BaseException:
        core.close()
        raise
    return Live(core, lock, lambda: rule.sent)


def local_folder(city: str) -> Path:
    from app.data.city_folder import is_address
    from app.domain.errors import Unavailable

    if is_address(city):
        raise Unavailable(
            "Roles, readings and tours need a city in a folder so far.",
            advice="`run` and `case` work on a PostgreSQL city.",
            field="city",
        )
    return Path(city)


def start_shift(live: Live, folder: Path, speed: float = 60.0, seed: int = 1) -> Shift:
    """Play the live simulated shift 示意 on the city while this process plays its roles."""
    from app.sample.shift import Shift

    shift = Shift(live.core, folder, load_signs(), seed=seed, speed=speed)
    live.core.on_close(shift.close)
    live.core.add_health("feeds", shift.health)
    live.core.every("shift", 1.0, lambda: shift.beat() if live.playing else None)
    return shift


def _board(core: Core) -> SignBoard:
    from app.domain.areas import Tier
    from app.domain.errors import AppError
    from app.engines.sign_board import SignBoard

    def names(city: City) -> tuple[str, dict[str, str]]:
        root = city.areas.root()
        districts = city.areas.children(root.uid, Tier.DISTRICT)
        return root.code, {area.code: area.name for area in (root, *districts)}

    try:
        code, by_code = core.with_city(names).result()
    except AppError:  # a city without a map yet
        code, by_code = core.facts.code, {}
    return SignBoard(load_signs(), code, by_code)


def load_signs(path: Path = RESOURCES / "signs.csv") -> tuple[Sign, ...]:
    """Read the table of vital signs; raises `InvalidInput` naming the row at fault."""
    import csv

    from app.domain.signs import parse_signs

    with path.open(encoding="utf-8", newline="") as file:
        return parse_signs(csv.DictReader(file))
