"""A city that cannot be written to can still be read, and says why nothing is saved."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from app.data import city_folder
from app.data.city_folder import open_city
from app.domain.errors import StorageFailure

ROOT = Path(__file__).resolve().parents[2]
_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE = 24, 1


def without_override() -> None:
    """Let root, too, be held by the rights of files, from the next program on."""
    ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0)


def run(*words):
    return subprocess.run(
        [sys.executable, "-m", "app", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True, preexec_fn=without_override, timeout=120,
    )  # fmt: skip


def test_that_cases_of_a_read_only_folder_are_listed_and_a_report_is_refused(folder):
    open_city(folder).close()
    held = [folder, *folder.rglob("*")]
    before = {path: path.stat().st_mode for path in held}
    for path in held:
        path.chmod(before[path] & ~0o222)
    try:
        listed = run("case", "list", "--city", folder)
        report = run("case", "report", "--words", "路灯不亮", "--lon", "121.42", "--lat", "31.12",
                     "--city", folder)  # fmt: skip
    finally:
        for path in held:
            path.chmod(before[path])
    assert (listed.returncode, listed.stderr.strip()) == (0, "只读：文件夹不可写")
    assert report.returncode == StorageFailure.exit_code
    assert "以只读方式打开" in report.stderr
    assert sorted(folder.rglob("*")) == sorted(held[1:])


def test_that_a_city_on_a_full_disk_is_opened_to_be_read(folder, monkeypatch):
    open_city(folder).close()

    def full_disk(_folder, _key):
        raise StorageFailure("The disk is full.", code="disk_full")

    monkeypatch.setattr(city_folder, "load_or_make_key", full_disk)
    city = open_city(folder)
    try:
        assert city.read_only == "disk_full"
        with city.begin(write=False) as uow:
            assert uow.rules.current().matters
        with pytest.raises(StorageFailure) as caught, city.begin(write=True):
            pass
        assert caught.value.code == "disk_full"
    finally:
        city.close()
