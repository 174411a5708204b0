"""Packs: two copies of a city that worked apart come to know the same, whatever comes when."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.data.city import SqlCity
from app.data.city_folder import open_city
from app.data.pack_file import START, opened_pack
from app.data.packing import PackWish, export_pack
from app.data.unpacking import import_pack
from app.domain.errors import AppError, InvalidInput, NotAllowed
from app.domain.people import Role
from app.sample.tiny import create_tiny_city, desk_person
from app.services.bus import handle
from app.services.commands import (
    AcceptSuggestion,
    ActOnCase,
    Actor,
    EraseSubject,
    ReportCase,
    UndoLast,
)
from app.services.sheet import load_state
from app.services.views import CaseQuery

NOW = 1_795_000_000_000
ALL = PackWish(words=True, photos=True)
INTAKE, DISPATCHER, LEAD = (
    Actor(desk_person(role), role.value) for role in (Role.INTAKE, Role.DISPATCHER, Role.SHIFT_LEAD)
)


def quiet(_stage: str, _share: float) -> None:
    return


def replica(folder: Path, to: Path) -> SqlCity:
    """Return an open copy with a signing key of its own."""
    shutil.copytree(folder, to)
    shutil.rmtree(to / "keys")
    return open_city(to)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("origin") / "city"
    create_tiny_city(folder).close()
    return folder


@pytest.fixture
def pair(origin: Path, tmp_path: Path) -> Iterator[tuple[SqlCity, SqlCity]]:
    cities = replica(origin, tmp_path / "a"), replica(origin, tmp_path / "b")
    yield cities
    for city in cities:
        city.close()


def report(city: SqlCity, now: int = NOW, **more: Any) -> Any:
    given_ = {"words": "路面龟裂，约两平方米", "lon": 121.42, "lat": 31.12, "reporter_name": "张三"}
    return handle(ReportCase(INTAKE, **(given_ | more)), city, now).cases[0]


def send(of: SqlCity, to: SqlCity, path: Path, wish: PackWish = ALL) -> dict[str, Any]:
    export_pack(of, path, wish, quiet)
    return import_pack(to, path, quiet, {of.signer.device})


def states(city: SqlCity) -> dict[Any, Any]:
    with city.begin(write=False) as uow:
        rows = uow.cases.page(CaseQuery(limit=1000)).rows
        return {row.uid: (row, load_state(row.uid, uow)) for row in rows}


def test_that_a_pack_brings_cases_words_photos_and_devices_and_twice_adds_nothing(pair, tmp_path):
    a, b = pair
    photo = a.blobs.put(b"a photo", "p")
    row = report(a, photos=(photo,))
    first = send(a, b, tmp_path / "p")
    assert (first["taken"], first["devices"], first["refused"]) == (4, 1, 0)
    assert (first["words"], first["photos"]) == (2, 1)
    assert [(one["number"], one["new"]) for one in first["cases"]] == [(row.number, 3)]
    assert states(a) == states(b)
    assert b.blobs.get(photo) == b"a photo"
    again = send(a, b, tmp_path / "p")
    assert (again["taken"], again["words"], again["photos"], again["cases"]) == (0, 0, 0, [])


def test_that_words_stay_at_home_unless_wanted_and_may_follow_later(pair, tmp_path):
    a, b = pair
    row = report(a)
    send(a, b, tmp_path / "p", PackWish())
    assert "路面" not in (tmp_path / "p").read_bytes().decode("latin-1")
    assert states(b)[row.uid][0].title == ""
    assert send(a, b, tmp_path / "p")["words"] == 2
    assert states(a) == states(b)


def test_that_a_pack_of_one_case_brings_only_that(pair, tmp_path):
    a, b = pair
    wanted, other = report(a), report(a, NOW + 5)
    send(a, b, tmp_path / "p", PackWish(cases=(wanted.receipt,), words=True))
    assert wanted.uid in states(b)
    assert other.uid not in states(b)


def test_that_a_stranger_s_pack_is_refused_until_trusted(pair, tmp_path):
    a, b = pair
    report(a)
    export_pack(a, tmp_path / "p", ALL, quiet)
    with pytest.raises(NotAllowed, match=a.signer.device):
        import_pack(b, tmp_path / "p", quiet)
    assert states(b) == {}
    import_pack(b, tmp_path / "p", quiet, {a.signer.device})
    export_pack(a, tmp_path / "p", ALL, quiet)
    assert import_pack(b, tmp_path / "p", quiet)["taken"] == 0


def test_that_numbers_seen_from_elsewhere_are_not_given_again(pair, tmp_path):
    a, b = pair
    first = report(a)
    send(a, b, tmp_path / "p")
    assert report(b, NOW + 9).number > first.number


def test_that_what_was_erased_stays_erased_when_an_old_pack_comes_again(pair, tmp_path):
    a, b = pair
    photo = a.blobs.put(b"a face", "p")
    row = report(a, photos=(photo,))
    old, new = tmp_path / "old", tmp_path / "new"
    send(a, b, old)
    handle(EraseSubject(LEAD, row.uid), b, NOW + 60_000)
    assert not b.blobs.has(photo)
    assert import_pack(b, old, quiet)["words"] == 0
    assert not b.blobs.has(photo)
    assert states(b)[row.uid][0].title == ""
    send(b, a, new)
    assert not a.blobs.has(photo)
    assert states(a)[row.uid][0].title == states(a)[row.uid][0].address == ""
    assert import_pack(a, old, quiet)["words"] == 0
    assert states(a) == states(b)


def test_that_a_photo_another_case_shows_survives_an_erasure(pair):
    a, _ = pair
    photo = a.blobs.put(b"both", "p")
    one, _other = report(a, photos=(photo,)), report(a, NOW + 5, photos=(photo,))
    handle(EraseSubject(LEAD, one.uid), a, NOW + 60_000)
    assert a.blobs.has(photo)


@pytest.mark.parametrize("seed", range(12))
def test_that_a_damaged_or_cut_pack_gives_what_is_good_and_says_the_rest(pair, tmp_path, seed):
    a, b = pair
    for number in range(5):
        report(a, NOW + number)
    path = tmp_path / "p"
    export_pack(a, path, ALL, quiet)
    import_pack(b, path, quiet, {a.signer.device}) if seed % 2 else None
    chance = random.Random(seed)
    data = bytearray(path.read_bytes())
    if seed % 3:
        data[chance.randrange(len(START), len(data))] ^= 1 << chance.randrange(8)
    else:
        del data[chance.randrange(len(START), len(data)) :]
    path.write_bytes(data)
    try:
        summary = import_pack(b, path, quiet, {a.signer.device})
    except AppError as error:
        pytest.fail(str(error))
    assert summary["refused"] > 0
    assert len(summary["reasons"]) == summary["refused"]
    export_pack(a, path, ALL, quiet)
    import_pack(b, path, quiet, {a.signer.device})
    assert states(a) == states(b)


@pytest.mark.parametrize("data", [b"", b"rubbish", b"PK\x03\x04" * 100])
def test_that_what_is_no_pack_is_told_so(pair, tmp_path, data):
    (tmp_path / "p").write_bytes(data)
    with pytest.raises(InvalidInput):
        import_pack(pair[0], tmp_path / "p", quiet)


def test_that_a_pack_holds_frames_that_say_what_they_are(pair, tmp_path):
    report(pair[0])
    export_pack(pair[0], tmp_path / "p", ALL, quiet)
    with opened_pack(tmp_path / "p") as pack:
        assert [frame.kind for frame in pack.frames()] == [b"H", b"F", b"D"]
        assert pack.problems == []


def work(city: SqlCity, choice: int, now: int) -> None:
    """Take one step on some case; a step that is not open is nothing done."""
    known = sorted(states(city).items(), key=lambda pair: pair[0].bytes)
    if choice % 4 == 0 or not known:
        report(city, now, auto_dispatch=choice % 8 == 0)
        return
    uid, (row, state) = known[choice % len(known)]
    handler = Actor(state.person or DISPATCHER.person, "handler")
    by_step = {
        "reported": AcceptSuggestion(DISPATCHER, uid),
        "filed": AcceptSuggestion(DISPATCHER, uid),
        "dispatched": ActOnCase(handler, uid, "sign"),
        "signed": ActOnCase(handler, uid, "handle", {"note": "已修好"}),
    }
    command: Any = by_step.get(row.step, ActOnCase(DISPATCHER, uid, "close"))
    if choice % 7 == 0:
        command = UndoLast(LEAD, uid)
    elif choice % 11 == 0:
        command = EraseSubject(LEAD, uid)
    try:
        handle(command, city, now)
    except AppError:
        return


@settings(
    max_examples=12, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    steps=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 200), st.booleans()), max_size=25),
    seed=st.integers(0, 2**16),
)
def test_that_copies_that_worked_apart_agree_on_every_case(origin, tmp_path_factory, steps, seed):
    root = tmp_path_factory.mktemp("apart")
    cities = [replica(origin, root / name) for name in "ab"]
    trust = {city.signer.device for city in cities}
    try:
        packs: list[tuple[int, Path]] = []
        for number, (who, choice, sends) in enumerate(steps):
            work(cities[who], choice, NOW + number * 1000)
            if sends:
                packs.append((1 - who, root / f"{number}.pack"))
                export_pack(cities[who], packs[-1][1], ALL, quiet)
        for who in (0, 1):
            packs.append((1 - who, root / f"last{who}.pack"))
            export_pack(cities[who], packs[-1][1], ALL, quiet)
        random.Random(seed).shuffle(packs)
        for to, path in [*packs, *packs[:2]]:
            assert import_pack(cities[to], path, quiet, trust)["refused"] == 0
        assert states(cities[0]) == states(cities[1])
    finally:
        for city in cities:
            city.close()
        shutil.rmtree(root)
