"""The program ends cleanly, every time: no crash at exit, no thread left, nothing said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("fakes", "tests/shell/conftest.py")
fakes = importlib.util.module_from_spec(spec)
sys.modules["fakes"] = fakes
spec.loader.exec_module(fakes)
from PySide6.QtCore import QTimer
from app.shell.application import application, run_window
program = application()
core = fakes.FakeCore()
QTimer.singleShot(300, lambda: core.publish(fakes.Changes(signs=fakes.make_signs())))
QTimer.singleShot(600, program.closeAllWindows)
raise SystemExit(run_window(core, station=sys.argv[1], theme="light"))
"""


@pytest.mark.parametrize("station", ["desk", "wall", "field"])
def test_that_a_window_opens_runs_and_ends_without_a_word(station: str) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-X", "faulthandler", "-c", PROGRAM, station],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    said = [line for line in ended.stderr.splitlines() if "propagateSizeHints" not in line]
    assert said == []
    assert ended.returncode == 0
