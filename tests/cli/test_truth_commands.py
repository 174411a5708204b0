"""`city check`, packs, erasing and the quarantine on the command line."""

from __future__ import annotations

import json

import pytest

from app.cli.wiring import PackIn, PackOut
from app.services.commands import EraseSubject


@pytest.mark.parametrize(("city", "code"), [("whole", 0), ("broken", 5)])
def test_that_a_check_ends_with_a_code_that_says_whether_all_is_whole(cli, city, code):
    result = cli("city", "check", "--city", city)
    assert result.exit_code == code
    assert ("310104-1" in result.stdout) == bool(code)
    told = cli("city", "check", "--city", city, "--json")
    assert json.loads(told.stdout)["exit_code"] == told.exit_code == code


def test_that_packs_go_out_and_in_by_their_options(cli, asked, tmp_path):
    out = str(tmp_path / "p")
    cli("export", "actions", out, "--from", "c", "--case", "A", "--case", "B", "--words")
    cli("import", "actions", out, "--into", "c", "--trust", "ab12")
    sent, taken = asked
    assert sent == PackOut(tmp_path / "p", "c", ("A", "B"), True, False)
    assert taken == PackIn(tmp_path / "p", "c", ("ab12",))


@pytest.mark.parametrize("argv", [("quarantine",), ("list", "--quarantined")])
def test_that_what_is_kept_apart_is_listed_with_reason_and_release(cli, argv):
    shown = cli("case", *argv, "--city", "c").stdout
    assert "时间在将来" in shown
    assert "超出办理人权限" in shown
    assert "不会生效" in shown


def test_that_erasing_names_its_reason(cli, core):
    assert cli("case", "erase", "n", "--why", "law", "--as", "王芳", "--city", "c").exit_code == 2
    cli("case", "erase", "n", "--why", "law", "--as", "dispatcher", "--city", "c")
    (command,) = core.commands
    assert isinstance(command, EraseSubject)
    assert command.why == "law"
