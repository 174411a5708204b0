"""The command line says things in the language asked for."""

from __future__ import annotations

from app.cli.words import error_line, reasons_said, said, word
from app.domain.errors import InvalidInput


def test_that_steps_are_said_in_both_languages() -> None:
    assert (said("step", "closed", "zh"), said("step", "closed", "en")) == ("结案", "Closed")


def test_that_an_unknown_word_stays_as_it_is() -> None:
    assert said("step", "nonsense", "zh") == "nonsense"
    assert word("nonsense", "zh") == "nonsense"


def test_that_reasons_read_as_sentences() -> None:
    line = reasons_said(("rule:one-matter-one-person", "word:路灯", "shift:早班"), "zh")
    assert line == "规则“一事一人”；文字提到路灯；早班当班"


def test_that_an_error_is_one_line_naming_the_field() -> None:
    error = InvalidInput("Two\nlines.", advice="Mend it.", field="lon", code="outside_city")
    assert error_line(error, "en") == "Error [lon]: Two lines. Mend it."
    assert error_line(error, "zh").startswith("错误 [lon]: 这个地点不在本市范围内。")
