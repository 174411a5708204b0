"""`bench map --stacks` tells who held the window's loop."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject

from app.bench.late import LateStacks


def hold_the_loop(file: Path) -> None:
    limit = time.monotonic() + 20
    while not file.stat().st_size and time.monotonic() < limit:
        pass


def test_that_who_holds_the_loop_is_named_while_it_is_held(tmp_path: Path, qtbot: Any) -> None:
    file = tmp_path / "late.txt"
    owner = QObject()
    late = LateStacks(owner, file, late_ms=20)
    late.start()
    try:
        late._beat()
        hold_the_loop(file)
    finally:
        late.stop()
    assert "in hold_the_loop" in file.read_text("utf-8")
