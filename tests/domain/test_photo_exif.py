"""What a photo says of itself is read; what is broken or missing is simply not known."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.photo_exif import PhotoFacts, photo_facts
from tests.support.exif import exif_jpeg

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize("order", ["<", ">"])
def test_that_time_and_place_are_read_in_either_byte_order(order: str) -> None:
    facts = photo_facts(exif_jpeg(order), SHANGHAI)
    at = datetime(2026, 11, 23, 5, 51, 20, tzinfo=UTC)
    assert facts.taken_ms == int(at.timestamp() * 1000)
    assert facts.lat == pytest.approx(31.2103)
    assert facts.lon == pytest.approx(121.452)


def test_that_an_offset_in_the_photo_goes_before_the_citys_zone() -> None:
    facts = photo_facts(exif_jpeg(offset="+00:00"), SHANGHAI)
    assert facts.taken_ms == int(datetime(2026, 11, 23, 13, 51, 20, tzinfo=UTC).timestamp() * 1000)


def test_that_west_is_negative() -> None:
    assert photo_facts(exif_jpeg(west=True), SHANGHAI).lon == pytest.approx(-121.452)


def test_that_a_photo_without_exif_says_nothing() -> None:
    assert photo_facts(b"\x89PNG\r\n", SHANGHAI) == PhotoFacts()
    assert photo_facts(b"", SHANGHAI) == PhotoFacts()


@given(st.binary(max_size=400))
def test_that_any_bytes_are_taken(data: bytes) -> None:
    photo_facts(data, SHANGHAI)
    photo_facts(b"\xff\xd8\xff\xe1\x01\x00Exif\0\0" + data, SHANGHAI)


@given(st.data())
def test_that_a_photo_with_altered_bytes_is_taken(data: st.DataObject) -> None:
    photo = bytearray(exif_jpeg())
    for _ in range(data.draw(st.integers(1, 8))):
        photo[data.draw(st.integers(0, len(photo) - 1))] = data.draw(st.integers(0, 255))
    facts = photo_facts(bytes(photo), SHANGHAI)
    assert facts.lat is None or -90 <= facts.lat <= 90
    assert facts.lon is None or -180 <= facts.lon <= 180
