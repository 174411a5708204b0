"""The command line asks the core for what it is told, and ends with a code that means something."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.services.commands import AcceptSuggestion, ActOnCase, ReportCase, UndoLast

CITY = ("--city", "some/city")


def test_that_a_report_goes_in_with_words_and_place(cli: Any, core: Any) -> None:
    done = cli(
        "case",
        "report",
        "--words",
        "井盖坏了",
        "--lon",
        "121.47",
        "--lat",
        "31.23",
        *CITY,
        "--json",
    )
    assert done.exit_code == 0
    command = core.commands[0]
    assert isinstance(command, ReportCase)
    assert (command.words, command.lon, command.lat) == ("井盖坏了", 121.47, 31.23)
    assert command.actor.role == "intake"
    assert json.loads(done.stdout)["number"] == "310104-1"
    assert core.closed == 1


def test_that_an_address_is_looked_up_when_no_degrees_are_given(cli: Any, core: Any) -> None:
    assert cli("case", "report", "--words", "x", "--address", "湖南路", *CITY).exit_code == 0
    assert (core.commands[0].lon, core.commands[0].lat) == (121.4, 31.2)


def test_that_an_unknown_address_is_told_in_one_line(cli: Any, core: Any) -> None:
    done = cli("case", "report", "--words", "x", "--address", "nowhere", *CITY)
    assert done.exit_code == 3
    assert done.stderr.count("\n") == 1
    assert "address" in done.stderr
    assert "Traceback" not in done.stderr
    assert core.commands == []


def test_that_half_a_place_is_no_place(cli: Any) -> None:
    assert cli("case", "report", "--words", "x", "--lon", "121", *CITY).exit_code == 2


def test_that_a_list_is_one_json_document(cli: Any) -> None:
    done = cli("case", "list", *CITY, "--json")
    assert json.loads(done.stdout)["rows"][0]["uid"] == str(UUID(int=7))


def test_that_a_piped_list_has_one_line_a_case(cli: Any) -> None:
    lines = cli("case", "list", *CITY).stdout.splitlines()
    assert len(lines) == 1
    assert lines[0].split("\t")[:3] == ["310104-1", "派遣", "井盖破损"]


def test_that_an_unknown_list_names_those_there_are(cli: Any) -> None:
    done = cli("case", "list", "--tab", "nonsense", *CITY)
    assert done.exit_code == 2
    assert "to_dispatch" in done.stderr


def test_that_an_unknown_case_is_not_found(cli: Any) -> None:
    assert cli("case", "show", "nothing", *CITY).exit_code == 3


def test_that_accept_and_undo_are_moves(cli: Any, core: Any) -> None:
    assert cli("case", "act", "n", "accept", *CITY).exit_code == 0
    assert cli("case", "act", "n", "undo", *CITY).exit_code == 0
    assert [type(one) for one in core.commands] == [AcceptSuggestion, UndoLast]
    assert {one.actor.role for one in core.commands} == {"dispatcher"}


@pytest.mark.parametrize(
    ("move", "role", "person"), [("sign", "handler", 12), ("pass", "supervisor", 13)]
)
def test_that_who_acts_follows_from_the_move(
    cli: Any, core: Any, move: str, role: str, person: int
) -> None:
    assert cli("case", "act", "n", move, *CITY).exit_code == 0
    actor = core.commands[0].actor
    assert (actor.role, actor.person) == (role, UUID(int=person))


def test_that_a_person_can_be_named(cli: Any, core: Any) -> None:
    assert cli("case", "act", "n", "sign", "--as", "李伟", *CITY).exit_code == 0
    assert core.commands[0].actor.person == UUID(int=12)


def test_that_a_name_of_two_people_asks_for_the_uid(cli: Any, core: Any) -> None:
    done = cli("case", "act", "n", "sign", "--as", "王芳", *CITY)
    assert done.exit_code == 2
    assert "uid" in done.stderr
    assert core.commands == []


def test_that_note_and_photo_reach_the_command(cli: Any, core: Any, tmp_path: Path) -> None:
    photo = tmp_path / "after.jpg"
    photo.write_bytes(b"x")
    done = cli("case", "act", "n", "handle", "--note", "换好了", "--photo", str(photo), *CITY)
    assert done.exit_code == 0
    command = core.commands[0]
    assert isinstance(command, ActOnCase)
    assert command.fields == {"note": "换好了"}
    assert command.photos == ("sha-after.jpg",)


def test_that_a_refused_step_has_its_own_exit_code(cli: Any, core: Any) -> None:
    done = cli("case", "act", "n", "close", *CITY, "--json")
    assert done.exit_code == 4
    assert json.loads(done.stdout)["error"] == "NotAllowed"
    assert core.closed == 1


def test_that_ctrl_c_ends_with_130_and_closes_the_city(cli: Any, core: Any) -> None:
    assert cli("case", "act", "n", "hold", *CITY).exit_code == 130
    assert core.closed == 1


def test_that_a_held_city_says_who_to_ask(cli: Any) -> None:
    done = cli("case", "list", "--city", "locked", "--lang", "en")
    assert done.exit_code == 6
    assert done.stderr.strip() == "Error: Somebody else holds the city. Close the other window."


def test_that_without_a_city_the_way_to_one_is_told(
    cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = cli("case", "list")
    assert done.exit_code == 2
    assert "city new" in done.stderr


def test_that_the_environment_may_name_the_city(
    cli: Any, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANGGE_CITY", "from/env")
    cli("case", "list")
    assert asked == [("from/env", False)]


def test_that_no_command_opens_the_window(cli: Any, asked: list[Any]) -> None:
    assert cli(*CITY, "--station", "wall", "--lang", "en", "--simulate").exit_code == 0
    assert (asked[0].station, asked[0].lang, asked[0].simulate) == ("wall", "en", True)


@pytest.mark.parametrize(
    "argv",
    [
        ("run", *CITY, "--station", "cellar"),
        ("run", *CITY, "--lang", "fr"),
        ("tour", "--out", "x", *CITY, "--size", "big"),
        ("city", "new", "x", "--scale", "huge"),
    ],
)
def test_that_a_wrong_choice_names_the_right_ones(cli: Any, asked: list[Any], argv: Any) -> None:
    done = cli(*argv)
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
    assert asked == []


def test_that_a_tour_of_several_languages_tells_its_error_in_the_first(cli: Any) -> None:
    done = cli("tour", "--out", "x", *CITY, "--size", "big", "--lang", "zh", "--lang", "en")
    assert "不是尺寸" in done.stderr


def test_that_a_tour_takes_several_sizes(cli: Any, asked: list[Any]) -> None:
    done = cli("tour", "--out", "x", *CITY, "--size", "1920x1080", "--size", "3840x2160", "--json")
    assert json.loads(done.stdout) == {"rows": 3}
    assert asked[0].sizes == ((1920, 1080), (3840, 2160))


def test_that_an_import_carries_its_declarations(cli: Any, asked: list[Any]) -> None:
    done = cli("import", "parts", "a.csv", "--into", "c", "--crs", "GCJ-02", "--layout", "6+2+2+6")
    assert done.exit_code == 0
    assert (asked[0].kind, asked[0].crs, asked[0].layout) == ("parts", "GCJ-02", "6+2+2+6")
    assert "rows: 3" in done.stdout


def test_that_even_an_unforeseen_error_is_one_line(
    cli: Any, core: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "ask", lambda _question: 1 / 0)
    done = cli("case", "list", *CITY)
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1
    assert "ZeroDivisionError" in done.stderr
