"""A process that works beats; one that waits for something that does not come does not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from app.engines.qgis_pulse import Pulse

Start = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    begun: list[subprocess.Popen[bytes]] = []

    def run(program: str) -> subprocess.Popen[bytes]:
        made = subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        begun.append(made)
        assert made.stdout is not None
        assert made.stdout.readline() == b"on\n"
        return made

    yield run
    for one in begun:
        one.kill()
        one.communicate()


def test_that_what_computes_beats_until_it_is_stopped(start: Start) -> None:
    process = start("print('on', flush=True)\nwhile True: pass")
    pulse = Pulse(process.pid)
    assert pulse.beats()
    os.kill(process.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)
    pulse.beats()  # what it did before it was stopped
    assert not pulse.beats()


def test_that_what_waits_does_not_beat(start: Start) -> None:
    process = start("import sys; print('on', flush=True); sys.stdin.read()")
    pulse = Pulse(process.pid)
    while pulse.beats():  # it may still be on its way into the wait
        continue
    assert not pulse.beats()


def test_that_what_is_gone_does_not_beat(start: Start) -> None:
    process = start("print('on', flush=True)")
    process.wait()
    assert not Pulse(process.pid).beats()
