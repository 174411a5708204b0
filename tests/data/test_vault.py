"""Personal values, on every kind of city."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain.actions import check_signed, commitment
from app.domain.errors import InvalidInput
from app.domain.identity import new_uid
from app.domain.personal import Secret, seal
from app.services.views import CaseQuery


def test_that_a_value_is_read_back_under_its_key(city):
    secret = seal(new_uid(), "words", "路面龟裂\n'\"%;")
    with city.begin(write=True) as uow:
        uow.vault.put([secret])
        uow.commit()
    with city.begin(write=False) as uow:
        assert uow.vault.get([secret.key, new_uid(), secret.key]) == {secret.key: secret.value}
        assert uow.vault.secrets(secret.subject) == (secret,)


def test_that_erasing_leaves_hashes_signatures_and_commitments(city, cases, act):
    row = cases.put(city, "张三说井盖破损", "汾阳路150号")
    with city.begin(write=True) as uow:
        kept = uow.vault.secrets(row.uid)
        refs = {one.kind: one.reference() for one in kept}
        signed = act(city, row.uid, refs=refs)
        uow.actions.append(signed)
        uow.commit()
    with city.begin(write=True) as uow:
        assert uow.vault.erase_subject(row.uid) == 2
        assert uow.vault.erase_subject(row.uid) == 0
        uow.commit()
    with city.begin(write=False) as uow:
        assert uow.vault.get([one.key for one in kept]) == {}
        assert uow.vault.secrets(row.uid) == ()
        (after,) = uow.actions.of_subject(row.uid)
        assert check_signed(after, city.verifier).body["refs"] == refs
        shown = uow.cases.row(row.uid)
        assert (shown.title, shown.address) == ("", "")
        assert uow.cases.page(CaseQuery(text="张三")).total == 0
    for one in kept:
        assert refs[one.kind]["commitment"] == commitment(one.salt, one.value)


def test_that_erasing_one_subject_leaves_the_others(city, cases):
    one, other = cases.put(city, "张三"), cases.put(city, "李四")
    with city.begin(write=True) as uow:
        uow.vault.erase_subject(one.uid)
        uow.commit()
    with city.begin(write=False) as uow:
        assert [row.title for row in uow.cases.rows([one.uid, other.uid])] == ["", "李四"]


def test_that_erased_words_are_nowhere_left_in_the_files(local_city, cases):
    row = cases.put(local_city, "独特的话语在此", "无二路七号")
    with local_city.begin(write=True) as uow:
        uow.vault.erase_subject(row.uid)
        uow.commit()
    local_city.close()
    bytes_left = b"".join(
        path.read_bytes() for path in Path(local_city.place).rglob("*") if path.is_file()
    )
    for word in ("独特的话语在此", "无二路七号", "独特", "无二"):
        assert word.encode() not in bytes_left


@pytest.mark.parametrize("value", ["half \ud800", "a\x00b"])
def test_that_text_no_database_can_hold_is_refused(city, value):
    with city.begin(write=True) as uow, pytest.raises(InvalidInput) as caught:
        uow.vault.put([Secret(new_uid(), new_uid(), "words", b"salt", value)])
    assert caught.value.field == "words"
