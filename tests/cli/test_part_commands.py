"""`part` and `grid` from a shell: what they print, how they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.main import main
from app.sample.tiny import create_tiny_city

CODE, GRID = "3101010101000001", "310101001001001"


@pytest.fixture
def city(tmp_path: Path) -> Path:
    folder = tmp_path / "city"
    create_tiny_city(folder).close()
    return folder


@pytest.fixture
def say(city: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command with `--json`; returns exit code and what it printed."""

    def run(*words: str) -> tuple[int, Any]:
        line = ["wangge", *words, "--city", str(city), "--json"]
        monkeypatch.setattr("sys.argv", line)
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), json.loads(capsys.readouterr().out)

    return run


def test_that_a_part_lives_by_commands_alone(say: Any):
    assert say("part", "add", "0101", "121.42", "31.12", "accuracy=A")[1]["code"] == CODE
    code, part = say("part", "set", CODE, "state=破损", "attrs.size=70", "--reason", "开裂")
    assert (code, part["state"], part["attrs"]) == (0, "broken", {"size": "70"})
    moved = say("part", "move", CODE, "121.47", "31.12")[1]
    assert moved["notes"] == ["part_grid 310101001001001 310101001001002"]
    assert say("part", "undo", CODE)[1]["grid"] == GRID
    assert say("part", "retire", CODE)[1]["retired"]
    history = say("part", "history", CODE)[1]
    effects = [one["effect"] for one in history["state"]["steps"]]
    assert effects == ["applied", "applied", "undone", "applied", "applied"]
    assert list(history["reasons"].values()) == ["开裂"]
    assert say("part", "show", CODE)[1]["state"] == "disused"


def test_that_a_grid_is_split_and_put_back(say: Any):
    step = say("grid", "split", GRID, "--line", "121.39,31.15 121.46,31.16")[1]
    assert [one["code"] for one in step["new"]] == ["310101001001003", "310101001001004"]
    assert say("grid", "undo", step["hash"][:12])[1]["new"][0]["code"] == GRID
    assert len(say("grid", "history", GRID)[1]) == 2


@pytest.mark.parametrize(
    ("words", "code", "field"),
    [
        (("part", "show", "1"), 3, "part"),
        (("part", "add", "0101", "0", "0"), 2, "lon"),
        (("part", "add", "x", "121.42", "31.12"), 2, "class"),
        (("part", "add", "0101", "121.42", "31.12", "state"), 2, "fields"),
        (("part", "add", "0101", "121.42", "31.12", "--as", "intake"), 4, "as"),
        (("grid", "split", GRID, "--line", "here"), 2, "line"),
        (("grid", "split", GRID, "--line", "121.0,31.0 121.1,31.0"), 2, "line"),
        (("grid", "merge", GRID), 2, "grids"),
        (("grid", "undo"), 3, "step"),
    ],
)
def test_that_a_refusal_names_the_field(say: Any, words: tuple[str, ...], code: int, field: str):
    ended, told = say(*words)
    assert ended == code
    assert json.dumps(told).find(f'"{field}"') >= 0
