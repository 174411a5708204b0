"""The register on SQLite, encrypted SQLite and PostgreSQL: the same rows, the same commands."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from app.domain.addresses.register import Entry
from app.domain.areas import Area, Tier, Whereabouts
from app.domain.errors import InvalidInput, NotAllowed, NotFound
from app.services import address_asking, addressing
from app.services.address_asking import AddressRequests
from app.services.bus import handle
from app.services.commands import Actor, DecideAddress, ProposeAddress, WithdrawAddress

NOW_MS = 1_795_000_000_000
ANN = Actor(UUID(int=1), "supervisor")
LEAD = Actor(UUID(int=2), "shift_lead")
KNOWN = UUID(int=77)
PLACE = Entry(KNOWN, {"name": "汾阳路150号", "address": "汾阳路150号"}, 1_214_700_000, 312_300_000)


class Areas:
    """A city of one area with one place."""

    def at(self, lon: float, lat: float) -> Whereabouts:
        from datetime import UTC, datetime

        inside = 121 < lon < 122
        area = Area(UUID(int=9), Tier.CITY, "310100", "上海市", None, datetime.now(UTC))
        return Whereabouts(lon, lat, city=area if inside else None)

    def place(self, uid: UUID) -> Entry | None:
        return PLACE if uid == KNOWN else None

    def close(self) -> None: ...


@pytest.fixture
def register(city: Any) -> Any:
    city._areas = Areas()
    return city


def history(uow: Any, uid: UUID) -> Any:
    state = addressing.address_state(uid, uow)
    return state.requests if state else ()


def ask(city: Any, change: str, **more: Any) -> tuple[UUID, str]:
    done = handle(ProposeAddress(ANN, change, **more), city, NOW_MS)
    with city.begin(write=False) as uow:
        request = history(uow, done.addresses[0])[-1]
    return done.addresses[0], request.hash


def test_that_a_new_address_counts_once_another_has_approved_it(register: Any) -> None:
    uid, request = ask(register, "new", texts={"name": "茶馆"}, lon=121.5, lat=31.2, reason="新开")
    with register.begin(write=False) as uow:
        assert uow.addresses.entry(uid) is None
        assert [one.hash for one in uow.addresses.requests("open", 9)] == [request]
        before = uow.addresses.revision()
    handle(DecideAddress(LEAD, request[:10]), register, NOW_MS + 5)
    with register.begin(write=False) as uow:
        entry = uow.addresses.entry(uid)
        assert (entry.title, entry.lon) == ("茶馆", 121.5)
        assert entry.valid_from_ms == history(uow, uid)[0].decided_ms
        assert uow.addresses.revision() > before
        assert uow.addresses.requests("open", 9) == []
        assert history(uow, uid)[0].decided_by == LEAD.person


def test_that_a_place_of_the_map_may_be_renamed_moved_and_retired(register: Any) -> None:
    for change, more in (
        ("rename", {"texts": {"name": "眼耳鼻喉科医院"}}),
        ("alias", {"alias": "五官科医院"}),
        ("move", {"lon": 121.6, "lat": 31.3}),
        ("retire", {}),
    ):
        _, request = ask(register, change, address=KNOWN, **more)
        handle(DecideAddress(LEAD, request), register, NOW_MS + 9)
    with register.begin(write=False) as uow:
        (entry,) = uow.addresses.entries()
    assert (entry.title, entry.old) == ("眼耳鼻喉科医院", ("汾阳路150号",))
    assert (entry.aliases, entry.lon, entry.status) == (("五官科医院",), 121.6, "retired")
    with pytest.raises(NotAllowed, match="retired"):
        ask(register, "alias", address=KNOWN, alias="x")


@pytest.mark.parametrize(
    ("actor", "code"), [(Actor(ANN.person, "shift_lead"), "same_person"),
                        (Actor(UUID(int=5), "handler"), "role")],
)  # fmt: skip
def test_that_who_asked_and_who_may_not_do_not_decide(
    register: Any, actor: Actor, code: str
) -> None:
    _, request = ask(register, "alias", address=KNOWN, alias="五官科医院")
    with pytest.raises(NotAllowed) as error:
        handle(DecideAddress(actor, request), register, NOW_MS)
    assert error.value.code == code


def test_that_a_refused_request_changes_nothing_and_is_decided_once(register: Any) -> None:
    uid, request = ask(register, "retire", address=KNOWN)
    handle(DecideAddress(LEAD, request, approve=False, reason="还在"), register, NOW_MS)
    with register.begin(write=False) as uow:
        assert uow.addresses.entry(uid) is None
        assert history(uow, uid)[0].standing == "refused"
    with pytest.raises(NotAllowed, match="already"):
        handle(DecideAddress(LEAD, request), register, NOW_MS)


@pytest.mark.parametrize(
    ("change", "more", "field"),
    [
        ("grow", {}, "change"),
        ("new", {"texts": {"name": "x"}}, "lon"),
        ("new", {"lon": 121.5, "lat": 31.2}, "name"),
        ("new", {"texts": {"name": "x"}, "lon": 10.0, "lat": 31.2}, "lon"),
        ("new", {"texts": {"colour": "red"}, "lon": 121.5, "lat": 31.2}, "colour"),
        ("new", {"texts": {"name": "x" * 300}, "lon": 121.5, "lat": 31.2}, "name"),
        ("alias", {"address": KNOWN}, "alias"),
        ("move", {"address": KNOWN}, "lon"),
    ],
)
def test_that_a_bad_request_names_its_field(
    register: Any, change: str, more: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as error:
        handle(ProposeAddress(ANN, change, **more), register, NOW_MS)
    assert error.value.field == field


def test_that_an_unknown_address_or_request_is_not_found(register: Any) -> None:
    with pytest.raises(NotFound):
        handle(ProposeAddress(ANN, "retire", UUID(int=4)), register, NOW_MS)
    with pytest.raises(NotFound):
        handle(DecideAddress(LEAD, "ffff"), register, NOW_MS)


def test_that_the_table_is_what_the_actions_say(register: Any) -> None:
    uid, request = ask(register, "alias", address=KNOWN, alias="五官科医院")
    handle(DecideAddress(LEAD, request), register, NOW_MS)
    with register.begin(write=True) as uow:
        before = uow.addresses.entry(uid), history(uow, uid)
        assert addressing.refresh_address(uid, uow)
        assert (uow.addresses.entry(uid), history(uow, uid)) == before
        assert not addressing.refresh_address(UUID(int=123), uow)


def decide(register: Any, request: str, at: int = 9) -> None:
    handle(DecideAddress(LEAD, request), register, NOW_MS + at)


def test_that_names_keep_the_days_of_their_coming_and_going(register: Any) -> None:
    for at, (change, more) in enumerate((
        ("alias", {"alias": "五官科医院"}), ("rename", {"texts": {"name": "耳鼻喉科医院"}}),
    )):  # fmt: skip
        _, request = ask(register, change, address=KNOWN, **more)
        decide(register, request, 1000 * (at + 1))
    with register.begin(write=False) as uow:
        dates = {name: (since, to) for name, since, to in uow.addresses.entry(KNOWN).dates}
        decided = [one.decided_ms for one in history(uow, KNOWN)]
    assert dates == {
        "汾阳路150号": (0, decided[1]), "五官科医院": (decided[0], None),
        "耳鼻喉科医院": (decided[1], None),
    }  # fmt: skip


def test_that_a_merged_record_gives_its_names_up_and_stays_in_the_history(register: Any) -> None:
    other, request = ask(register, "new", texts={"name": "汾阳医院"}, lon=121.45, lat=31.2)
    decide(register, request)
    _, request = ask(register, "merge", address=other, into=KNOWN)
    decide(register, request)
    with register.begin(write=False) as uow:
        entry = uow.addresses.entry(other)
        assert (entry.status, entry.into) == ("merged", KNOWN)
        assert entry.valid_to_ms == history(uow, other)[1].decided_ms
    with pytest.raises(InvalidInput, match="itself"):
        ask(register, "merge", address=KNOWN, into=KNOWN)


def test_that_a_split_makes_an_address_that_knows_its_origin(register: Any) -> None:
    made, request = ask(
        register, "split", address=KNOWN, texts={"name": "分部"}, lon=121.5, lat=31.2
    )
    decide(register, request)
    with register.begin(write=False) as uow:
        entry = uow.addresses.entry(made)
        assert (entry.title, entry.origin) == ("分部", KNOWN)
        assert uow.addresses.entry(KNOWN) is None  # it stays as the map has it


def test_that_an_approved_change_is_taken_back_by_two_persons_again(register: Any) -> None:
    _, request = ask(register, "retire", address=KNOWN)
    decide(register, request)
    _, back = ask(register, "undo", address=KNOWN, undoes=request[:12])
    with pytest.raises(NotAllowed, match="Who asks"):
        handle(DecideAddress(Actor(ANN.person, "shift_lead"), back), register, NOW_MS)
    decide(register, back)
    with register.begin(write=False) as uow:
        entry = uow.addresses.entry(KNOWN)
        assert (entry.status, entry.valid_to_ms) == ("active", None)
        assert [one.standing for one in history(uow, KNOWN)] == ["undone", "approved"]
    with pytest.raises(InvalidInput, match="take back"):
        ask(register, "undo", address=KNOWN, undoes=request[:12])


def test_that_only_who_asked_withdraws_and_only_while_it_is_open(register: Any) -> None:
    _, request = ask(register, "alias", address=KNOWN, alias="五官科医院")
    with pytest.raises(NotAllowed, match="Only who asked"):
        handle(WithdrawAddress(LEAD, request), register, NOW_MS)
    handle(WithdrawAddress(ANN, request[:12]), register, NOW_MS)
    with register.begin(write=False) as uow:
        assert history(uow, KNOWN)[0].standing == "withdrawn"
        assert uow.addresses.entry(KNOWN) is None
    with pytest.raises(NotAllowed, match="already"):
        decide(register, request)


def test_that_open_requests_about_one_address_are_shown_side_by_side(register: Any) -> None:
    ask(register, "rename", address=KNOWN, texts={"name": "甲"})
    ask(register, "rename", address=KNOWN, texts={"name": "乙"})
    with register.begin(write=False) as uow:
        views = address_asking.address_requests(AddressRequests(), register, uow, NOW_MS)
    assert {(one.said, one.rivals) for one in views} == {
        ("甲", ("rename:乙",)), ("乙", ("rename:甲",)),
    }  # fmt: skip


def test_that_a_request_carries_photos_by_their_hash_alone(register: Any) -> None:
    ask(register, "move", address=KNOWN, lon=121.5, lat=31.2, photos=("ab" * 32,))
    with register.begin(write=False) as uow:
        assert history(uow, KNOWN)[-1].body["photos"] == ["ab" * 32]
    with pytest.raises(InvalidInput) as error:
        ask(register, "move", address=KNOWN, lon=121.5, lat=31.2, photos=("tree.jpg",))
    assert error.value.field == "photos"
