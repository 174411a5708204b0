"""A city with everything that lives on it: core, roles, readings, the simulated shift."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app.assembly.keeping import Keeping, keeping_of
from app.cli.words import said
from app.runtime.core import WATCH_S, Core
from app.runtime.health import HealthItem
from app.runtime.jobs import ErrorHook, log_unexpected, wall_ms
from app.services.changes import Changes

if TYPE_CHECKING:
    from app.domain.signs import Sign
    from app.engines.sign_board import SignBoard
    from app.feeds.link import Link
    from app.sample.shift import Shift
    from app.services.ports import City, NowMs

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
KEY_VARIABLE = "WANGGE_KEY"
_FOLLOW_S = 0.5
_UPKEEP_S = 30.0
_SHOWN_READINGS = 60
_UNIT_SEEN_MS = 600_000  # a unit not heard of for longer may be anywhere


def open_core(
    city: str, *, watch: bool = False, now_ms: NowMs = wall_ms, on_error: ErrorHook = log_unexpected
) -> Core:
    """Open a city for commands and questions alone.

    `city` is a folder or a PostgreSQL address; the key of an encrypted one is read from the
    environment (`WANGGE_KEY`). Raises what opening raises.
    """
    from app.data.city_folder import is_address
    from app.services.bus import handle
    from app.services.questions import answer

    opened: list[City] = []

    def open_it() -> City:
        opened.append(_open_city(city))
        return opened[0]

    core = Core(
        open_it,
        handle,
        answer,
        now_ms=now_ms,
        watch_s=WATCH_S if watch else 0,
        remote=is_address(city),
        on_error=on_error,
    )
    core.read_only = opened[0].read_only
    if is_address(city):  # told on the database thread, before any window
        core.subscribe(lambda changes: _follow_others(opened[0], city, changes))
    return core


def open_for_command(city: str, *, watch: bool = False) -> Core:
    """Open a city for one command; says in a line on stderr if it can only be read."""
    core = open_core(city, watch=watch)
    if core.read_only:
        lang = "en" if "en" in sys.argv else "zh"
        print(said("health", f"read_only_{core.read_only}", lang), file=sys.stderr)  # noqa: T201 - for the command line
    return core


def _follow_others(city: City, place: str, changes: Changes) -> None:
    """Let the drawing store follow edits of parts that other desks made."""
    if changes.parts:
        from app.assembly.edits import catch_up

        catch_up(city, place)  # type: ignore[arg-type]  # opened by `_open_city`


def _open_city(city: str) -> City:
    from app.assembly.edits import give_edits
    from app.assembly.gazetteers import give_gazetteer
    from app.data.city_folder import open_city

    opened = open_city(city, os.environ.get(KEY_VARIABLE))
    give_gazetteer(opened)
    give_edits(opened, city)
    return opened  # type: ignore[return-value]  # facts are set by opening


@dataclass(frozen=True)
class Live:
    """A core with its roles, for window and `serve`: see `build_core`."""

    core: Core
    place: str
    keeping: Keeping
    sent: Callable[[], int]

    @property
    def playing(self) -> bool:
        """Whether this process plays the machine's roles on the city."""
        return self.keeping.lock.held


def build_core(
    city: str, *, now_ms: NowMs = wall_ms, dispatch: bool = True, play: bool = True
) -> Live:
    """Open a city with everything that lives: intake of readings, roles, rule dispatch.

    One process plays the roles (a lock in the folder, or locks of the server); the others follow
    what it stores, and take over within ten seconds of its end unless `play` is false. Closing
    the core ends all of it.
    """
    from app.data.city_folder import is_address
    from app.feeds.link import Link
    from app.feeds.upkeep import Upkeep

    link = Link(now_ms)
    remote = is_address(city)
    core = open_core(
        city, watch=True, now_ms=now_ms, on_error=link.on_error if remote else log_unexpected
    )
    try:
        keeping = keeping_of(city, play=play and not core.read_only)
        core.on_close(keeping.close)
        core.on_close(core.drain)  # what waits is stored before its store closes
        sent = _enliven(core, keeping, link if remote else None, dispatch=dispatch)
        core.add_health("feeds", lambda: HealthItem("unknown", "feeds"))
        if core.read_only:
            core.add_health("read_only", partial(HealthItem, "bad", f"read_only_{core.read_only}"))
        else:
            upkeep = Upkeep(core, lambda: keeping.lock.held)
            core.every("upkeep", _UPKEEP_S, upkeep)
            core.add_health("apart", upkeep.health)
        if remote:
            core.add_health("database", link.health)
    except BaseException:
        core.close()
        raise
    return Live(core, city, keeping, sent)


def _enliven(
    core: Core, keeping: Keeping, link: Link | None, *, dispatch: bool
) -> Callable[[], int]:
    """Let readings, roles and rule dispatch live on `core`; return how many the rule has sent."""
    from app.feeds.follow import Follower
    from app.feeds.intake import Intake
    from app.feeds.rule_dispatch import RuleDispatch

    log, positions, lock = keeping.log, keeping.positions, keeping.lock
    board = _board(core)
    board.take(log.recent(_SHOWN_READINGS))
    positions.changed()  # what another process left; known from here on
    core.greet_with(
        lambda: Changes(signs=board.rows(), units=positions.known(core.now_ms - _UNIT_SEEN_MS))
    )
    core.take_batches_by(Intake(log, board, positions, lambda: core.now_ms))
    lock.try_take()
    rule = RuleDispatch(core, lambda: dispatch and lock.holds("dispatch"))
    follower = Follower(log, positions, board, core.publish, lambda: lock.holds("intake"))
    core.subscribe(rule)

    def roles() -> None:
        lock.try_take()
        rule.catch_up()

    core.every("roles", keeping.take_s, roles)
    core.every("follow", _FOLLOW_S, link.watched(follower) if link is not None else follower)
    return lambda: rule.sent


def start_shift(live: Live, speed: float = 60.0, seed: int = 1) -> Shift:
    """Play the live simulated shift 示意 on the city while this process plays its roles."""
    from app.sample.shift import Shift

    shift = Shift(live.core, live.place, load_signs(), seed=seed, speed=speed)
    live.core.on_close(shift.close)
    live.core.add_health("feeds", shift.health)
    live.core.every("shift", 1.0, lambda: shift.beat() if live.playing else shift.wait())
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
