"""The rule set a city begins with."""

from __future__ import annotations

from datetime import date

import pytest

from app.data.rules_seed import COLUMNS, RESOURCES, read_matters, seed_rules
from app.domain.actions import canonical_bytes
from app.domain.clocks import Limit, LimitUnit
from app.domain.errors import InvalidInput
from app.domain.rules import parse_rules

LEADS = {
    "road", "sanitation", "greening", "water", "lighting", "power", "gas", "telecom", "traffic",
    "urban_enforcement", "market", "police", "housing", "construction", "environment", "health",
    "civil", "fire", "fallback",
}  # fmt: skip


@pytest.fixture(scope="module")
def book():
    return parse_rules(seed_rules())


def test_that_the_seed_is_the_same_at_every_start(book):
    assert parse_rules(seed_rules()).hash == book.hash


def test_that_the_seed_fits_into_one_action(book):
    assert len(canonical_bytes(book.raw, limit=4 << 20)) < 200 * 1024


def test_that_the_tree_covers_all_of_one_three_n_with_known_units(book):
    domains = {matter.domain for matter in book.matters}
    assert domains == {
        "1", "3-110", "3-security", "3-market", "N-health", "N-flood", "N-grassroots",
    }  # fmt: skip
    assert {matter.lead for matter in book.matters} <= LEADS
    assert len(book.matters.leaves) >= 120
    assert {matter.kind for matter in book.matters} == {"part", "event"}


def test_that_every_leaf_has_words_both_names_and_a_limit_for_handling(book):
    for matter in book.matters.leaves:
        assert matter.keywords, matter.code
        assert matter.name_zh, matter.code
        assert matter.name_en, matter.code
        assert "handling" in matter.limits, matter.code


def test_that_no_word_speaks_for_two_matters(book):
    words = [word for matter in book.matters for word in matter.keywords]
    assert len(words) == len(set(words))


def test_that_a_cracked_road_surface_goes_to_the_road_unit(book):
    matter = book.matters["0110"]
    assert (matter.name_zh, matter.lead) == ("道路破损", "road")
    assert "路面龟裂" in matter.keywords


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2019, 2, 2), True),  # 春节调休
        (date(2020, 1, 31), False),  # extended for the epidemic
        (date(2023, 6, 25), True),
        (date(2024, 10, 1), False),
        (date(2025, 10, 8), False),
        (date(2026, 2, 14), True),
        (date(2026, 11, 23), True),
        (date(2026, 11, 22), False),
    ],
)
def test_that_the_calendar_follows_the_notices(book, day, worked):
    assert book.calendar.is_working_day(day) == worked


def test_that_the_calendar_says_until_when_it_is_known(book):
    assert book.calendar.known_until == date(2026, 12, 31)


@pytest.mark.parametrize("limits", ["handling", "handling=x work_hour", "handling=4"])
def test_that_a_limit_that_makes_no_sense_is_named_with_its_line(tmp_path, limits):
    path = tmp_path / "matters.csv"
    path.write_text(",".join(COLUMNS) + f"\n01,,a,a,1,event,,road,{limits},\n", "utf-8")
    with pytest.raises(InvalidInput, match=r"matters\.csv, line 2") as caught:
        read_matters(path)
    assert caught.value.field == "limits"


def test_that_a_file_with_other_columns_is_refused(tmp_path):
    path = tmp_path / "matters.csv"
    path.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(InvalidInput, match="columns"):
        read_matters(path)
    assert (RESOURCES / "matters.csv").is_file()


def test_that_illegal_building_has_its_three_published_limits(book):
    assert [book.limit("0101", clock) for clock in ("stopping", "penalty", "demolishing")] == [
        Limit(4, LimitUnit.WORK_HOUR), Limit(7, LimitUnit.WORK_DAY), Limit(20, LimitUnit.WORK_DAY),
    ]  # fmt: skip


def test_that_every_matter_says_when_it_is_filed_and_closed_and_with_what_evidence(book):
    for matter in book.matters:
        terms = book.matters.terms(matter.code)
        assert terms.filing_zh, matter.code
        assert terms.filing_en, matter.code
        assert terms.closing_zh, matter.code
        assert terms.evidence, matter.code
        assert terms.lines, matter.code
        assert terms.blocks, matter.code


def test_that_a_matter_says_itself_what_its_class_says_otherwise(book):
    assert book.matters.terms("0101").verify == "needed"
    assert book.matters.terms("0101").evidence == ("two_photos", "document")
    assert book.matters.terms("P0101").verify == "waived"
