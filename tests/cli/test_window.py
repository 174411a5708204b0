"""The real program opens a window offscreen, plays its shift, and ends cleanly, each time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app.data.sign_log import SignLog
from app.sample.tiny import create_tiny_city

_BEATS = 8
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("station", ["desk", "wall", "field"])
def test_that_a_window_with_a_shift_ends_with_zero(tmp_path: Path, station: str) -> None:
    city = tmp_path / "city"
    create_tiny_city(city).close()
    command = [sys.executable, "-m", "app", "--city", str(city), "--station", station, "--simulate"]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        up = _appears(city / "signs", process)
        process.send_signal(signal.SIGINT if up else signal.SIGKILL)
        _, errors = process.communicate(timeout=30)
    assert up, errors
    assert process.returncode == 0, (process.returncode, errors)
    assert "Traceback" not in errors


def _appears(folder: Path, process: subprocess.Popen[str]) -> bool:
    end, wait = time.monotonic() + 60, threading.Event()
    while time.monotonic() < end and process.poll() is None:
        if len(SignLog(folder).recent(_BEATS)) == _BEATS:  # by then the window is up
            return True
        wait.wait(0.1)
    return False
