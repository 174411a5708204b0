"""Rows of cases, on every kind of city."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.errors import InvalidInput
from app.domain.identity import new_uid
from app.domain.people import Person, Role, Unit
from app.services.views import CaseQuery

NOW_MS = 1_795_000_000_000
HOUR_MS = 3_600_000


def page(city, tab="all", **query):
    with city.begin(write=False) as uow:
        return uow.cases.page(CaseQuery(tab, **query))


def listed(city, tab="all", **query):
    return [row.uid for row in page(city, tab, **query).rows]


def test_that_a_row_is_read_back_as_it_was_put(city, cases):
    row = cases.put(
        city, "路面龟裂，约两平方米", "汾阳路150号", due_ms=NOW_MS, due_clock="filing",
        grid=new_uid(), street=new_uid(), district=new_uid(), urgent=True, confidence=870,
    )  # fmt: skip
    with city.begin(write=False) as uow:
        assert uow.cases.row(row.uid) == row
        assert uow.cases.rows([new_uid(), row.uid]) == [row]
        assert uow.cases.row(new_uid()) is None


def test_that_a_row_put_again_is_brought_up_to_date(city, cases):
    row = cases.put(city, "路面龟裂")
    with city.begin(write=True) as uow:
        closed = replace(row, step="closed", is_open=False, closed_ms=NOW_MS)
        uow.cases.put(closed, cases.state(row), "")
        uow.commit()
    assert listed(city, "open") == []
    assert page(city, "closed").rows == (replace(closed, title=""),)


def test_that_names_are_those_of_the_rolls_at_the_time_of_reading(city, cases):
    unit = Unit(new_uid(), "市政所", "road", new_uid())
    person = Person(new_uid(), "王磊", unit.uid, Role.HANDLER)
    row = cases.put(city, unit=unit.uid, person=person.uid)
    with city.begin(write=True) as uow:
        uow.directory.put_units([unit])
        uow.directory.put_persons([person])
        uow.commit()
    assert page(city).rows == (replace(row, unit_name="市政所", person_name="王磊"),)


def test_that_a_long_report_is_shown_as_one_short_line(city, cases):
    row = cases.put(city, "井盖\n\n 破损" + "了" * 80)
    with city.begin(write=False) as uow:
        title = uow.cases.row(row.uid).title
    assert title == "井盖 破损" + "了" * 34 + "…"


def test_that_cases_to_dispatch_stand_in_the_order_of_need(city, cases):
    late = cases.put(city, due_ms=NOW_MS + 9)
    soon = cases.put(city, due_ms=NOW_MS + 5)
    never = cases.put(city)
    urgent = cases.put(city, urgent=True)
    back = cases.put(city, step="filed", returned=1)
    handling = cases.put(city, step="dispatched", returned=1)
    expected = [one.uid for one in (back, urgent, soon, late, never)]
    assert listed(city, "to_dispatch") == expected
    assert listed(city, "returned") == [back.uid]
    assert handling.uid in listed(city, "open")


def test_that_mine_holds_only_open_cases_of_that_person(city, cases):
    me = new_uid()
    mine = cases.put(city, step="dispatched", person=me)
    cases.put(city, step="dispatched", person=new_uid())
    cases.put(city, step="closed", is_open=False, person=me)
    assert listed(city, "mine", person=me) == [mine.uid]
    assert listed(city, "mine") == []


def test_that_due_soon_holds_what_is_due_in_four_hours_or_overdue(city, cases):
    overdue = cases.put(city, due_ms=NOW_MS - 1)
    soon = cases.put(city, due_ms=NOW_MS + 4 * HOUR_MS)
    cases.put(city, due_ms=NOW_MS + 4 * HOUR_MS + 1)
    cases.put(city)
    assert listed(city, "due_soon", now_ms=NOW_MS) == [overdue.uid, soon.uid]


@pytest.mark.parametrize("tab", ["to_dispatch", "due_soon", "open", "all"])
def test_that_pages_by_key_give_every_row_once_in_the_order_of_one_page(city, cases, tab):
    for number in range(23):
        cases.put(city, "井盖", due_ms=NOW_MS + number % 5, urgent=number % 3 == 0)
    whole = listed(city, tab, now_ms=NOW_MS)
    assert len(set(whole)) == 23
    found, after = [], ""
    while len(found) < 23:
        part = page(city, tab, now_ms=NOW_MS, limit=5, after=after)
        found += [row.uid for row in part.rows]
        after = part.cursor
        assert part.total == 23
    assert found == whole
    assert after == ""


def test_that_pages_of_a_search_give_every_row_once(city, cases):
    for number in range(11):
        cases.put(city, f"井盖破损{number}")
    first = page(city, text="井盖破损", limit=6)
    second = page(city, text="井盖破损", limit=6, after=first.cursor)
    assert len({row.uid for row in (*first.rows, *second.rows)}) == 11
    assert second.cursor == ""


@pytest.mark.parametrize("after", ["1", "1:x:3", "1:2:3:4", "'; --", "１:2:3", "1:2:" + "9" * 30])
def test_that_a_broken_cursor_is_told(city, cases, after):
    cases.put(city)
    with pytest.raises(InvalidInput) as caught:
        page(city, "to_dispatch", after=after)
    assert caught.value.field == "after"


def test_that_an_unknown_tab_is_told(city):
    with pytest.raises(InvalidInput, match="to_dispatch"):
        page(city, "everything")


@pytest.mark.parametrize("tier", ["district", "street", "grid"])
def test_that_an_area_limits_the_list_and_the_counts(city, cases, tier):
    area = new_uid()
    inside = cases.put(city, "井盖", **{tier: area})
    cases.put(city, "井盖", **{tier: new_uid()})
    assert listed(city, area=area) == [inside.uid]
    assert listed(city, area=area, text="井盖") == [inside.uid]
    assert listed(city, area=new_uid()) == []
    with city.begin(write=False) as uow:
        assert uow.cases.counts(CaseQuery(area=area, now_ms=NOW_MS))["open"] == 1


def test_that_counts_agree_with_the_lists(city, cases):
    me = new_uid()
    cases.put(city, due_ms=NOW_MS - 1, person=me, step="dispatched")
    cases.put(city, step="filed", returned=2)
    cases.put(city, step="closed", is_open=False, closed_ms=NOW_MS)
    cases.put(city, step="closed", is_open=False, closed_ms=NOW_MS - 48 * HOUR_MS)
    with city.begin(write=False) as uow:
        counts = uow.cases.counts(CaseQuery(person=me, now_ms=NOW_MS))
    assert counts == {
        "to_dispatch": 1, "mine": 1, "due_soon": 1, "returned": 1, "open": 2, "closed": 2,
        "all": 4, "closed_today": 1, "overdue": 1,
    }  # fmt: skip


def test_that_counts_of_an_empty_city_are_zero(city):
    with city.begin(write=False) as uow:
        assert set(uow.cases.counts(CaseQuery(now_ms=NOW_MS)).values()) == {0}


def test_that_near_finds_open_cases_nearest_first_within_the_metres_asked(city, cases):
    # 0.001° of longitude is 95.3 m at this latitude.
    far = cases.put(city, lon=121.4710)
    near = cases.put(city, lon=121.4702)
    here = cases.put(city)
    cases.put(city, lon=121.4701, step="closed", is_open=False)
    cases.put(city, lon=121.4799)
    with city.begin(write=False) as uow:
        found = [row.uid for row in uow.cases.near(121.47, 31.23, 100, 10)]
        assert found == [here.uid, near.uid, far.uid]
        assert len(uow.cases.near(121.47, 31.23, 100, 2)) == 2
        assert len(uow.cases.near(121.47, 31.23, 20_000, 10)) == 4
        assert len(uow.cases.near(121.47, 31.23, 90, 10)) == 2


def test_that_a_case_is_found_by_uid_number_receipt_or_their_unique_beginning(city, cases):
    one = cases.put(city, number="310104-20261123-00001")
    other = cases.put(city, number="310104-20261123-00002")
    with city.begin(write=False) as uow:
        find = uow.cases.find
        assert find("310104-20261123-00001") == one.uid
        assert find(" 20261123-aaaa-0002 ") == other.uid
        assert find(str(one.uid)) == one.uid
        assert find(one.uid.hex[:30]) == one.uid
        assert find("310104-2026") is None  # two begin so
        assert find("3101") is None
        assert find(str(new_uid())) is None
        assert find("no such case") is None
        assert find("\x00\x00\x00\x00") is None
        assert find("") is None


def test_that_a_number_that_another_begins_with_is_still_found(city, cases):
    short = cases.put(city, number="2026-1")
    cases.put(city, number="2026-11")
    with city.begin(write=False) as uow:
        assert uow.cases.find("2026-1") == short.uid


def test_that_pages_of_words_are_the_same_newest_first_and_by_index(city, cases, monkeypatch):
    shut = {"is_open": False, "step": "closed", "closed_ms": 1}
    for number in range(30):
        words = "井盖破损" if number % 10 == 0 else "路灯不亮"
        cases.put(city, words, **(shut if number % 2 else {}))

    def pages(text, tab):
        found, after = [], ""
        while True:
            query = CaseQuery(tab=tab, text=text, limit=4, after=after)
            with city.begin(write=False) as uow:
                page = uow.cases.page(query)
            found += [row.uid for row in page.rows]
            after = page.cursor
            if not after:
                return found

    wanted = [(text, tab) for text in ("井盖", "路灯", "路") for tab in ("all", "closed", "open")]
    by_index = [pages(*one) for one in wanted]
    assert [len(found) for found in by_index] == [3, 0, 3, 27, 15, 12, 30, 15, 15]
    monkeypatch.setattr("app.data.case_query._WALKED", 12)
    monkeypatch.setattr("app.data.case_query._NEWEST_ROWS", 3)
    assert [pages(*one) for one in wanted] == by_index
