"""Keys and uids: the same row has the same uid for ever, and repeats are found in any batches."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from app.data.readers import derive
from app.data.readers.keys import RepeatFinder, content_key, derived_uid, derived_uids, stated_uids
from app.domain.codes import PartLayout
from app.domain.identity import uid_ms

keys_ = st.text(st.characters(exclude_categories=["Cs"]))


@given(keys_)
def test_that_a_uid_is_shaped_as_version_7_of_the_import_epoch(key):
    uid = derived_uid(key)
    assert (uid.version, uid.variant) == (7, "specified in RFC 4122")
    assert uid_ms(uid) == 946_684_800_000
    assert uid == derived_uid(key)


@given(st.lists(keys_, unique=True))
def test_that_different_keys_have_different_uids(keys):
    uids = derived_uids([key.encode() for key in keys])
    assert uids.shape == (len(keys), 16)
    assert len({uid.tobytes() for uid in uids}) == len(keys)


@given(st.lists(st.lists(st.integers(0, 60), max_size=40), max_size=12))
def test_that_repeats_are_found_however_rows_are_batched(batches):
    finder, seen = RepeatFinder(), set()
    for batch in batches:
        new = finder.first_seen(derived_uids([b"%d" % number for number in batch]))
        expected = []
        for number in batch:
            expected.append(number not in seen)
            seen.add(number)
        assert new.tolist() == expected


def test_that_a_million_rows_cost_eight_bytes_each():
    finder = RepeatFinder()
    for start in range(0, 1_000_000, 50_000):
        uids = np.zeros((50_000, 16), dtype=np.uint8)
        uids[:, 8:] = (
            np.arange(start, start + 50_000, dtype=np.uint64).view(np.uint8).reshape(-1, 8)
        )
        assert finder.first_seen(uids).all()
    assert sum(run.nbytes for run in finder._runs) == 8_000_000
    assert len(finder._runs) < 10


def test_that_the_key_of_content_tells_where_fields_end():
    assert content_key("a", b"bc\x1fd") != content_key("a", b"b\x1fcd")
    assert content_key("a", b"") != content_key("b", b"")


def test_that_stated_uids_are_read_or_none():
    uid = derived_uid("x")
    assert stated_uids([str(uid), None, "nonsense", ""]) == [uid.bytes, None, None, None]


@given(
    st.lists(st.text("0123456789/:", min_size=16, max_size=16) | st.from_regex(
        r"\A(31|11|00|99)[0-9]{4}(01|00)(01|00|10)(000000|000001|100000)\Z"
    ), min_size=1, max_size=20),
    st.sampled_from(list(PartLayout)),
)  # fmt: skip
def test_that_codes_are_judged_alike_at_once_and_one_by_one(codes, layout):
    texts = pa.array(codes, pa.string())
    slowly = derive._are_codes(texts, derive._pieces(texts, layout))
    assert derive._are_sixteen(texts, layout).tolist() == slowly.tolist()
    assert derive._are_sixteen(pa.array([*codes, "1"]), layout) is None
    assert derive._are_sixteen(pa.array([*codes, None]), layout) is None
