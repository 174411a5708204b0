"""The main job: from a citizen's words to the close, or back with a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.actions import SignedAction, check_signed
from app.domain.errors import AppError, Forged, InvalidInput, NotAllowed, NotFound
from app.domain.identity import new_uid
from app.domain.people import Role
from app.services.bus import handle, handle_many
from app.services.commands import (
    MACHINE,
    AcceptSuggestion,
    Actor,
    EraseSubject,
    ReportCase,
    UndoLast,
)
from app.services.questions import CountCases, ListCases, OpenSheet, Search, Since
from app.services.receive import receive
from app.services.views import CaseQuery


def whole_way(desk, case):
    desk.handle(AcceptSuggestion(desk.actor(Role.DISPATCHER), case))
    handler = desk.handler_of(case)
    desk.act(case, "sign", handler)
    desk.act(case, "handle", handler, note="已铣刨重铺")
    desk.act(case, "pass", desk.actor(Role.SUPERVISOR))
    return desk.act(case, "close", desk.actor(Role.DISPATCHER))


def test_that_a_report_goes_the_whole_way_to_its_close(desk):
    reported = desk.report()
    assert reported.step == "reported"
    assert reported.grid_code == "310101001001001"
    assert reported.receipt
    closed = whole_way(desk, reported.uid)
    assert closed.step == "closed"
    assert not closed.is_open
    assert closed.number
    sheet = desk.sheet(reported.uid)
    assert [e.type for e in sheet.state.history] == [
        "report", "file", "dispatch", "sign", "handle", "pass", "close",
    ]  # fmt: skip
    assert "已铣刨重铺" in sheet.words.values()


def test_that_the_suggestion_says_matter_person_and_why(desk):
    sheet = desk.sheet(desk.report().uid)
    found = sheet.suggestion
    assert found is not None
    assert found.matters[0].name
    assert found.accountable is not None
    assert found.accountable.shift.name == "早班"
    assert any(reason.startswith("word:") for reason in found.reasons)
    assert any(reason.startswith("grid:") for reason in found.reasons)


def test_that_a_sure_report_is_sent_by_the_rule_and_an_unsure_one_waits(desk):
    sure = desk.report("路面龟裂，约两平方米", auto_dispatch=True)
    unsure = desk.report("这里有点不对劲，请来看看", auto_dispatch=True)
    assert (sure.step, sure.auto) == ("dispatched", True)
    assert (unsure.step, unsure.auto) == ("reported", False)
    reasons = desk.sheet(sure.uid).state.reasons
    assert "rule:one-matter-one-person" in reasons


def test_that_the_machine_may_not_send_what_it_is_not_sure_of(desk):
    unsure = desk.report("这里有点不对劲，请来看看")
    with pytest.raises(NotAllowed):
        desk.handle(AcceptSuggestion(MACHINE, unsure.uid))


def test_that_who_accepts_second_is_told_that_it_was_already_sent(desk):
    case = desk.report().uid
    desk.handle(AcceptSuggestion(desk.actor(Role.DISPATCHER), case))
    with pytest.raises(NotAllowed) as caught:
        desk.handle(AcceptSuggestion(desk.actor(Role.DISPATCHER), case))
    assert caught.value.code == "already_sent"


def test_that_who_handled_cannot_check(desk):
    case = desk.report().uid
    desk.handle(AcceptSuggestion(desk.actor(Role.DISPATCHER), case))
    handler = desk.handler_of(case)
    desk.act(case, "sign", handler)
    desk.act(case, "handle", handler, note="好了")
    with desk.city.begin(write=True) as uow:  # the rolls make a supervisor of him
        uow.directory.put_persons(
            [replace(uow.directory.person(handler.person), role=Role.SUPERVISOR)]
        )
        uow.commit()
    with pytest.raises(NotAllowed) as caught:
        desk.act(case, "pass", Actor(handler.person, "supervisor"))
    assert caught.value.code == "handled_it"


def test_that_a_case_goes_back_with_a_reason_and_comes_up_as_returned(desk):
    case = desk.report().uid
    desk.handle(AcceptSuggestion(desk.actor(Role.DISPATCHER), case))
    handler = desk.handler_of(case)
    with pytest.raises(InvalidInput) as caught:
        desk.act(case, "return", handler)
    assert caught.value.field == "reason"
    row = desk.act(case, "return", handler, reason="不属于我单位")
    assert (row.step, row.returned, row.person) == ("filed", 1, None)
    page = desk.ask(ListCases(CaseQuery(tab="returned", now_ms=desk.now_ms)))
    assert [r.uid for r in page.rows] == [case]


def sent_back(desk, reason):
    case = desk.report().uid
    desk.handle(AcceptSuggestion(desk.actor(Role.DISPATCHER), case))
    first = desk.sheet(case).row
    desk.act(case, "return", desk.handler_of(case), reason=reason)
    return case, first


def test_that_a_unit_that_sent_a_case_back_as_not_its_own_is_not_suggested_again(desk):
    case, first = sent_back(desk, "不属于本单位职责")
    found = desk.sheet(case).suggestion
    assert found.accountable is None or found.accountable.unit.uid != first.unit
    assert f"sent_back:{first.unit_name}" in found.reasons
    assert not found.sure
    if found.accountable is not None:
        dispatched = desk.act(case, "dispatch", desk.actor(Role.DISPATCHER))
        assert dispatched.unit == found.accountable.unit.uid


def test_that_a_case_sent_back_for_another_reason_is_suggested_to_its_unit_again(desk):
    case, first = sent_back(desk, "地址不详")
    found = desk.sheet(case).suggestion
    assert found.accountable.unit.uid == first.unit
    assert not any(reason.startswith("sent_back") for reason in found.reasons)


def test_that_undo_takes_back_the_last_step_only(desk):
    case = desk.report().uid
    desk.handle(AcceptSuggestion(desk.actor(Role.DISPATCHER), case))
    row = desk.handle(UndoLast(desk.actor(Role.DISPATCHER), case))
    assert (row.step, row.person) == ("filed", None)
    assert desk.handle(UndoLast(desk.actor(Role.DISPATCHER), case)).step == "reported"
    with pytest.raises(NotAllowed):
        desk.handle(UndoLast(desk.actor(Role.DISPATCHER), case))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"words": "  "}, "words"),
        ({"words": "字" * 4001}, "words"),
        ({"lon": 31.2, "lat": 121.4}, "lon"),
        ({"lon": 500.0}, "lon"),
        ({"lon": 10.0, "lat": 10.0}, "lon"),
        ({"matter": "no such"}, "matter"),
    ],
)
def test_that_a_bad_report_names_its_field_and_leaves_nothing(desk, change, field):
    before = desk.ask(Since(0)).revision
    with pytest.raises(InvalidInput) as caught:
        desk.report(**change)
    assert caught.value.field == field
    assert desk.ask(Since(0)).revision == before


def test_that_the_same_report_twice_is_one_case(desk):
    uid = new_uid()
    first = desk.report(case=uid)
    again = desk.report(case=uid)
    assert first.receipt == again.receipt
    assert len(desk.sheet(uid).state.history) == 1


def test_that_unknown_cases_and_moves_are_told(desk):
    with pytest.raises(NotFound):
        desk.ask(OpenSheet(new_uid(), desk.actor(Role.DISPATCHER)))
    with pytest.raises(InvalidInput, match="fly"):
        desk.act(desk.report().uid, "fly", desk.actor(Role.DISPATCHER))


def test_that_several_commands_go_in_together_or_not_at_all(desk):
    good = ReportCase(desk.actor(Role.INTAKE), "路灯不亮", 121.42, 31.12)
    bad = ReportCase(desk.actor(Role.INTAKE), "", 121.42, 31.12)
    before = desk.ask(Since(0)).revision
    with pytest.raises(InvalidInput):
        handle_many([good, bad], desk.city, desk.now_ms)
    assert desk.ask(Since(0)).revision == before


def test_that_erasing_a_person_leaves_every_signature_and_the_state(desk):
    row = desk.report(reporter_name="张三", reporter_phone="13800000000")
    whole_way(desk, row.uid)
    before = desk.sheet(row.uid)
    desk.handle(EraseSubject(desk.actor(Role.SHIFT_LEAD), row.uid))
    after = desk.sheet(row.uid)
    assert replace(after.state, history=(), heads=()) == replace(before.state, history=(), heads=())
    assert after.state.history[:-1] == before.state.history
    assert (after.state.history[-1].type, after.state.history[-1].effect) == ("erase", "applied")
    assert not after.words
    assert after.row.title == after.row.address == ""
    with desk.city.begin(write=False) as uow:
        for signed in uow.actions.of_subject(row.uid):
            check_signed(signed, desk.city.verifier)
    assert not [h for h in desk.ask(Search("龟裂")) if h.uid == row.uid]


def test_that_no_personal_word_stands_in_any_action(desk):
    row = desk.report("门口井盖丢了", reporter_name="欧阳修远", reporter_phone="13912345678")
    with desk.city.begin(write=False) as uow:
        data = b"".join(signed.data for signed in uow.actions.of_subject(row.uid))
    for word in ("井盖丢了", "欧阳修远", "13912345678", "汾阳路"):
        assert word.encode() not in data


def test_that_tabs_count_and_list_what_they_say(desk):
    reported = desk.report("这里有点不对劲")
    sent = desk.report("路面龟裂", auto_dispatch=True)
    query = CaseQuery(now_ms=desk.now_ms, person=sent.person)
    counts = desk.ask(CountCases(query))
    assert counts["to_dispatch"] == 1
    assert counts["mine"] == 1
    page = desk.ask(ListCases(CaseQuery(tab="to_dispatch", now_ms=desk.now_ms)))
    assert [row.uid for row in page.rows] == [reported.uid]


def test_that_search_finds_words_numbers_and_places(desk):
    row = desk.report("复兴中路雨水井盖缺失")
    whole_way(desk, row.uid)
    number = desk.sheet(row.uid).row.number
    assert row.uid in {hit.uid for hit in desk.ask(Search("井盖"))}
    assert row.uid in {hit.uid for hit in desk.ask(Search(number))}
    assert "place" in {hit.kind for hit in desk.ask(Search("汾阳路150"))}


def test_that_what_others_wrote_is_seen_by_its_revision(desk):
    start = desk.ask(Since(0)).revision
    row = desk.report()
    changes = desk.ask(Since(start))
    assert [r.uid for r in changes.cases] == [row.uid]
    assert desk.ask(Since(changes.revision)).cases == ()


def test_that_a_delivery_takes_good_actions_beside_forged_ones(desk):
    row = desk.report()
    with desk.city.begin(write=False) as uow:
        known = uow.actions.of_subject(row.uid)[0]
    forged = SignedAction(known.data.replace(b"hotline", b"hotlinf"), known.suite, known.signature)
    with desk.city.begin(write=True) as uow:
        receipt = receive([forged, known], desk.city, uow, desk.now_ms)
    assert (receipt.taken, receipt.known, len(receipt.refused)) == (0, 1, 1)
    with pytest.raises(Forged):
        check_signed(forged, desk.city.verifier)


def test_that_every_error_is_one_clear_sentence_with_a_field_or_advice(desk):
    with pytest.raises(AppError) as caught:
        handle(ReportCase(desk.actor(Role.INTAKE), "", 0, 0), desk.city, desk.now_ms)
    assert caught.value.advice
    assert "\n" not in str(caught.value)
