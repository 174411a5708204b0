"""Citizens' words reach a terminal as words, whatever is in them."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import pytest

from app.cli.printing import print_line, table


class Terminal(io.StringIO):
    """A stdout that is a terminal and keeps what is written."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")


@pytest.mark.parametrize("words", ["灯\x1b[31m红", "a\x07b", "x\u202ey", "c\x9bd", "e\rf"])
def test_that_no_word_steers_the_terminal(words: str) -> None:
    with redirect_stdout(Terminal()) as terminal:
        print_line(words)
        table(["words"], [[words]])
    steering = {one for one in terminal.getvalue() if one != "\n" and not one.isprintable()}
    assert steering == set()


@pytest.mark.parametrize("words", ["[/red]", "[bold]x", "[link=http://x]y[/link]"])
def test_that_brackets_are_no_markup(words: str) -> None:
    with redirect_stdout(Terminal()) as terminal:
        table(["words"], [[words]])
    assert words in terminal.getvalue()


def test_that_a_piped_row_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    table(["a", "b"], [["one\r\ntwo\x0bthree", "x\ty"]])
    assert capsys.readouterr().out == "one two three\tx y\n"
