"""How large a station is drawn: twice on a screen of many small pixels that no system scales.

Qt takes its factor from the environment before the QApplication is made, so the screens are
looked at by a short process of their own, beside the opening of the city. `QT_SCALE_FACTOR`, set
by a person, always wins.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import MutableMapping
from pathlib import Path

_WIDE, _HIGH = 3000, 1536  # half of it still holds a desk of 1366 × 768
_FACTOR = 2.0
_CHOSEN = ("QT_SCALE_FACTOR", "QT_SCREEN_SCALE_FACTORS")
_LOOK_S = 3.0
_LOOK = (
    "from PySide6.QtGui import QGuiApplication as A; a = A([]); s = a.primaryScreen();"
    "print(s.size().width(), s.size().height(), s.devicePixelRatio())"
)
_OFFSCREEN, _NORMAL, _FINE = "offscreen", "normal", "sharp"  # screens come by name
_LOG = logging.getLogger(__name__)


def factor_for(station: str, width: int, height: int, ratio: float = 1.0) -> float:
    """Return by how much to enlarge `station` on a screen of logical pixels at a pixel ratio.

    The wall has a scale of its own and is left alone.
    """
    small = station != "wall" and ratio == 1.0 and width >= _WIDE and height >= _HIGH
    return _FACTOR if small else 1.0


class ScreenLook:
    """Looks at the primary screen from the moment it is made until `choose`."""

    def __init__(self, station: str, environ: MutableMapping[str, str] = os.environ) -> None:
        self._station, self._environ = station, environ
        self._process: subprocess.Popen[str] | None = None
        platform = environ.get("QT_QPA_PLATFORM", "")
        if not platform.startswith(_OFFSCREEN) and not any(one in environ for one in _CHOSEN):
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _LOOK],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )

    def choose(self) -> float:
        """Set the factor for the QApplication still to be made, and return it."""
        said = self._said()
        if len(said) != 3:  # not looked, or no screen to be seen: Qt itself will say why
            return 1.0
        factor = factor_for(self._station, int(said[0]), int(said[1]), float(said[2]))
        if factor != 1.0:
            self._environ["QT_SCALE_FACTOR"] = f"{factor:g}"
        return factor

    def _said(self) -> list[str]:
        if self._process is None:
            return []
        try:
            return self._process.communicate(timeout=_LOOK_S)[0].split()
        except subprocess.TimeoutExpired:
            _LOG.warning("the screen could not be looked at in time; it is not enlarged")
            self._process.kill()
            self._process.communicate()
            return []
        finally:
            self._process = None


def offer_fine_screen(folder: Path, environ: MutableMapping[str, str] = os.environ) -> None:
    """Let an offscreen QApplication still to be made have a second screen, of pixel ratio 2.

    Its description is written to `folder`. On a display nothing happens.
    """
    if environ.get("QT_QPA_PLATFORM") != _OFFSCREEN or any(one in environ for one in _CHOSEN):
        return
    screens = [_screen(_NORMAL, 0, 1920, 1080), _screen(_FINE, 8000, 3840, 2160)]
    path = folder / "screens.json"
    path.write_text(json.dumps({"windowFrameMargins": False, "screens": screens}), "utf-8")
    environ["QT_QPA_PLATFORM"] = f"{_OFFSCREEN}:configfile={path}"
    environ["QT_SCREEN_SCALE_FACTORS"] = f"{_FINE}={_FACTOR:g}"


def _screen(name: str, x: int, width: int, height: int) -> dict[str, object]:
    return {
        "name": name, "x": x, "y": 0, "width": width, "height": height,
        "dpr": 1, "logicalDpi": 96, "logicalBaseDpi": 96,
    }  # fmt: skip
