"""The main job by the command line on a real city: from a citizen's words to the close."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.application import build
from app.main import wiring
from app.sample.tiny import create_tiny_city

ROOT = Path(__file__).resolve().parents[2]
LAMP = ("--words", "汾阳路150号门口路灯不亮，请尽快处理", "--address", "汾阳路150号")
STORAGE, UNAVAILABLE = 5, 7  # exit codes, see `app.cli.guard`
HEAVY = ("PySide6", "pandas", "geopandas", "numba", "pyogrio", "pyarrow", "rich")


@pytest.fixture
def city(tmp_path: Path) -> Path:
    create_tiny_city(tmp_path / "city").close()
    return tmp_path / "city"


@pytest.fixture
def cli(city: Path) -> Callable[..., Any]:
    app = build(wiring())

    def run(*argv: str, code: int = 0) -> Any:
        done = CliRunner().invoke(app, [*argv, "--city", str(city), "--json"])
        assert done.exit_code == code, (done.stdout, done.stderr, done.exception)
        return json.loads(done.stdout)

    return run


def test_that_a_case_goes_the_whole_way(cli: Any) -> None:
    case = cli("case", "report", *LAMP)
    assert (case["step"], case["auto"], case["matter_name"]) == ("dispatched", True, "路灯")
    number = case["number"]
    for move, options, step in (
        ("sign", (), "signed"),
        ("handle", ("--note", "已换灯泡"), "handled"),
        ("pass", (), "checked"),
        ("close", (), "closed"),
    ):
        assert cli("case", "act", number, move, *options)["step"] == step
    sheet = cli("case", "show", number)
    assert [entry["type"] for entry in sheet["state"]["history"]] == [
        "report", "file", "dispatch", "sign", "handle", "pass", "close",
    ]  # fmt: skip
    assert "已换灯泡" in sheet["words"].values()
    assert cli("case", "list", "--tab", "closed")["total"] == 1


def test_that_one_key_accepts_what_the_rule_was_not_let_send(cli: Any) -> None:
    case = cli("case", "report", *LAMP, "--by-hand")
    assert case["step"] == "reported"
    accepted = cli("case", "act", case["receipt"], "accept")
    assert (accepted["step"], accepted["auto"]) == ("dispatched", False)


def test_that_a_step_can_be_taken_back(cli: Any) -> None:
    number = cli("case", "report", *LAMP)["number"]
    cli("case", "act", number, "sign")
    assert cli("case", "act", number, "undo")["step"] == "dispatched"


def test_that_who_handled_cannot_check(cli: Any) -> None:
    case = cli("case", "report", *LAMP)
    for move, options in (("sign", ()), ("handle", ("--note", "好了"))):
        cli("case", "act", case["number"], move, *options)
    handler = case["person"]
    told = cli("case", "act", case["number"], "pass", "--as", handler, code=4)
    assert told["error"] == "NotAllowed"


def test_that_a_photo_is_kept_by_its_hash(cli: Any, city: Path, tmp_path: Path) -> None:
    photo = tmp_path / "lamp.jpg"
    photo.write_bytes(b"\xff\xd8 a photo")
    case = cli("case", "report", *LAMP, "--photo", str(photo))
    photos = cli("case", "show", case["number"])["state"]["photos"]
    assert len(photos) == 1
    assert (city / "blobs" / photos[0][:2] / photos[0]).read_bytes() == photo.read_bytes()


def test_that_a_missing_photo_is_told_and_nothing_is_reported(cli: Any) -> None:
    told = cli("case", "report", *LAMP, "--photo", "/no/such.jpg", code=2)
    assert "/no/such.jpg" in told["message"]
    assert cli("case", "list", "--tab", "all")["total"] == 0


def test_that_a_place_outside_the_city_is_refused(cli: Any) -> None:
    told = cli("case", "report", "--words", "x", "--lon", "2.3", "--lat", "48.8", code=2)
    assert told["code"] == "outside_city"


def test_that_a_list_loads_nothing_it_does_not_need(city: Path) -> None:
    script = (
        "import sys; from app.main import main\n"
        f"sys.argv = ['wangge', 'case', 'list', '--city', {str(city)!r}]\n"
        "try: main()\n"
        f"finally: print(sorted(set({HEAVY}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"


def _serving(city: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "app", "serve", "--lang", "en", "--city", str(city)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert "open" in process.stderr.readline()
    return process


def _until(ask: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    import threading
    import time

    end, wait = time.monotonic() + 10, threading.Event()
    while not wanted(found := ask()) and time.monotonic() < end:
        wait.wait(0.1)
    return found


def test_that_serve_sends_what_another_process_reports(cli: Any, city: Path) -> None:
    process = _serving(city)
    try:
        number = cli("case", "report", *LAMP, "--by-hand")["receipt"]
        sheet = _until(
            lambda: cli("case", "show", number), lambda one: one["row"]["step"] == "dispatched"
        )
        assert sheet["row"]["auto"]
        assert any(reason.startswith("rule:") for reason in sheet["state"]["reasons"])
    finally:
        process.send_signal(signal.SIGTERM)
        out, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert "dispatched_by_rule: 1" in out


def test_that_one_of_two_plays_the_roles_and_the_other_takes_over(city: Path) -> None:
    first = _serving(city)
    second = subprocess.Popen(
        [sys.executable, "-m", "app", "serve", "--lang", "en", "--city", str(city)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert second.stderr is not None
        assert "waits" in second.stderr.readline()
    finally:
        for process in (first, second):
            process.send_signal(signal.SIGINT)
        done = [process.communicate(timeout=20) for process in (first, second)]
    assert [process.returncode for process in (first, second)] == [0, 0], done


def test_that_ctrl_c_leaves_the_city_whole(city: Path, cli: Any) -> None:
    process = _serving(city)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert cli("case", "list")["total"] == 0


@pytest.mark.parametrize(
    ("command", "code"),
    [(("serve",), STORAGE), (("tour", "--out", "x"), UNAVAILABLE)],  # a tour needs a folder
)
def test_that_a_city_out_of_reach_is_one_clear_line(command: tuple[str, ...], code: int) -> None:
    app = build(wiring())
    done = CliRunner().invoke(app, [*command, "--city", "postgresql://nobody@nowhere.invalid/x"])
    assert done.exit_code == code
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("place", ["nowhere", "empty"])
def test_that_no_city_is_one_clear_line(tmp_path: Path, place: str) -> None:
    (tmp_path / "empty").mkdir()
    app = build(wiring())
    done: SimpleNamespace = CliRunner().invoke(
        app, ["case", "list", "--city", str(tmp_path / place)]
    )  # type: ignore[assignment]
    assert done.exit_code == 3
    assert len(done.stderr.splitlines()) == 1
