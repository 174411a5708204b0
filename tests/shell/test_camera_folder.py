"""The camera's folder: new photos come by themselves, broken ones say so, none is ever harmed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage

from app.domain.errors import NotAllowed
from app.services.commands import ReportCase
from tests.support.exif import exif_jpeg

_LEFT = Qt.MouseButton.LeftButton
OLD, NEW = 1_790_000_000, 1_795_000_000


def jpeg(path: Path, *, exif: bool = False, at_s: int = OLD, colour: int = 0x336699) -> Path:
    """Write a JPEG, with the time and place of `exif_jpeg` in it if wanted."""
    image = QImage(64, 48, QImage.Format.Format_RGB32)
    image.fill(colour)
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "JPG")
    plain = bytes(held.data())
    path.write_bytes(exif_jpeg()[:-2] + plain[2:] if exif else plain)
    os.utime(path, (at_s, at_s))
    return path


def watching(field: Any, folder: Path, qtbot: Any) -> list[Any]:
    """Watch a folder until all is read; return the shots."""
    field.watch(folder)
    qtbot.waitUntil(lambda: not field.camera.is_busy)
    return list(field.camera.shots)


def test_that_photos_are_shown_newest_first_with_who_says_when(
    open_field: Any, qtbot: Any, tmp_path: Path
) -> None:
    (tmp_path / "DCIM" / "100CANON").mkdir(parents=True)
    jpeg(tmp_path / "DCIM" / "100CANON" / "a.jpg", at_s=OLD)
    jpeg(tmp_path / "b.JPG", at_s=NEW)
    jpeg(tmp_path / "c.jpg", exif=True)
    (tmp_path / "notes.txt").write_text("no picture")
    field = open_field()
    shots = watching(field, tmp_path, qtbot)
    assert [shot.path.name for shot in shots] == ["c.jpg", "b.JPG", "a.jpg"]
    assert [shot.exif_time for shot in shots] == [True, False, False]
    assert shots[0].lat is not None
    assert abs(shots[0].lat - 31.2103) < 1e-6
    field.show_face("camera")
    field.grab()


def test_that_a_new_photo_comes_by_itself(open_field: Any, qtbot: Any, tmp_path: Path) -> None:
    field = open_field()
    assert watching(field, tmp_path, qtbot) == []
    jpeg(tmp_path / "new.jpg")
    qtbot.waitUntil(lambda: [s.state for s in field.camera.shots] == ["ok"], timeout=5000)
    assert "1 张" in field.camera_page._note.text()


@pytest.mark.qt_log_ignore("JPEG")  # Qt says it, and so does the page
def test_that_a_broken_picture_is_shown_as_broken_and_cannot_be_chosen(
    open_field: Any, qtbot: Any, tmp_path: Path
) -> None:
    (tmp_path / "torn.jpg").write_bytes(exif_jpeg())
    field = open_field()
    shots = watching(field, tmp_path, qtbot)
    assert [shot.state for shot in shots] == ["broken"]
    field.show_face("camera")
    qtbot.mouseClick(field.camera_page.grid, _LEFT, pos=field.camera_page.grid.box(0).center())
    assert field.camera_page.grid.marked() == ()
    field.grab()


@pytest.mark.qt_log_ignore("JPEG")  # Qt says it, and so does the page
def test_that_a_picture_still_being_written_is_read_again_once_it_is_whole(
    open_field: Any, qtbot: Any, tmp_path: Path
) -> None:
    whole = jpeg(tmp_path / "x.jpg").read_bytes()
    (tmp_path / "x.jpg").write_bytes(whole[:40])
    field = open_field()
    assert [shot.state for shot in watching(field, tmp_path, qtbot)] == ["broken"]
    (tmp_path / "x.jpg").write_bytes(whole)
    field.camera.look()
    qtbot.waitUntil(lambda: [s.state for s in field.camera.shots] == ["ok"])


def test_that_a_folder_that_is_gone_is_said_to_be_gone(
    open_field: Any, qtbot: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "card"
    folder.mkdir()
    jpeg(folder / "a.jpg")
    field = open_field()
    assert len(watching(field, folder, qtbot)) == 1
    shutil.rmtree(folder)
    field.camera.look()
    qtbot.waitUntil(lambda: bool(field.camera.trouble))
    assert field.camera.shots == ()
    assert field.camera_page._empty.accessibleName().startswith("这个文件夹现在打不开")


def test_that_a_report_takes_time_and_place_of_its_photo_and_says_so(
    open_field: Any, core: Any, keys: Any, qtbot: Any, tmp_path: Path, memory_blobs: Any
) -> None:
    photo = jpeg(tmp_path / "c.jpg", exif=True)
    before = photo.read_bytes()
    field = open_field(memory_blobs)
    watching(field, tmp_path, qtbot)
    person = keys(field)
    person.press("Ctrl+4", "Space", "Ctrl+Return")
    assert field.face == "form"
    assert "照片自带" in field.form._chosen.text()
    assert "11-23 13:51" in field.form._attached.text()
    person.type("垃圾未清")
    person.press("Ctrl+Return")
    report = core.commands[-1]
    assert isinstance(report, ReportCase)
    assert report.photos == tuple(memory_blobs.held)
    assert report.at_ms is not None
    assert abs(report.lon - 121.452) < 1e-6
    assert photo.read_bytes() == before
    assert [shot.attached for shot in field.camera.shots] == [True]


def test_that_a_report_has_a_receipt_number_before_anything_is_sent(
    open_field: Any, core: Any, keys: Any, qtbot: Any, tmp_path: Path, memory_blobs: Any
) -> None:
    jpeg(tmp_path / "c.jpg", exif=True)
    field = open_field(memory_blobs)
    watching(field, tmp_path, qtbot)
    person = keys(field)
    person.press("Ctrl+4", "Space", "Ctrl+Return")
    person.type("垃圾未清")
    person.press("Ctrl+Return", "Ctrl+5")
    state = field.receipts.state()
    assert (state.saved, state.waiting, state.local) == (1, 0, True)
    assert state.receipts[0].number == "S20261123-0042"
    assert state.receipts[0].photos == 1
    assert "已存 1 · 待存 0 · 本机城市" in field.line.accessibleName()
    field.grab()


def test_that_photos_go_only_to_the_task_they_were_chosen_for(
    open_field: Any, keys: Any, qtbot: Any, tmp_path: Path, memory_blobs: Any
) -> None:
    jpeg(tmp_path / "c.jpg")
    field = open_field(memory_blobs)
    watching(field, tmp_path, qtbot)
    keys(field).press("J")
    case = field.session.case
    field.session.choose(None)
    assert not field.work.hold_photos(case, ("0" * 64,))
    assert field.work.held_photos == ()


def test_that_photos_wait_for_their_task_while_another_one_is_open(
    open_field: Any, core: Any, keys: Any, qtbot: Any, tmp_path: Path, memory_blobs: Any
) -> None:
    jpeg(tmp_path / "c.jpg")
    field = open_field(memory_blobs)
    watching(field, tmp_path, qtbot)
    person = keys(field)
    person.press("J", "Ctrl+4", "Space", "Return", "J")
    assert field.work.held_photos == ()
    person.press("K")
    assert field.work.held_photos == tuple(memory_blobs.held)
    core.error = NotAllowed("Not at that step.", code="not_open")
    person.press("S")
    assert field.work.held_photos == tuple(memory_blobs.held)
    core.error = None
    person.press("S")
    assert core.commands[-1].photos == tuple(memory_blobs.held)
    assert field.work.held_photos == ()


def test_that_no_step_is_taken_with_a_task_that_is_not_in_sight(
    open_field: Any, core: Any, keys: Any
) -> None:
    field = open_field()
    person = keys(field)
    person.press("J", "Ctrl+5", "S")
    assert core.commands == []
    assert field.face == "tasks"
