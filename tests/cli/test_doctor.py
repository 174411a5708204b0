"""The doctor names what is here, what is missing, what that costs and how to mend it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import doctor
from app.cli.doctor import Finding, State


def found(name: str, lang: str = "zh") -> Finding:
    """Return the finding called `name`."""
    return next(finding for finding in doctor.report(lang=lang) if finding.name == name)


def test_that_a_machine_that_was_set_up_can_run() -> None:
    findings = doctor.report()
    assert doctor.exit_code(findings) == 0
    states = {finding.name: finding.state for finding in findings}
    for name in ("python", "pyside", "sqlite", "fonts", "qgis", "gdal", "postgresql", "mosquitto"):
        assert states[name] is State.OK, name


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_that_every_lack_says_its_cost_and_its_mend(
    lang: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(doctor, "_POSTGRESQL", tmp_path)
    monkeypatch.setattr(doctor, "_RENDER_NODES", tmp_path)
    lacking = {f.name: f for f in doctor.report(lang=lang) if f.state is not State.OK}
    assert {"fonts", "gdal", "postgresql", "display", "gpu"} <= set(lacking)
    for finding in lacking.values():
        assert finding.title
        assert finding.costs
        assert finding.mend


def test_that_an_old_sqlite_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sqlcipher3.dbapi2.sqlite_version", "3.51.2")
    finding = found("sqlite")
    assert finding.state is State.BROKEN
    assert "3.51.2" in finding.found
    assert doctor.exit_code([finding]) == 7


def test_that_a_newer_pyside_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda name: "6.12.0")
    assert found("pyside").state is State.BROKEN


def test_that_a_hanging_qgis_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(command: list[str], **options: object) -> None:
        raise subprocess.TimeoutExpired(command, 20)

    monkeypatch.setattr(subprocess, "run", hangs)
    assert found("qgis").state is State.MISSING


def test_that_little_room_on_the_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "ROOM_GB", 1e9)
    finding = found("disk", "en")
    assert finding.state is State.MISSING
    assert "GB" in finding.found


def test_that_the_doctor_needs_no_qt() -> None:
    code = (
        "import sys; from app.cli import doctor; doctor.report();"
        "raise SystemExit('PySide6' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
