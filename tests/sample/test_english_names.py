"""Names of areas in English: pinyin as the places themselves are read."""

from __future__ import annotations

import pytest

from app.sample.areas import _english


@pytest.mark.parametrize(
    ("name", "english"),
    [
        ("长宁区", "Changning District"), ("静安区", "Jing'an District"),
        ("闵行区", "Minhang District"), ("浦东新区", "Pudong New Area"), ("上海市", "Shanghai"),
        ("莘庄镇", "Xinzhuang Town"), ("西安市", "Xi'an"),
        ("徐家汇街道", "Xujiahui Subdistrict"),
    ],
)  # fmt: skip
def test_that_places_are_spelt_as_they_are_read(name: str, english: str) -> None:
    assert _english(name) == english
