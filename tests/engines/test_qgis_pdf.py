"""Rules of the text maps in printed PDFs."""

from __future__ import annotations

from app.engines.qgis_pdf import SIGNS, searchable


def test_that_radicals_in_text_maps_become_signs_and_nothing_else_changes() -> None:
    before = b"<2F70> beginbfrange\n<0001> <0002> [<2F70> <2EE9> <4E1C>]\nendbfrange <2EE9>"
    after = b"<2F70> beginbfrange\n<0001> <0002> [<793A> <9EC4> <4E1C>]\nendbfrange <2EE9>"
    assert searchable(before) == after


def test_that_each_radical_has_a_sign_that_is_no_radical() -> None:
    assert SIGNS["⾧"] == "長"
    assert not SIGNS.keys() & set(SIGNS.values())
