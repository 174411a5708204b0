"""A wiring without a city: records what the commands ask for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from app.cli.application import build
from app.cli.wiring import Wiring
from app.domain.areas import Whereabouts
from app.domain.cases import CaseState
from app.domain.errors import Busy, NotAllowed
from app.domain.people import Person, Role
from app.services import questions as q
from app.services.changes import CaseRow, Changes
from app.services.commands import ActOnCase
from app.services.searching import Geocode
from app.services.views import Apart, CasePage, CaseSheet, Geocoded

CASE = UUID(int=7)
PERSONS = (
    Person(UUID(int=11), "王芳", UUID(int=21), Role.DISPATCHER),
    Person(UUID(int=12), "李伟", UUID(int=21), Role.HANDLER),
    Person(UUID(int=13), "张敏", UUID(int=21), Role.SUPERVISOR),
    Person(UUID(int=14), "王芳", UUID(int=22), Role.INTAKE),
)
ROW = CaseRow(
    uid=CASE,
    receipt="R1",
    number="310104-1",
    step="dispatched",
    matter="0102",
    matter_name="井盖破损",
    title="井盖坏了",
    address="湖南路 1 号",
    lon=121.47,
    lat=31.23,
    grid=None,
    grid_code="310104001001001",
    street=None,
    district=None,
    unit=None,
    unit_name="道路所",
    person=UUID(int=12),
    person_name="李伟",
    source="hotline",
    reported_ms=1_700_000_000_000,
    due_ms=1_700_003_600_000,
    due_clock="handling",
    returned=0,
    reworked=0,
    auto=True,
    urgent=False,
    is_open=True,
    changed_ms=1_700_000_000_000,
    closed_ms=None,
    sample=True,
)
STATE = CaseState(CASE, "R1", "dispatched", 1_214_700_000, 312_300_000, "hotline", 1, number="n",
                  person=UUID(int=12))  # fmt: skip


@dataclass
class FakeCore:
    """Answers every question from fixed rows and keeps the commands it got."""

    commands: list[Any] = field(default_factory=list)
    closed: int = 0
    now_ms: int = 1_700_000_000_000

    def ask(self, question: Any) -> Future[Any]:
        return self._done(self._answer(question))

    def submit(self, command: Any) -> Future[Any]:
        self.commands.append(command)
        if isinstance(command, ActOnCase) and command.move == "close":
            error = NotAllowed("close is not open now.", advice="Nothing was changed.")
            future: Future[Any] = Future()
            future.set_exception(error)
            return future
        if isinstance(command, ActOnCase) and command.move == "hold":
            raise KeyboardInterrupt
        return self._done(Changes(1, (ROW,)))

    def close(self) -> bool:
        self.closed += 1
        return True

    def _answer(self, question: Any) -> Any:
        match question:
            case q.Persons(role):
                return tuple(p for p in PERSONS if role in (None, p.role))
            case q.FindCase(text):
                return CASE if text in ("n", str(CASE)) else None
            case q.OpenSheet():
                where = Whereabouts(121.47, 31.23)
                return CaseSheet(STATE, ROW, where, {}, {}, None, (), True)
            case Geocode(text):
                found = Geocoded(text, text, 121.4, 31.2, "number", 0.96, ("road:" + text,), 10.0)
                return (found,) if "路" in text else ()
            case q.Quarantine():
                early = Apart("ab" * 32, CASE, "n", "file", 1_700_000_000_000, UUID(int=11),
                              "王芳", "dispatcher", "dev", "early", 1_699_999_700_000)  # fmt: skip
                return (early, replace(early, why="role", release_ms=None))
            case q.ListCases():
                return CasePage((ROW,), 1)
        raise AssertionError(question)

    def _done(self, value: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(value)
        return future


@pytest.fixture
def core() -> FakeCore:
    return FakeCore()


@pytest.fixture
def asked() -> list[Any]:
    """What reached the other functions of the wiring."""
    return []


@pytest.fixture
def cli(
    core: FakeCore, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., SimpleNamespace]:
    """Run a command line; gives `exit_code`, `stdout` and `stderr`."""
    monkeypatch.delenv("WANGGE_CITY", raising=False)

    def open_core(city: str, *, watch: bool = False) -> Any:
        asked.append((city, watch))
        if city == "locked":
            raise Busy("Somebody else holds the city.", advice="Close the other window.")
        return core

    def summary(wanted: Any, *rest: Any) -> dict[str, int]:
        asked.append(wanted)
        return {"rows": 3}

    def checked(city: str, _progress: Any, _mend: bool) -> dict[str, Any]:
        asked.append(city)
        numbers = dict.fromkeys(
            ("actions", "cases", "waiting", "apart", "words", "photos", "checkpoints", "imported"),
            1,
        )
        harmed = [{"case": "310104-1", "kind": "row", "what": "it differs"}]
        damage = harmed if city == "broken" else []
        told = {"beyond": {}, "damage": damage, "exit_code": 5 if damage else 0}
        return {**numbers, **told}

    def window(wanted: Any) -> int:
        asked.append(wanted)
        return 0

    wiring = Wiring(
        open_core=open_core,
        store_photo=lambda _city, path: f"sha-{Path(path).name}",
        create_city=summary,
        complete_city=summary,
        show_city=summary,
        import_data=summary,
        export_data=summary,
        export_pack=summary,
        import_pack=summary,
        check_city=checked,
        basemaps=summary,
        print_map=summary,
        take_picture=summary,
        run_window=window,
        tour=summary,
        serve=summary,
        compile_kernels=lambda _progress: {"kernels": 1},
        bench=summary,
        bench_names=lambda: ("intake",),
    )
    app = build(wiring)

    def run(*argv: str) -> Any:
        return CliRunner().invoke(app, list(argv))

    return run
