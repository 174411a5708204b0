"""What may not be asked, and what may not stand in an action."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.domain.actions import Action, SignedAction, sign_action
from app.domain.errors import InvalidInput, NotAllowed
from app.domain.hlc import Stamp
from app.domain.identity import new_uid
from app.domain.people import Role
from app.services.bus import handle
from app.services.changes import one_line
from app.services.commands import (
    MACHINE,
    AcceptSuggestion,
    ActOnCase,
    Actor,
    EraseSubject,
    ReportCase,
    UndoLast,
)
from app.services.questions import ListCases
from app.services.receive import receive
from app.services.views import CaseQuery

REF = {"key": "00000000-0000-7000-8000-0000000000aa", "commitment": "0" * 64}


def signed(desk, kind, case, parents=(), ms=None, count=0, **more) -> SignedAction:
    device = desk.city.signer.device
    with desk.city.begin(write=False) as uow:
        rules = more.pop("rules", uow.rules.current().hash)
    ms = desk.now_ms if ms is None else ms
    body = {"lon_e7": 1_214_200_000, "lat_e7": 311_200_000, "refs": {"words": REF}} | more
    return sign_action(
        Action(new_uid(), case, device, Stamp(ms, count, device), tuple(sorted(parents)), kind, 1,
               rules, desk.actor(Role.DISPATCHER).person, "dispatcher", body),
        desk.city.signer,
    )  # fmt: skip


def deliver(desk, *actions):
    with desk.city.begin(write=True) as uow:
        receipt = receive(actions, desk.city, uow, desk.now_ms)
        uow.commit()
    return receipt


@pytest.mark.parametrize(
    "actor",
    [
        Actor(UUID(int=0), "dispatcher"),
        Actor(new_uid(), "shift_lead"),
        Actor(new_uid(), "machine"),
        Actor(MACHINE.person, "dispatcher"),
    ],
)
def test_that_nobody_acts_in_a_role_the_rolls_do_not_give(desk, actor):
    case = desk.report().uid
    for command in (
        ReportCase(actor, "路面龟裂", 121.42, 31.12),
        ActOnCase(actor, case, "file"),
        AcceptSuggestion(actor, case),
        UndoLast(actor, case),
        EraseSubject(actor, case),
    ):
        with pytest.raises(NotAllowed) as caught:
            desk.handle(command)
        assert caught.value.code == "role_not_given"
    handler = Actor(desk.actor(Role.INTAKE).person, "dispatcher")
    with pytest.raises(NotAllowed):
        desk.act(case, "file", handler)


def test_that_only_who_leads_may_erase(desk):
    case = desk.report().uid
    with pytest.raises(NotAllowed):
        desk.handle(EraseSubject(desk.actor(Role.INTAKE), case))
    assert desk.sheet(case).words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("address", "汾阳路150号"),
        ("reporter_name", "张三"),
        ("number", "13800000000"),
        ("auto", "1"),
        ("matter", "张三 13800000000"),
        ("person", "张三"),
        ("unit", "01a20959-051b-70e4-bbc4-765bd3c2a52e"),
    ],
)
def test_that_a_move_takes_no_free_words_but_note_and_reason(desk, name, value):
    case = desk.report().uid
    desk.act(case, "file", desk.actor(Role.DISPATCHER))
    with pytest.raises(InvalidInput) as caught:
        desk.act(case, "dispatch", desk.actor(Role.DISPATCHER), **{name: value})
    assert caught.value.field == name


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"words": "字" * 4001}, "words"),
        ({"words": "a\x00b"}, "words"),
        ({"words": "\ud800"}, "words"),
        ({"address": "字" * 201}, "address"),
        ({"reporter_name": "字" * 201}, "reporter_name"),
        ({"source": "张三\n电话"}, "source"),
        ({"source": "s" * 41}, "source"),
        ({"photos": ("张三",)}, "photos"),
        ({"lon": float("nan")}, "lon"),
        ({"lon": float("inf")}, "lon"),
        ({"lon": 31.12, "lat": 121.42}, "lon"),
        ({"at_ms": 4_000_000_000_000}, "at_ms"),
        ({"at_ms": 5}, "at_ms"),
        ({"matter": "zz"}, "matter"),
    ],
)
def test_that_a_bad_report_is_refused_by_its_field(desk, given, field):
    with pytest.raises(InvalidInput) as caught:
        desk.report(**given)
    assert caught.value.field == field
    assert not desk.ask(ListCases(CaseQuery(tab="all", now_ms=desk.now_ms))).rows


def test_that_a_long_note_is_refused_and_nothing_is_kept(desk):
    case = desk.report("看不清").uid
    with pytest.raises(InvalidInput):
        desk.act(case, "reject", desk.actor(Role.DISPATCHER), reason="字" * 4001)
    assert desk.sheet(case).row.step == "reported"


def test_that_an_unknown_rule_set_holds_up_only_its_own_case(desk):
    strange, good = new_uid(), new_uid()
    receipt = deliver(
        desk, signed(desk, "report", strange, rules="f" * 64), signed(desk, "report", good)
    )
    assert receipt.taken == 2
    assert [row.uid for row in receipt.rows] == [good]
    again = desk.report(case=strange)
    assert again.step == "reported"


def test_that_an_unknown_matter_from_elsewhere_leaves_the_case_workable(desk):
    case = new_uid()
    report = signed(desk, "report", case, matter="zz")
    deliver(desk, report, signed(desk, "file", case, [report.hash], count=1, matter="zz"))
    sheet = desk.sheet(case)
    assert [e.why for e in sheet.state.history] == ["", "unknown_matter"]
    assert desk.act(case, "file", desk.actor(Role.DISPATCHER), matter="0110").step == "filed"


def test_that_a_child_before_its_parent_waits_and_then_counts(desk):
    case = new_uid()
    report = signed(desk, "report", case)
    filed = signed(desk, "file", case, [report.hash], count=1, matter="0110")
    assert deliver(desk, filed).rows == ()
    (row,) = deliver(desk, report, report).rows
    assert row.step == "filed"
    assert deliver(desk, filed, report).known == 2


def test_that_the_future_is_kept_apart_until_it_has_come(desk):
    case = new_uid()
    early = signed(desk, "report", case, ms=desk.now_ms + 3_600_000)
    receipt = deliver(desk, early)
    assert (receipt.taken, receipt.quarantined, receipt.rows) == (0, 1, ())
    desk.now_ms += 3_600_000
    (row,) = deliver(desk, early).rows
    assert row.uid == case
    assert handle(ReportCase(desk.actor(Role.INTAKE), "路灯不亮", 121.42, 31.12), desk.city,
                  desk.now_ms).cases  # fmt: skip


def test_that_a_place_anywhere_on_earth_harms_nothing(desk):
    for lon, lat in ((1_800_000_000, 900_000_000), (-1_800_000_000, -900_000_000), (0, 0)):
        receipt = deliver(desk, signed(desk, "report", new_uid(), lon_e7=lon, lat_e7=lat))
        assert receipt.taken == 1
        assert desk.sheet(receipt.rows[0].uid).row.grid_code == ""


def test_that_a_title_is_one_line_of_whatever_words():
    assert "\n" not in one_line("a\nb\u2028c")


def test_that_erased_words_are_in_no_file_of_the_open_city(desk):
    words = {"words": "鬘髽魑鱻 zqxjk", "address": "龘龖路", "reporter_name": "饕餮"}
    row = desk.report(**words)
    desk.act(row.uid, "reject", desk.actor(Role.DISPATCHER), reason="貔貅")
    for _ in range(5):
        desk.report()
    erased = [word.encode() for word in ("鬘髽", "髽魑", "zqxjk", "龘龖", "饕餮", "貔貅")]

    def held() -> list[bytes]:
        files = [p for p in desk.city.folder.rglob("*") if p.is_file()]
        data = b"".join(path.read_bytes() for path in files)
        return [word for word in erased if word in data]

    assert held() == erased
    desk.handle(EraseSubject(desk.actor(Role.SHIFT_LEAD), row.uid))
    assert held() == []


@pytest.mark.parametrize("words", ["\u200b\u200b", " \u3000\n", "\u202e\u2066", "\x00\x1b"])
def test_that_words_nobody_can_see_are_no_report(desk, words):
    with pytest.raises(InvalidInput) as told:
        handle(ReportCase(desk.actor(Role.INTAKE), words, 121.42, 31.12), desk.city, desk.now_ms)
    assert told.value.field == "words"
