"""Whatever is typed or connected, the command line ends in one clear line."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.sample.tiny import create_tiny_city

ROOT = Path(__file__).parents[2]
PLACE = ("--lon", "121.42", "--lat", "31.12")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "city"
    create_tiny_city(folder).close()
    return folder


def app(*words: str, city: Path | None = None, **more):
    named = ("--city", str(city)) if city else ()
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
    command = [sys.executable, "-m", "app", *words, *named]
    return subprocess.run(command, cwd=ROOT, timeout=60, check=False, **more)


@pytest.mark.parametrize(
    ("words", "code", "field"),
    [
        (("case", "list", "--limit", "abc"), 2, "limit"),
        (("case", "list", "--lang", "xx"), 2, "lang"),
        (("case", "report", *PLACE), 2, "words"),
        (("case", "report", "--words", "路灯不亮", "--lon", "x", "--lat", "1"), 2, "lon"),
        (("case", "report", "--words", "路灯不亮", "--lon", "nan", "--lat", "1"), 2, "lon"),
        (("case", "report", "--words", "路灯不亮", *PLACE, "--as", "nosuch"), 3, "as"),
        (("case", "report", "--words", "路灯不亮", *PLACE, "--photo", "/dev/zero"), 2, "photo"),
        (("case", "report", "--words", "路灯不亮", *PLACE, "--photo", "/nope"), 2, "photo"),
        (("case", "report", "--words", os.fsdecode(b"\xff\xfe"), *PLACE), 2, "words"),
        (("case", "show", os.fsdecode(b"\xff")), 3, "case"),
        (("serve", "--speed", "nan", "--simulate"), 2, "speed"),
        (("nosuch",), 2, None),
    ],
)
def test_that_every_mistake_is_one_document_and_an_exit_code(city, words, code, field) -> None:
    done = app(*words, "--json", city=city if words != ("nosuch",) else None)
    assert done.returncode == code
    told = json.loads(done.stdout)
    assert told["message"]
    assert told["field"] == field
    assert b"Traceback" not in done.stderr


def test_that_a_refused_step_says_that_the_role_may_not(city) -> None:
    told = app("case", "report", "--words", "路灯不亮", *PLACE, "--json", city=city)
    number = json.loads(told.stdout)["number"]
    done = app("case", "act", number, "reject", "--reason", "x", "--as", "handler", city=city)
    assert done.returncode == 4
    assert "（角色）" in done.stderr.decode()


@pytest.mark.parametrize("encoding", ["ascii", "gb18030", "latin-1", "utf-8"])
def test_that_any_encoding_of_the_terminal_will_do(city, encoding) -> None:
    env = {"PYTHONIOENCODING": encoding}  # no HOME, no PATH, no LANG
    words = "路灯不亮 🚨"
    done = app("case", "report", "--words", words, *PLACE, "--json", city=city, env=env)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.decode(encoding))["title"] == words
    assert app("case", "list", city=city, env=env).returncode == 0


def test_that_a_reader_who_leaves_is_no_error(city) -> None:
    for more in ((), ("--json",)):
        reading, writing = os.pipe()
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            done = app("case", "list", *more, city=city, stdout=pipe)
        assert done.returncode == 0
        assert done.stderr == b""


def test_that_an_answer_that_cannot_be_written_is_said_once(city) -> None:
    with Path("/dev/full").open("wb") as full:
        done = app("case", "list", "--json", city=city, stdout=full)
    assert done.returncode == 5
    assert b"Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


# Begins as `app.__main__` does, and says so: a signal before that meets Python's own start,
# where the exception it raises can get lost.
BEGIN = """
import runpy, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
print(flush=True)
runpy.run_module("app", run_name="__main__")
"""


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.3])
def test_that_ctrl_c_leaves_no_traceback(city, after_s) -> None:
    command = [sys.executable, "-c", BEGIN, "serve", "--city", str(city)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(after_s)
        process.send_signal(signal.SIGINT)
        try:
            _, told = process.communicate(timeout=30)
        finally:
            process.kill()
    assert b"app/cli" not in told or b"Traceback" not in told
    assert process.returncode in (0, 130, -signal.SIGINT)
