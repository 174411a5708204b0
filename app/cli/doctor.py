"""What this machine has for Wangge, what it lacks, what that costs and how to mend it.

Looks from outside (files, versions, one short call each), so it works when the thing itself is
broken. Imports no Qt.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import metadata
from pathlib import Path

PYSIDE = "6.11.3"
OLDEST_SQLITE = (3, 51, 3)
OLDEST_POSTGRESQL = 15
ROOM_GB = 5.0
LONGEST_S = 20.0
FONT = "Noto Sans CJK SC"
_TEXTS = Path(__file__).parents[2] / "resources" / "doctor.toml"
_POSTGRESQL = Path("/usr/lib/postgresql")
_POSTGIS = Path("/usr/share/postgresql")
_RENDER_NODES = Path("/dev/dri")


class State(StrEnum):
    """How a thing stands: `broken` stops the program, `missing` costs something."""

    OK = "ok"
    MISSING = "missing"
    BROKEN = "broken"
    UNNEEDED = "unneeded"


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `costs` and `mend` are empty when nothing is wrong."""

    name: str
    title: str
    state: State
    found: str
    costs: str = ""
    mend: str = ""


@dataclass(frozen=True)
class Look:
    """What a probe saw: the thing's version or place, or nothing."""

    found: str
    good: bool


def report(folder: Path | None = None, lang: str = "zh") -> list[Finding]:
    """Look at everything once, in a second or two.

    `folder` is where cities are kept (the current folder when not given); `lang` is zh or en.
    Probes never raise: what cannot be asked is reported as missing.
    """
    probes: list[tuple[str, Callable[[], Look], State]] = [
        ("python", _python, State.BROKEN),
        ("pyside", _pyside, State.BROKEN),
        ("sqlite", _sqlite, State.BROKEN),
        ("fonts", _fonts, State.MISSING),
        ("qgis", _qgis, State.MISSING),
        ("gdal", _gdal, State.MISSING),
        ("postgresql", _postgresql, State.MISSING),
        ("mosquitto", _mosquitto, State.MISSING),
        ("display", _display, State.MISSING),
        ("gpu", _gpu, State.UNNEEDED),
        ("disk", lambda: _disk(folder or Path.cwd()), State.MISSING),
    ]
    return [_finding(name, probe(), otherwise, lang) for name, probe, otherwise in probes]


def exit_code(findings: list[Finding]) -> int:
    """Return 0 when the program can work, 7 (unavailable) when something stops it."""
    return 7 if any(finding.state is State.BROKEN for finding in findings) else 0


def _finding(name: str, look: Look, otherwise: State, lang: str) -> Finding:
    texts = {key: said.get(lang, said["en"]) for key, said in _texts()[name].items()}
    if look.good:
        return Finding(name, texts["title"], State.OK, look.found)
    return Finding(name, texts["title"], otherwise, look.found, texts["costs"], texts["mend"])


@cache
def _texts() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads(_TEXTS.read_text("utf-8"))


def _said_by(*command: str, status: int = 0) -> str:
    """Return what a command prints, stripped; nothing unless it ends with `status` in time."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LONGEST_S,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == status else ""


def _python() -> Look:
    version = ".".join(map(str, sys.version_info[:3]))
    return Look(f"{version} ({sys.base_prefix})", sys.version_info[:2] == (3, 11))


def _pyside() -> Look:
    try:
        version = metadata.version("PySide6-Essentials")
    except metadata.PackageNotFoundError:
        return Look("", False)
    return Look(version, version == PYSIDE)


def _sqlite() -> Look:
    try:
        from sqlcipher3 import dbapi2
    except ImportError:
        return Look("", False)
    connection = dbapi2.connect(":memory:")
    try:
        options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    finally:
        connection.close()
    lacking = [option for option in ("ENABLE_FTS5", "ENABLE_RTREE") if option not in options]
    found = " ".join([dbapi2.sqlite_version, *(f"-{option}" for option in lacking)])
    return Look(found, _numbers(dbapi2.sqlite_version) >= OLDEST_SQLITE and not lacking)


def _fonts() -> Look:
    families = _said_by("fc-list", ":lang=zh-cn", "family").splitlines()
    names = {name.strip() for line in families for name in line.split(",")}
    return Look(FONT if FONT in names else "", FONT in names)


def _qgis() -> Look:
    version = _said_by(
        "/usr/bin/python3", "-I", "-c", "from qgis.core import Qgis; print(Qgis.version())"
    )
    return Look(version, bool(version))


def _gdal() -> Look:
    said = _said_by("ogrinfo", "--version")
    return Look(said.split(",")[0], bool(said))


def _postgresql() -> Look:
    servers = sorted(
        int(folder.parent.parent.name)
        for folder in _POSTGRESQL.glob("*/bin/postgres")
        if folder.parent.parent.name.isdigit()
    )
    if not servers:
        return Look("", False)
    newest = servers[-1]
    spatial = (_POSTGIS / str(newest) / "extension" / "postgis.control").exists()
    found = f"{newest} + PostGIS" if spatial else str(newest)
    return Look(found, newest >= OLDEST_POSTGRESQL and spatial)


def _mosquitto() -> Look:
    path = shutil.which("mosquitto", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")
    if path is None:
        return Look("", False)
    version = re.search(r"version (\S+)", _said_by(path, "-h", status=3))
    return Look(version[1] if version else path, True)


def _display() -> Look:
    found = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or ""
    return Look(found, bool(found))


def _gpu() -> Look:
    nodes = sorted(path.name for path in _RENDER_NODES.glob("renderD*"))
    return Look(", ".join(nodes), bool(nodes))


def _disk(folder: Path) -> Look:
    while not folder.exists():
        folder = folder.parent
    free_gb = shutil.disk_usage(folder).free / 1e9
    return Look(f"{free_gb:.1f} GB", free_gb >= ROOM_GB)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
