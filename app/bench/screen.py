"""A screen of our own for measurements: Xvfb, whose picture can be read while it runs."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.domain.errors import Unavailable

_PATIENCE_S = 10.0
_PALETTE_ENTRY = 12  # bytes, after an XWD file's header


@dataclass(frozen=True)
class Screen:
    """A running X display of `width` x `height` pixels; `file` is its picture (XWD)."""

    display: str
    file: Path
    width: int
    height: int

    def environment(self) -> dict[str, str]:
        """Return the environment in which a program opens its windows on it."""
        held = {k: v for k, v in os.environ.items() if not k.startswith(("QT_", "WAYLAND_"))}
        return held | {"DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb"}

    def pixels(self) -> NDArray[np.uint32]:
        """Return its picture as it is now, uint32 (height, width), 0x00RRGGBB; a live view."""
        header = struct.unpack(">25I", self.file.read_bytes()[:100])
        start, row, colours = header[0], header[12], header[19]
        start += colours * _PALETTE_ENTRY
        raw = np.memmap(self.file, np.uint8, "r", start, (self.height, row))
        return raw.view(np.uint32)[:, : self.width]


@contextmanager
def own_screen(width: int, height: int) -> Iterator[Screen]:
    """Start a screen and end it; raises `Unavailable` where there is no Xvfb."""
    program = shutil.which("Xvfb")
    if program is None:
        raise Unavailable("Xvfb is missing.", advice="Install Debian's package xvfb.", field="Xvfb")
    with tempfile.TemporaryDirectory(prefix="wangge-screen-") as folder:
        read, write = os.pipe()
        size = ["-screen", "0", f"{width}x{height}x24"]
        command = [program, "-displayfd", str(write), *size, "-fbdir", folder, "-nolisten", "tcp"]
        process = subprocess.Popen(
            command, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(write)
        try:
            with os.fdopen(read) as told:  # ends when Xvfb does, if it cannot start
                number = told.readline().strip()
            if not number:
                raise Unavailable("Xvfb did not start.", field="Xvfb")
            yield Screen(f":{number}", Path(folder) / "Xvfb_screen0", width, height)
        finally:
            end(process)


def end(process: subprocess.Popen[bytes], patience_s: float = _PATIENCE_S) -> None:
    """Ask a process of ours to end, and see that it does."""
    process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
