"""Links to views come back as they were, and what is wrong with one is said in one sentence."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.camera import Camera
from app.domain.camera_trail import CameraTrail
from app.domain.deep_links import FILLS, SCHEME, ViewLink, is_link, read_link, write_link
from app.domain.errors import InvalidInput
from app.domain.layers import LAYERS

KEYS = st.sampled_from([spec.key for spec in LAYERS])
VIEWS = st.builds(
    ViewLink,
    lon=st.floats(-180, 180),
    lat=st.floats(-90, 90),
    m_per_px=st.floats(0.05, 2_000),
    heading=st.floats(0, 360),
    pitch=st.floats(0, 60),
    layers=st.none() | st.frozensets(KEYS),
    classes=st.none() | st.frozensets(st.integers(0, 255)),
    states=st.none() | st.frozensets(st.integers(0, 3)),
    part=st.none() | st.integers(1, (1 << 32) - 1),
    case=st.none() | st.uuids(),
    unit=st.none() | st.uuids(),
    opacity=st.dictionaries(KEYS, st.integers(0, 100)),
    ranges=st.dictionaries(
        KEYS,
        st.tuples(st.floats(0, 2_000), st.floats(0, 2_000) | st.just(float("inf"))).map(
            lambda pair: (min(pair), max(pair))
        ),
    ),
    fill=st.sampled_from(["", *FILLS]),
    hour=st.none() | st.integers(0, 23),
)
GOOD = f"{SCHEME}at=121.4737,31.2304&scale=1.5"


@settings(max_examples=500)
@given(VIEWS)
def test_that_every_view_comes_back_from_its_link(view: ViewLink) -> None:
    assert read_link(write_link(view)) == view


def _refusal(link: str) -> InvalidInput | None:
    try:
        read_link(link)
    except InvalidInput as error:
        return error
    return None


@settings(max_examples=500)
@given(st.text(max_size=200))
def test_that_no_text_after_the_scheme_is_more_than_an_error(text: str) -> None:
    refused = _refusal(SCHEME + text)
    assert refused is None or refused.field


@pytest.mark.parametrize(
    ("link", "field"),
    [
        ("https://view?at=1,2&scale=1", "link"),
        ("wangge://case?at=1,2", "link"),
        (f"{SCHEME}scale=1", "at"),
        (f"{SCHEME}at=121.4,31.2", "scale"),
        (f"{SCHEME}at=181,31.2&scale=1", "at"),
        (f"{SCHEME}at=121.4&scale=1", "at"),
        (f"{GOOD}&pitch=nan", "pitch"),
        (f"{GOOD}&heading=-4", "heading"),
        (f"{GOOD}&layers=parts.rockets", "layers"),
        (f"{GOOD}&classes=1.256", "classes"),
        (f"{GOOD}&states=4", "states"),
        (f"{GOOD}&part=0", "part"),
        (f"{GOOD}&case=me", "case"),
        (f"{GOOD}&unit=7", "unit"),
        (f"{GOOD}&classes=9-3", "classes"),
        (f"{GOOD}&opacity=roads-101", "opacity"),
        (f"{GOOD}&opacity=rockets-40", "opacity"),
        (f"{GOOD}&opacity=roads-40,roads-50", "opacity"),
        (f"{GOOD}&ranges=roads-6~1", "ranges"),
        (f"{GOOD}&ranges=roads", "ranges"),
        (f"{GOOD}&fill=money", "fill"),
        (f"{GOOD}&hour=24", "hour"),
        (f"{GOOD}&colour=red", "colour"),
        (f"{GOOD}&scale=2", "at"),
    ],
)
def test_that_a_link_at_fault_names_what_is_wrong(link: str, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_link(link)
    assert caught.value.field == field


def test_that_a_link_may_stand_in_spaces_and_names_a_case() -> None:
    uid = UUID(int=7)
    assert read_link(f"  {GOOD}&case={uid}\n").case == uid
    assert is_link(" wangge://nothing")
    assert not is_link("复兴中路")


def test_that_a_trail_goes_back_and_forward() -> None:
    trail, city, street = CameraTrail(), Camera(), Camera(900.0, 0.0, 1.0)
    trail.rest(city)
    trail.rest(street)
    assert trail.back() == city
    assert not trail.can_go_back
    assert trail.forward() == street
    assert trail.forward() is None


def test_that_a_new_view_forgets_what_lay_ahead_and_a_nudge_does_not() -> None:
    trail = CameraTrail()
    for x in (0.0, 10_000.0, 20_000.0):
        trail.rest(Camera(x))
    assert trail.back() == Camera(10_000.0)
    trail.rest(Camera(10_010.0))
    assert trail.can_go_forward
    trail.rest(Camera(-9_000.0))
    assert not trail.can_go_forward
