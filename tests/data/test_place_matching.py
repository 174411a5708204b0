"""An import of places is matched with what the register holds, and says so."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from app.data import place_matching
from app.data.city import now_ms
from app.data.importing import ImportRequest, import_source
from app.domain.addresses.rules import AddressRules
from app.domain.errors import NotAllowed
from app.domain.people import Role
from app.sample.tiny import create_tiny_city, desk_person
from app.services.bus import handle
from app.services.commands import Actor, JudgeMatch

WEST = 121.42  # where the tiny city's first door lies
ROWS = [
    ("汾阳路150号", "汾阳路150号", WEST, 31.13),  # the same
    ("汾阳路１５０号", "汾阳路150号", WEST + 0.0005, 31.13),  # the same, typed wide
    ("汾阳路150号", "汾阳路150号", WEST + 0.05, 31.13),  # far off: another one
    ("汾阳路151号", "汾阳路151号", WEST, 31.13),  # another number is another door
    ("梧桐茶馆", "汾阳路152号", WEST, 31.13),
]


@pytest.fixture
def city(tmp_path: Path) -> Any:
    made = create_tiny_city(tmp_path / "city")
    yield made
    made.close()


def take(city: Any, folder: Path, rows: Any, name: str = "places.csv") -> dict[str, Any]:
    file = folder / name
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["name", "address", "adname", "pname", "type", "lat", "lon"])
        for title, address, lon, lat in rows:
            writer.writerow([title, address, "黄浦区", "上海市", "门牌", lat, lon])
    request = ImportRequest("places", file, crs="EPSG:4326")
    return import_source(city, request, lambda _stage, _share: None)


def established(monkeypatch: pytest.MonkeyPatch, from_: int) -> None:
    rules = place_matching.address_rules()
    changed = AddressRules(**{**vars(rules), "established": from_})
    monkeypatch.setattr(place_matching, "address_rules", lambda: changed)


def test_that_what_is_there_is_told_and_not_entered_twice(city: Any, tmp_path: Path) -> None:
    told = take(city, tmp_path, ROWS)
    assert told["matched"] == {"exact": 2, "alias": 0, "near": 0, "none": 3}
    assert (told["added"], told["known"], told["change_requests"]) == (3, 2, 0)
    assert told["rows"] == told["added"] + told["known"]


def test_that_a_name_nearly_the_same_close_by_is_the_same_place(city: Any, tmp_path: Path) -> None:
    take(city, tmp_path, [("梧桐老茶馆", "汾阳路152号", WEST, 31.13)])
    told = take(city, tmp_path, [("梧桐茶馆", "汾阳路152号", WEST, 31.13)], "again.csv")
    assert told["matched"]["near"] == 1
    assert told["added"] == 0


def test_that_an_established_register_asks_before_it_takes_new_ones(
    city: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    established(monkeypatch, 4)
    told = take(city, tmp_path, ROWS)
    assert (told["added"], told["change_requests"]) == (0, 3)
    with city.begin(write=False) as uow:
        asked = uow.addresses.requests("open", 10)
        before = uow.actions.revision()
    assert sorted(one.body["name"] for one in asked) == ["梧桐茶馆", "汾阳路150号", "汾阳路151号"]
    again = take(city, tmp_path, ROWS)
    assert (again["added"], again["known"], again["change_requests"]) == (0, len(ROWS), 0)
    with city.begin(write=False) as uow:
        assert uow.actions.revision() == before, "asked twice"


def test_that_another_name_of_an_address_is_known(city: Any, tmp_path: Path) -> None:
    from app.domain.people import Role
    from app.sample.tiny import desk_person, tiny_uid
    from app.services.bus import handle
    from app.services.commands import Actor, DecideAddress, ProposeAddress

    clerk, lead = Actor(desk_person(Role.INTAKE), "intake"), Role.SHIFT_LEAD
    asked = ProposeAddress(clerk, "alias", tiny_uid(4, 0), alias="五官科医院")
    handle(asked, city, 1_795_000_000_000)
    with city.begin(write=False) as uow:
        (request,) = uow.addresses.requests("open", 2)
    handle(DecideAddress(Actor(desk_person(lead), lead), request.hash), city, 1_795_000_000_000)
    told = take(city, tmp_path, [("五官科医院", "", WEST, 31.13)])
    assert (told["matched"]["alias"], told["added"]) == (1, 0)
    assert 0.6 < told["match_confidence"]["alias"]["least"] <= 0.95


def test_that_each_row_keeps_its_match_and_a_person_judges_the_doubtful(
    city: Any, tmp_path: Path
) -> None:
    take(city, tmp_path, [("梧桐老茶馆", "汾阳路152号", WEST, 31.13)])
    take(city, tmp_path, [("梧桐茶馆", "汾阳路152号", WEST, 31.13)], "again.csv")
    with city.begin(write=False) as uow:
        (one,) = uow.addresses.matches(0.99, "open", 9)
    assert (one.name, one.title, one.kind) == ("梧桐茶馆", "梧桐老茶馆", "near")
    assert one.reason.startswith("name_alike:")
    assert 0.7 < one.confidence < 0.95
    actor = Actor(desk_person(Role.DISPATCHER), "dispatcher")
    handle(JudgeMatch(actor, one.uid, same=True), city, now_ms())
    with city.begin(write=False) as uow:
        assert uow.addresses.matches(0.99, "open", 9) == []
        (request,) = uow.addresses.requests("open", 9)
    assert (request.change, request.body["alias"]) == ("alias", "梧桐茶馆")
    with pytest.raises(NotAllowed):
        handle(JudgeMatch(actor, one.uid, same=False), city, now_ms())
