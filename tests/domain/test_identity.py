"""Identity and time: uids sort by time, clocks keep cause before effect."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.domain.hlc import MAX_JUMP_MS, HybridClock, Stamp
from app.domain.identity import new_uid, uid_ms, uuid7

ms = st.integers(0, 2**48 - 1)


@given(ms=ms, entropy=st.integers(0, 2**74 - 1))
def test_that_a_uid_is_a_version_7_uuid_that_holds_its_time(ms, entropy):
    uid = uuid7(ms, entropy)
    assert uid.version == 7
    assert uid.variant == "specified in RFC 4122"
    assert uid_ms(uid) == ms


@given(a=ms, b=ms, x=st.integers(0, 2**74 - 1), y=st.integers(0, 2**74 - 1))
def test_that_uids_of_different_times_sort_by_time(a, b, x, y):
    if a < b:
        assert uuid7(a, x).bytes < uuid7(b, y).bytes


@given(x=st.integers(0, 2**74 - 1), y=st.integers(0, 2**74 - 1))
def test_that_entropy_is_kept_whole(x, y):
    assert (uuid7(5, x) == uuid7(5, y)) == (x == y)


def test_that_fresh_uids_differ():
    assert len({new_uid() for _ in range(1000)}) == 1000


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=30))
def test_that_a_clock_never_goes_back(walls):
    clock = HybridClock("a")
    stamps = [clock.tick(wall) for wall in walls]
    assert stamps == sorted(set(stamps))


@given(own=st.integers(1, 10**9), other=st.integers(1, 10**9))
def test_that_what_follows_a_received_stamp_is_later_unless_it_lies_far_ahead(own, other):
    clock = HybridClock("a")
    seen = Stamp(other, 3, "b")
    clock.receive(seen, own)
    after = clock.tick(own)
    assert after.ms <= own + MAX_JUMP_MS
    if other <= own + MAX_JUMP_MS:
        assert (after.ms, after.count) > (seen.ms, seen.count)


def test_that_a_clock_goes_on_from_its_last_stamp():
    assert HybridClock("a", Stamp(100, 4, "a")).tick(50) == Stamp(100, 5, "a")


@given(st.builds(Stamp, st.integers(0, 10**13 - 1), st.integers(0, 99_999), st.just("dev.1")))
def test_that_a_stamp_survives_its_text_form(stamp):
    assert Stamp.parse(str(stamp)) == stamp
