"""A tour begins by day, whenever the city was made."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from app.sample.present import BEGINS, next_at

SHANGHAI = ZoneInfo("Asia/Shanghai")


def ms_of(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp() * 1000)


@pytest.mark.parametrize(
    ("last", "begins"),
    [
        ("2026-11-24T00:32:11", "2026-11-24T14:30:00"),
        ("2026-11-24T14:29:59", "2026-11-24T14:30:00"),
        ("2026-11-24T14:30:00", "2026-11-24T14:30:00"),
        ("2026-11-24T14:30:01", "2026-11-25T14:30:00"),
        ("2026-12-31T23:00:00", "2027-01-01T14:30:00"),
    ],
)
def test_that_a_tour_begins_at_half_past_two_at_or_after_the_last_stamp(
    last: str, begins: str
) -> None:
    assert next_at(BEGINS, ms_of(last)) == ms_of(begins)


def test_that_the_hour_is_that_of_the_zone() -> None:
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    there = next_at(time(6), round(noon.timestamp() * 1000), "UTC")
    assert datetime.fromtimestamp(there / 1000, UTC) == datetime(2026, 11, 25, 6, tzinfo=UTC)
