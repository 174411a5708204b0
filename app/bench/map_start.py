"""P2: from a new process to the first useful picture of a city, seen from outside on the screen.

Useful means that the map lies there: its land and water, with what runs through them, in a window
whose other parts stand too. The screen's pixels are watched; the program knows nothing of it.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from app.bench.screen import Screen, end
from app.domain.errors import Unavailable

_LOOK_S = 0.004  # between two looks at the screen
_PATIENCE_S = 60.0
_STEP = 8  # every so many pixels are looked at
_SHARE = 0.05  # of the screen in the colours of land and water


def cold_start_s(city: Path, screen: Screen) -> float:
    """Open the desk on `city` in a new process; returns seconds until the map is on `screen`."""
    colours = _ground_colours()
    with tempfile.TemporaryDirectory(prefix="wangge-start-") as home:
        environment = screen.environment() | {
            f"XDG_{kind}_HOME": str(Path(home) / kind) for kind in ("CONFIG", "STATE")
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # as a person has it who started before
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "run", "--city", str(city), "--station", "desk",
             "--lang", "zh", "--theme", "light"],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            return _until_seen(process, screen, colours, began)
        finally:
            process.send_signal(signal.SIGINT)
            end(process)


def _until_seen(
    process: subprocess.Popen[bytes], screen: Screen, colours: np.ndarray, began: float
) -> float:
    while (gone := time.perf_counter() - began) < _PATIENCE_S:
        seen = screen.pixels()[::_STEP, ::_STEP] & 0xFFFFFF
        if np.isin(seen, colours).mean() > _SHARE:
            return gone
        try:
            code = process.wait(_LOOK_S)
        except subprocess.TimeoutExpired:
            continue
        raise Unavailable(f"The window ended with {code} before it showed the map.")
    raise Unavailable(f"No map was seen on the screen within {_PATIENCE_S:g} s.")


def _ground_colours() -> np.ndarray:
    """Return the colours that only the map has, 0xRRGGBB."""
    from layers.look import look_of
    from widgets.theme import load_theme

    look = look_of(load_theme("light"), frozenset())
    return np.array([look.land, look.water], np.uint32)
