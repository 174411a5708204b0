"""Set-up: hashed locks that agree, a core without Qt, and nothing done twice."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from app.cli import doctor

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("dev", "run", "core-dev")


def pins(lock: str) -> dict[str, str]:
    """Return the versions by name that a lock file names."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_that_every_package_has_a_hash_and_no_lock_names_an_address(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
    assert "://" not in text
    blocks = re.split(r"^(?=\S+==)", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins(lock))
    assert all("--hash=sha256:" in block for block in blocks)


def test_that_the_locks_agree_on_versions() -> None:
    dev = pins("dev")
    for lock in ("run", "core-dev"):
        assert pins(lock).items() <= dev.items(), lock


def test_that_the_core_has_no_qt_and_the_window_the_proven_one() -> None:
    core = pins("core-dev")
    assert not {"pyside6-essentials", "shiboken6", "pyqtgraph", "pytest-qt"} & set(core)
    assert pins("run")["pyside6-essentials"] == doctor.PYSIDE


def test_that_set_up_done_twice_does_nothing_twice(tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").symlink_to("/usr/bin/python3.11")
    lock = ROOT / "requirements" / "dev.txt"
    (environment / "wangge.lock").write_bytes(lock.read_bytes())
    started = time.monotonic()
    done = packaging("environment.sh", str(environment), str(lock))
    assert (done.returncode, done.stdout) == (0, "")
    assert time.monotonic() - started < 0.5


def test_that_without_root_or_sudo_the_missing_packages_are_named(tmp_path: Path) -> None:
    for name, script in {
        "dpkg-query": "echo installed make",
        "apt-get": "exit 99",
        "id": "echo 1000",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        (tmp_path / name).chmod(0o755)
    for name in ("awk", "bash", "dirname"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    done = packaging("system.sh", path=str(tmp_path))
    assert done.returncode == 1
    assert "apt-get install --no-install-recommends fontconfig" in done.stderr
    assert " make " not in done.stderr


def packaging(script: str, *args: str, path: str = "") -> subprocess.CompletedProcess[str]:
    """Run one of the set-up scripts."""
    return subprocess.run(
        ["/bin/bash", str(ROOT / "packaging" / script), *args],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path or os.environ["PATH"]},
        check=False,
    )
