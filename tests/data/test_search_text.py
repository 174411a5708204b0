"""Search in Chinese, on every kind of city."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.data.search_text import pieces, query_pieces
from app.services.views import CaseQuery

ANYTHING = st.text(max_size=60) | st.sampled_from(
    [
        '"',
        "'",
        "井盖 OR 1",
        "a* NEAR(b)",
        "-井",
        "{x}:",
        "^a",
        "\\",
        "\x00",
        "%_",
        "()",
        "𠀀𠀁",
        "🚧",
    ]
)


def found(city, text, **query):
    with city.begin(write=False) as uow:
        page = uow.cases.page(CaseQuery(text=text, **query))
    assert len(page.rows) == min(page.total, 200)
    return [row.receipt[-1] for row in page.rows]


@pytest.mark.parametrize(
    ("asked", "receipts"),
    [
        ("井盖", ["2", "1"]),
        ("井", ["3", "2", "1"]),
        ("盖", ["2", "1"]),
        ("井盖破损", ["1"]),
        ("破损井盖", []),
        ("破损 雨水", ["1"]),
        ("汾阳路150", ["1"]),
        ("15", ["1"]),
        ("kfc", ["3"]),
        ("ＫＦＣ", ["3"]),
        ("20261123-aaaa-0002", ["2"]),
        ("道路破损", ["3", "2", "1"]),
        ("没有的话", []),
        ("!?…", []),
    ],
)
def test_that_words_are_found_by_any_two_letters_side_by_side(city, cases, asked, receipts):
    cases.put(city, "雨水井盖破损", "汾阳路150号")
    cases.put(city, "井盖不见了", "五原路")
    cases.put(city, "KFC门口有水井", "安福路")
    assert found(city, asked) == receipts


def test_that_blanks_alone_ask_for_nothing_in_particular(city, cases):
    cases.put(city, "井盖")
    assert found(city, " \n ") == ["1"]


def test_that_words_put_again_replace_those_before(city, cases):
    row = cases.put(city, "雨水井盖")
    with city.begin(write=True) as uow:
        uow.cases.put(row, cases.state(row), "路灯不亮")
        uow.commit()
    assert found(city, "井盖") == []
    assert found(city, "路灯") == ["1"]


def test_that_tab_and_words_hold_together(city, cases):
    cases.put(city, "井盖", step="closed", is_open=False)
    cases.put(city, "井盖")
    assert found(city, "井盖", tab="closed") == ["1"]
    assert found(city, "井盖", tab="to_dispatch") == ["2"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40), asked=ANYTHING
)
def test_that_no_text_kept_or_asked_breaks_the_search(city, cases, words, asked):
    with city.begin(write=True) as uow:
        row = cases.row(uid=cases.uid(1), receipt="r1")
        uow.cases.put(row, cases.state(row), words)
        found = uow.cases.page(CaseQuery(text=asked))
        assert found.total in (0, 1)
        uow.cases.find(asked)
        if query_pieces(words):
            assert uow.cases.page(CaseQuery(text=words)).total == 1


@given(words=st.text(alphabet="井盖破损ab12 -", max_size=30), data=st.data())
def test_that_every_part_of_a_run_of_letters_is_found_in_it(words, data):
    start = data.draw(st.integers(0, len(words)))
    part = words[start : data.draw(st.integers(start, len(words)))].strip("ab12")
    kept = pieces(words)
    assert all(any(one.startswith(piece) for one in kept) for piece in query_pieces(part))


@given(st.text())
def test_that_pieces_hold_letters_and_digits_only(words):
    assert all(piece.isalnum() for piece in (*pieces(words), *query_pieces(words)))
