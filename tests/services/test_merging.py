"""Duplicates merged, confirmed and taken out by commands; circles made apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.errors import InvalidInput, NotAllowed
from app.domain.people import Role
from app.services.commands import AcceptSuggestion, MergeCase, UnmergeCase
from app.services.questions import ListCases
from app.services.views import CaseQuery


@pytest.fixture
def pair(desk):
    return desk.report(reporter_name="王五").uid, desk.report("路面裂了", reporter_name="李四").uid


def merged(desk, case, into, **more):
    return desk.handle(MergeCase(desk.actor(Role.INTAKE), case, into, **more))


def open_uids(desk):
    return {row.uid for row in desk.ask(ListCases(CaseQuery(tab="open"))).rows}


def test_that_a_merged_case_leaves_the_open_list_and_comes_back(desk, pair):
    master, other = pair
    before = desk.sheet(other).state
    row = merged(desk, other, master, reasons=("38 m",))
    assert (row.master, row.is_open, row.closed_ms, row.due_ms) == (master, False, None, None)
    assert other not in open_uids(desk)
    assert not desk.sheet(other).moves
    back = desk.handle(UnmergeCase(desk.actor(Role.INTAKE), other))
    assert back.is_open
    assert other in open_uids(desk)
    after = desk.sheet(other).state
    same = {"history": (), "heads": (), "changed_ms": 0, "clocks": ()}
    assert replace(after, **same) == replace(before, **same)


def test_that_nothing_is_merged_into_itself_a_merged_or_a_closed_case(desk, pair):
    master, other = pair
    with pytest.raises(InvalidInput):
        merged(desk, master, master)
    merged(desk, other, master)
    third = desk.report().uid
    with pytest.raises(NotAllowed) as caught:
        merged(desk, third, other)
    assert caught.value.code == "master_merged"
    with pytest.raises(NotAllowed) as caught:
        merged(desk, master, third)
    assert caught.value.code == "is_master"
    desk.act(third, "reject", desk.actor(Role.INTAKE), reason="不属于城市管理")
    with pytest.raises(NotAllowed) as caught:
        merged(desk, desk.report().uid, third)
    assert caught.value.code == "master_closed"


def test_that_a_merged_case_is_closed_to_suggestions_and_moves(desk, pair):
    master, other = pair
    merged(desk, other, master)
    with pytest.raises(NotAllowed):
        desk.handle(AcceptSuggestion(desk.actor(Role.DISPATCHER), other))
    with pytest.raises(NotAllowed):
        desk.act(other, "reject", desk.actor(Role.INTAKE), reason="重复")


def test_that_closing_the_master_answers_each_reporter_and_asks_again(desk, pair):
    master, other = pair
    merged(desk, other, master)
    desk.act(master, "reject", desk.actor(Role.INTAKE), reason="不属于城市管理")
    for case in pair:
        sheet = desk.sheet(case)
        reply = next(one for one in sheet.state.history if one.type == "reply")
        assert reply.effect == "applied"
        assert "办结" in sheet.words[reply.refs["reply"]]
    assert [one.uid for one in desk.ask(ListCases(CaseQuery(tab="still_same"))).rows] == [other]
    desk.handle(MergeCase(desk.actor(Role.INTAKE), other, None))
    assert not desk.ask(ListCases(CaseQuery(tab="still_same"))).rows
