"""Part, grid and area codes: round trips in each layout, and errors that name the piece."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.codes import (
    PROVINCES,
    PartLayout,
    format_grid_code,
    format_part_code,
    parent_code,
    parse_grid_code,
    parse_layout,
    parse_part_code,
)
from app.domain.errors import InvalidInput

counties = st.builds(
    lambda province, rest: f"{province}{rest:04d}",
    st.sampled_from(sorted(PROVINCES)),
    st.integers(0, 9999),
)


@given(
    county=counties, major=st.integers(1, 99), data=st.data(), layout=st.sampled_from(PartLayout)
)
def test_that_a_part_code_survives_a_round_trip(county, major, data, layout):
    minor = data.draw(st.integers(1, 10 ** layout.widths[2] - 1))
    sequence = data.draw(st.integers(1, 10 ** layout.widths[3] - 1))
    code = format_part_code(county, major, minor, sequence, layout)
    assert len(str(code)) == 16
    assert parse_part_code(str(code), layout) == code


def test_that_the_two_layouts_cut_the_same_digits_differently():
    text = "3205080101000001"
    short = parse_part_code(text, PartLayout.SHORT_MINOR)
    assert (short.county, short.class_code, short.sequence) == ("320508", "0101", "000001")
    long = parse_part_code(text, PartLayout.LONG_MINOR)
    assert (long.minor, long.class_code, long.sequence) == ("010", "0110", "00001")


def test_that_local_minor_classes_start_at_080():
    assert parse_part_code("3101010108000001", PartLayout.LONG_MINOR).is_local
    assert not parse_part_code("3101010107900001", PartLayout.LONG_MINOR).is_local


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("320508010100001", "code"),
        ("32050801010000a1", "code"),
        ("3.20508010100E15", "code"),
        ("9905080101000001", "county"),
        ("3205080001000001", "major"),
        ("3205080100000001", "minor"),
        ("3205080101000000", "sequence"),
        ("３205080101000001", "code"),
    ],
)
def test_that_a_bad_part_code_is_refused_naming_its_piece(text, field):
    with pytest.raises(InvalidInput) as caught:
        parse_part_code(text, PartLayout.SHORT_MINOR)
    assert caught.value.field == field


def test_that_a_number_too_long_for_its_piece_is_refused():
    with pytest.raises(InvalidInput) as caught:
        format_part_code("310101", 1, 100, 1, PartLayout.SHORT_MINOR)
    assert caught.value.field == "minor"


@pytest.mark.parametrize("text", ["6+2+2+6", "6226", " 6 + 2 + 2 + 6"])
def test_that_a_layout_is_read_with_and_without_plus_signs(text):
    assert parse_layout(text) is PartLayout.SHORT_MINOR


def test_that_an_unknown_layout_names_the_two_there_are():
    with pytest.raises(InvalidInput, match=r"6\+2\+3\+5") as caught:
        parse_layout("6+3+3+4")
    assert caught.value.field == "layout"


@given(
    county=counties,
    street=st.integers(1, 999),
    community=st.integers(1, 999),
    sequence=st.integers(1, 99),
    digits=st.sampled_from([14, 15]),
)
def test_that_a_grid_code_survives_a_round_trip(county, street, community, sequence, digits):
    code = format_grid_code(county, street, community, sequence, digits=digits)
    assert len(str(code)) == digits
    assert parse_grid_code(str(code)) == code


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("3101010020010011", "grid code"),
        ("310101000001001", "street"),
        ("310101002000001", "community"),
        ("310101002001000", "sequence"),
        ("000101002001001", "county"),
    ],
)
def test_that_a_bad_grid_code_is_refused_naming_its_piece(text, field):
    with pytest.raises(InvalidInput) as caught:
        parse_grid_code(text)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("code", "above"),
    [
        ("310101002001003", "310101002001"),
        ("31010100200103", "310101002001"),
        ("310101002001", "310101002"),
        ("310101002", "310101"),
        ("310101", "310000"),
        ("440310", "440300"),
        ("310000", None),
        ("x", None),
    ],
)
def test_that_a_code_names_the_area_above(code, above):
    assert parent_code(code) == above
