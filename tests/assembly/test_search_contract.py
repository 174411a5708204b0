"""The search, the geocoder and the register answer the same over a folder and PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.assembly.gazetteers import index_beside
from app.assembly.live import open_core
from app.runtime.core import Core
from app.sample.tiny import create_tiny_city, desk_person
from app.services.address_asking import AddressRequests
from app.services.commands import Actor, DecideAddress, ProposeAddress
from app.services.searching import AddressAt, Geocode, Search

ASKS = Actor(desk_person("supervisor"), "supervisor")  # type: ignore[arg-type]  # a StrEnum
LEADS = Actor(desk_person("shift_lead"), "shift_lead")  # type: ignore[arg-type]
HERE = (121.45, 31.15)
LONG_S = 60.0


@pytest.fixture(params=["local", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return str(tmp_path / "city")


@pytest.fixture
def core(place: str) -> Iterator[Core]:
    create_tiny_city(place).close()
    opened = open_core(place)
    yield opened
    opened.close()


def ask(core: Core, question: object) -> Any:
    return core.ask(question).result(LONG_S)


def approved(core: Core, change: str, **more: Any) -> Any:
    uid = core.submit(ProposeAddress(ASKS, change, **more)).result(LONG_S).addresses[0]
    (request,) = ask(core, AddressRequests("open"))
    core.submit(DecideAddress(LEADS, request.hash, True, "属实")).result(LONG_S)
    return uid


def test_that_areas_are_found_by_characters_pinyin_initials_and_code(core: Core) -> None:
    for asked in ("黄浦区", "huangpuqu", "hpq", "310101", "黄浦去"):
        assert ask(core, Search(asked))[0].title == "黄浦区", asked


def test_that_the_register_is_searched_geocoded_and_named_at_once(core: Core) -> None:
    lon, lat = HERE
    texts = {"name": "梧桐茶馆", "address": "武康路376号", "road": "武康路", "number": "376"}
    uid = approved(core, "new", texts=texts, lon=lon, lat=lat)
    assert ask(core, Search("wtcg"))[0].uid == uid
    found = ask(core, Geocode("武康路376号"))[0]
    assert (found.uid, found.precision) == (uid, "number")
    assert found.confidence > 0.9
    here = ask(core, AddressAt(lon, lat))
    assert here.nearest[0].uid == uid
    assert here.where.district is not None
    approved(core, "rename", address=uid, texts={"name": "老茶馆"})
    assert ask(core, Search("老茶馆"))[0].uid == uid
    assert ask(core, Search("梧桐茶馆"))[0].uid == uid, "its old name finds it too"
    approved(core, "retire", address=uid)
    assert not any(hit.uid == uid for hit in ask(core, Search("老茶馆")))


def test_that_the_index_is_built_beside(core: Core, place: str) -> None:
    index_beside(core, place, None)
    end = time.monotonic() + LONG_S
    while (item := core.health().get("search")) is None or item.code != "search":
        assert time.monotonic() < end, item
        threading.Event().wait(0.02)
    assert ask(core, Search("黄浦"))[0].title == "黄浦区"
