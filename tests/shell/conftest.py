"""A core that answers from memory and a map that only remembers, for the window's tests."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

import pytest

from app.domain.areas import Area, Tier, Whereabouts
from app.domain.cases import CaseState, Entry
from app.domain.clocks import Clock
from app.domain.errors import NotAllowed
from app.domain.people import Accountable, Duty, Person, Role, Shift, Unit
from app.domain.workflow import Move
from app.runtime.health import HealthItem
from app.services.changes import CaseRow, Changes, SignRow
from app.services.commands import AcceptSuggestion, ActOnCase, Actor, ReportCase, UndoLast
from app.services.questions import (
    Children,
    ListCases,
    Locate,
    OpenCases,
    OpenPart,
    OpenSheet,
    Persons,
    Quarantine,
)
from app.services.searching import Search
from app.services.views import (
    CasePage,
    CaseSheet,
    CityFacts,
    MatterSuggestion,
    PartRecord,
    PlaceHit,
    Suggestion,
)
from app.shell.bridge import Bridge
from app.shell.session import Session
from app.shell.stage import Stage
from tests.support.fake_map import FakeMap
from tests.support.person import Keys, MemoryBlobs
from widgets.i18n import set_language
from widgets.theme import apply_theme, load_theme

NOW = 1_795_415_527_000  # 2026-11-23 14:32:07 in Shanghai
MINUTE = 60_000
AN = datetime(2026, 1, 1, tzinfo=UTC)
CITY = Area(UUID(int=1), Tier.CITY, "310000", "上海市", None, AN, name_en="Shanghai")
DISTRICT = Area(UUID(int=2), Tier.DISTRICT, "310104", "徐汇区", CITY.uid, AN, name_en="Xuhui")
STREET = Area(UUID(int=3), Tier.STREET, "310104003", "湖南路街道", DISTRICT.uid, AN,
              name_en="Hunan Road")  # fmt: skip
GRID = Area(UUID(int=4), Tier.GRID, "310104003005021", "湖南路第 21 网格", STREET.uid, AN)
UNIT = Unit(UUID(int=20), "徐汇区市政养护", "road", DISTRICT.uid)
SHIFT = Shift("early", "早班", time(8), time(16))
PEOPLE = (
    Person(UUID(int=10), "张敏", UNIT.uid, Role.DISPATCHER),
    Person(UUID(int=11), "陈师傅", UNIT.uid, Role.HANDLER),
    Person(UUID(int=12), "王磊", UNIT.uid, Role.SUPERVISOR),
    Person(UUID(int=13), "李芳", UNIT.uid, Role.SHIFT_LEAD),
)
ROWS = (
    ("路面龟裂，约 2 m²", "汾阳路 150 号附近", 42, 978, False, False),
    ("下立交积水 18 cm", "漕溪北路下立交", -3, None, True, True),
    ("雨水井盖缺失", "复兴中路 1295 号", 80, 421, False, False),
    ("跨门营业", "五原路 212 号", 125, 951, False, False),
    ("暴露垃圾", "安福路 288 弄口", 160, 989, False, False),
    ("疑似群租线索", "长乐路 613 弄 14 号", 6 * 1440, 386, False, False),
    ("非机动车乱停放", "淮海中路 1285 号", 180, 992, False, False),
    ("玻璃幕墙松动（巡查）", "淮海中路 1010 号", 240, 455, False, False),
    ("路灯不亮 3 盏", "高安路 18 弄", 420, 984, False, False),
    ("行道树断枝", "康平路 101 号", 480, 972, False, False),
    ("擅自搭建（在建）", "永嘉路 387 号", 600, 960, False, False),
)
SIGNS = (
    ("infrastructure", "基础设施", "%", 98.2, "normal", "燃气、供水、供电正常"),
    ("environment", "城市环境", "AQI", 61.0, "attention", "闵行偏高"),
    ("traffic", "城市交通", "拥堵指数", 1.42, "attention", "延安高架东段"),
    ("supply", "城市保障", "%", 99.6, "normal", "主副食品"),
    ("safety", "城市安全", "起紧急", 3.0, "critical", "漕溪北路积水"),
    ("vitality", "城市活力", "", 104.3, "normal", "外滩 4.1 万人"),
)
PART = PartRecord(7, UUID(int=40), "3101040103000007", 2, 1, GRID.code, GRID.name, "普查",
                  "2023-11-15", "A", True)  # fmt: skip
_MOVES = (
    Move("file", "立案", "File", ("reported",), "filed", ("dispatcher",), ("matter",), key="F"),
    Move("reject", "不予立案", "Do not file", ("reported",), "rejected", ("dispatcher",),
         ("reason",), key="X"),
    Move("dispatch", "派遣", "Dispatch", ("filed",), "dispatched", ("dispatcher",), key="A"),
    Move("sign", "签收", "Sign for", ("dispatched",), "signed", ("handler",), key="S"),
    Move("return", "回退", "Send back", ("dispatched", "signed"), "filed", ("handler",),
         ("reason",), key="B"),
    Move("handle", "处置完成", "Handled", ("signed",), "handled", ("handler",), ("note",), key="H"),
    Move("pass", "核查通过", "Check passed", ("handled",), "checked", ("supervisor",), key="P"),
    Move("rework", "返工", "Rework", ("handled",), "dispatched", ("supervisor",), ("reason",),
         key="R"),
    Move("close", "结案", "Close", ("checked",), "closed", ("dispatcher",), key="C"),
)  # fmt: skip


def make_row(at: int) -> CaseRow:
    title, address, minutes, confidence, urgent, auto = ROWS[at]
    return CaseRow(
        uid=UUID(int=100 + at), receipt=f"S20261123-{at:04d}",
        number=f"310104-2026-1123-00{4217 + at}", step="filed", matter="0101",
        matter_name="市容环境 › 道路破损", title=title, address=address,
        lon=121.44 + at * 0.006 - 0.03, lat=31.21 + (at * 7 % 11) * 0.004 - 0.02, grid=GRID.uid,
        grid_code=GRID.code, street=STREET.uid, district=DISTRICT.uid, unit=None, unit_name="",
        person=None, person_name="", source="hotline", reported_ms=NOW - 40 * MINUTE,
        due_ms=NOW + minutes * MINUTE, due_clock="dispatching", returned=0, reworked=0, auto=auto,
        urgent=urgent, is_open=True, changed_ms=NOW - 12 * MINUTE, closed_ms=None, sample=True,
        confidence=confidence,
    )  # fmt: skip


def make_signs() -> tuple[SignRow, ...]:
    return tuple(
        SignRow(
            code=f"s{at}", area=CITY.code, name_zh=name, name_en=dimension.title(),
            dimension=dimension, unit=unit, value=value, state=state,
            at_ms=NOW - (at + 1) * 1000, source="sim", low=value * 0.9, high=value * 1.1,
            history=tuple(
                value + math.sin(n * 0.37 + at) + 0.6 * math.sin(n * 1.7 * (at + 1)) + n * 0.02
                for n in range(60)
            ),
            worst_area="", note_zh=note, note_en=note,
        )
        for at, (dimension, name, unit, value, state, note) in enumerate(SIGNS)
    )  # fmt: skip


class FakeCore:
    """Answers like the core. Everything resolves on a thread of its own, as from a lane."""

    apart: tuple[Any, ...] = ()

    def __init__(self) -> None:
        self.facts = CityFacts(UUID(int=1), "上海市", "3101", 121.4667, 31.2304, True, "2026")
        self.rows = {row.uid: row for row in map(make_row, range(len(ROWS)))}
        self.history: dict[UUID, list[Entry]] = {}
        self.words: dict[UUID, str] = {}
        self.commands: list[object] = []
        self.listeners: list[Callable[[Changes], None]] = []
        self.error: BaseException | None = None
        self.now = NOW

    @property
    def now_ms(self) -> int:
        return self.now

    def submit(self, command: Any) -> Future[Changes]:
        self.commands.append(command)
        return self._resolve(lambda: self._do(command))

    def ask(self, question: object) -> Future[Any]:
        return self._resolve(lambda: self._answer(question))

    def run(self, work: Callable[..., Any]) -> Future[Any]:
        return self._resolve(work)

    def with_city(self, work: Callable[..., Any]) -> Future[Any]:
        return self._resolve(lambda: (SHIFT,))

    def subscribe(self, listener: Callable[[Changes], None]) -> None:
        self.listeners.append(listener)

    def unsubscribe(self, listener: Callable[[Changes], None]) -> None:
        self.listeners.remove(listener)

    def health(self) -> Mapping[str, HealthItem]:
        return {
            "database": HealthItem("normal", "database_local"),
            "feeds": HealthItem("normal", "feeds", 14, 14),
            "qgis": HealthItem("normal", "qgis_up"),
            "apart": HealthItem("attention" if self.apart else "normal", "apart", len(self.apart)),
        }

    def make_signs(self) -> tuple[SignRow, ...]:
        return make_signs()

    def publish(self, changes: Changes) -> None:
        for listener in tuple(self.listeners):
            listener(changes)

    def _resolve(self, work: Callable[[], Any]) -> Future[Any]:
        future: Future[Any] = Future()

        def settle() -> None:
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - a future carries any error
                future.set_exception(error)
            else:
                future.set_result(result)

        thread = threading.Thread(target=settle)
        thread.start()
        thread.join()
        return future

    def _do(self, command: Any) -> Changes:
        if self.error is not None:
            raise self.error
        row, kinds = self._next(command)
        for kind in kinds:
            self._note(row.uid, kind, command)
        self.rows[row.uid] = row
        changes = Changes(revision=len(self.commands), cases=(row,))
        self.publish(changes)
        return changes

    def _next(self, command: Any) -> tuple[CaseRow, tuple[str, ...]]:
        self.now += 1000
        if isinstance(command, ReportCase):
            uid = UUID(int=500 + len(self.commands))
            row = replace(make_row(0), uid=uid, title=command.words, address=command.address,
                          number="", step="reported", lon=command.lon, lat=command.lat,
                          changed_ms=self.now, receipt="S20261123-0042")  # fmt: skip
            return row, ("report",)
        row = replace(self.rows[command.case], changed_ms=self.now)
        if isinstance(command, AcceptSuggestion):
            sent = replace(row, step="dispatched", unit=UNIT.uid, unit_name=UNIT.name,
                           person=PEOPLE[1].uid, person_name=PEOPLE[1].name)  # fmt: skip
            return sent, ("dispatch",)
        if isinstance(command, UndoLast):
            return replace(row, step="filed"), ("undo",)
        assert isinstance(command, ActOnCase)
        move = next(one for one in _MOVES if one.name == command.move)
        if row.step not in move.sources:
            raise NotAllowed("The case is not at that step.", code="not_open")
        done = move.target == "closed"
        row = replace(row, step=move.target, is_open=not done,
                      returned=row.returned + (move.name == "return"))  # fmt: skip
        return row, (move.name,)

    def _note(self, case: UUID, kind: str, command: Any) -> None:
        refs = {}
        for name, value in getattr(command, "fields", {}).items():
            key = UUID(int=9000 + len(self.words))
            self.words[key] = value
            refs[name] = key
        entry = Entry(f"{len(self.commands)}{kind}", kind, self.now, command.actor.person,
                      command.actor.role, "applied", refs=refs)  # fmt: skip
        self.history.setdefault(case, []).append(entry)

    def _answer(self, question: Any) -> Any:
        match question:
            case OpenCases():
                return tuple(row for row in self.rows.values() if row.is_open)
            case OpenSheet():
                return self.sheet(question.case, question.actor)
            case Persons():
                return tuple(p for p in PEOPLE if question.role in (None, str(p.role)))
            case Locate():
                return Whereabouts(question.lon, question.lat, CITY, DISTRICT, STREET, None, GRID)
            case Children():
                return (DISTRICT,) if question.tier is Tier.DISTRICT else (STREET,)
            case Quarantine():
                return self.apart
            case OpenPart():
                return PART if question.fid == PART.fid else None
            case Search():
                return (
                    PlaceHit("place", "汾阳路 150 号", "徐汇区 湖南路街道", 121.452, 31.2103),
                    PlaceHit("case", ROWS[0][0], ROWS[0][1], 121.4, 31.2, UUID(int=100)),
                )
            case ListCases():
                return CasePage(tuple(self.rows.values()), len(self.rows))
        raise AssertionError(question)

    def sheet(self, case: UUID, actor: Actor) -> CaseSheet:
        row = self.rows[case]
        words = UUID(int=8000)
        first = [
            Entry(f"h{n}", kind, NOW - minutes * MINUTE, PEOPLE[who].uid, role, "applied")
            for n, (kind, minutes, who, role) in enumerate(
                [("report", 41, 2, "supervisor"), ("file", 12, 0, "dispatcher")]
            )
        ]
        if row.step == "reported":
            first = []
        history = (*first, *self.history.get(case, []))
        state = CaseState(
            uid=case, receipt=row.receipt, step=row.step, lon_e7=int(row.lon * 1e7),
            lat_e7=int(row.lat * 1e7), source=row.source, reported_ms=row.reported_ms,
            number=row.number, person=row.person, refs={"words": words}, history=history,
            reasons=("post:道路养护岗", "area:徐汇区", "shift:早班") if row.unit else (),
            clocks=(
                Clock("handling", NOW - 60 * MINUTE, row.due_ms or NOW),
                Clock("checking", NOW - 60 * MINUTE, NOW + 4 * 24 * 60 * MINUTE),
            ),
        )  # fmt: skip
        early = row.step in ("reported", "filed")
        who = Accountable(UNIT, Duty(UUID(int=30), "道路养护岗", UNIT.uid, DISTRICT.uid, "road"),
                          PEOPLE[1], SHIFT, AN, ())  # fmt: skip
        matters = (MatterSuggestion("0101", "道路破损", row.confidence or 900, ("路面",)),)
        reasons = (
            "word:路面龟裂",
            "grid:310104003005021",
            "post:道路养护岗",
            "area:徐汇区",
            "shift:早班",
        )
        moves = tuple(m for m in _MOVES if row.step in m.sources and actor.role in m.roles)
        return CaseSheet(
            state=state, row=row,
            where=Whereabouts(row.lon, row.lat, CITY, DISTRICT, STREET, None, GRID),
            words={words: row.title, **self.words},
            names={person.uid: person.name for person in PEOPLE},
            suggestion=Suggestion(matters, who, True, "one-matter-one-person", reasons)
            if early else None,
            moves=moves, can_undo=True,
        )  # fmt: skip


@pytest.fixture
def core() -> FakeCore:
    """A core with the inbox of the pictures."""
    return FakeCore()


@pytest.fixture
def fake_map() -> type[FakeMap]:
    """The class of maps that only remember."""
    return FakeMap


@pytest.fixture
def chinese(qapp: Any) -> Generator[None]:
    """The window's look and language as at the start."""
    set_language("zh")
    apply_theme(qapp, load_theme("light"))
    yield
    set_language("zh")


@pytest.fixture
def open_desk(core: FakeCore, qtbot: Any, qapp: Any, chinese: None) -> Generator[Any]:
    """Opens a desk and waits until its inbox is filled; closes it afterwards."""
    from app.shell.desk import Desk

    made = []

    def start(
        width: int = 1920, height: int = 1080, theme: str = "light", blobs: Any = None
    ) -> Any:
        apply_theme(qapp, load_theme(theme))
        bridge = Bridge(core, None)
        session = Session(None, theme=theme)
        desk = Desk(bridge, session, Stage(FakeMap(), bridge), blobs)
        desk.resize(width, height)
        desk.show()
        desk.open()
        qtbot.waitUntil(lambda: desk.feed.is_open and desk.bridge.waiting == 0)
        core.publish(Changes(signs=make_signs()))
        qtbot.waitUntil(lambda: len(desk.feed.store.signs) == 6)
        made.append(desk)
        return desk

    yield start
    for desk in made:
        desk.close()
        desk.deleteLater()


@pytest.fixture
def open_wall(core: FakeCore, qtbot: Any, chinese: None) -> Generator[Any]:
    """Opens a wall; closes it afterwards."""
    from app.shell.wall import Wall

    made = []

    def start() -> Any:
        bridge = Bridge(core)
        wall = Wall(bridge, Session(theme="dark"), Stage(FakeMap(), bridge))
        wall.resize(1920, 1080)
        wall.show()
        wall.open()
        made.append(wall)
        qtbot.waitUntil(lambda: wall.feed.is_open and bridge.waiting == 0)
        return wall

    yield start
    for wall in made:
        wall.close()
        wall.deleteLater()


@pytest.fixture
def open_field(core: FakeCore, qtbot: Any, qapp: Any, chinese: None) -> Generator[Any]:
    """Opens a field with three tasks of 陈师傅; closes it afterwards."""
    from app.shell.field import Field

    made = []

    def start(blobs: Any = None) -> Any:
        apply_theme(qapp, load_theme("field"))
        for uid, row in list(core.rows.items())[:3]:
            core.rows[uid] = replace(row, step="dispatched", unit=UNIT.uid, unit_name="市政",
                                     person=PEOPLE[1].uid, person_name="陈师傅")  # fmt: skip
        bridge = Bridge(core)
        session = Session(theme="field", role="handler")
        field = Field(bridge, session, Stage(FakeMap(), bridge), blobs)
        field.resize(1366, 768)
        field.show()
        field.open()
        made.append(field)
        qtbot.waitUntil(lambda: field.feed.is_open and bridge.waiting == 0)
        return field

    yield start
    for field in made:
        field.close()
        field.deleteLater()


@pytest.fixture
def keys(qtbot: Any) -> Callable[[Any], Keys]:
    """Sits a person down at a window's keyboard."""
    return lambda window: Keys(qtbot, window)


@pytest.fixture
def memory_blobs() -> MemoryBlobs:
    """Photos in a dictionary."""
    return MemoryBlobs()
