"""A full disk: one clear error, nothing harmed, and work goes on once there is room."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.data.city_folder import open_city
from app.domain.errors import StorageFailure
from app.domain.identity import new_uid
from app.domain.personal import seal

ROOT = Path(__file__).resolve().parents[2]
UNTIL_REFUSED = """
import resource, sys
from app.data.city_folder import open_city
from app.domain.errors import AppError
from app.domain.identity import new_uid
from app.domain.personal import seal

city = open_city(sys.argv[1])
size = sum(path.stat().st_size for path in city.folder.glob("log.db*"))
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 400_000, -1))
saved = 0
try:
    while True:
        with city.begin(write=True) as uow:
            uow.vault.put([seal(new_uid(), "words", "路" * 2000)])
            uow.commit()
        saved += 1
except AppError as error:
    print(saved, type(error).__name__, error)
"""


def saved_in(folder):
    city = open_city(folder)
    city.check()
    with city.begin(write=False) as uow:
        count = uow.connection.exec_driver_sql("SELECT count(*) FROM secret").scalar()
    city.close()
    return count


def test_that_what_was_saved_before_the_disk_refused_is_all_there(folder):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", UNTIL_REFUSED, str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    saved, kind, words = done.stdout.split(" ", 2)
    assert (kind, done.stderr) == ("StorageFailure", "")
    assert "What was saved before is safe" in words
    assert "Traceback" not in words
    assert saved_in(folder) == int(saved) > 0


def test_that_a_full_database_is_told_as_a_full_disk_and_goes_on_when_there_is_room(folder):
    city = open_city(folder)

    def write(pages: int) -> None:
        with city.begin(write=True) as uow:
            uow.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            uow.vault.put([seal(new_uid(), "words", "路" * 9000)])
            uow.commit()

    with pytest.raises(StorageFailure, match="is full") as caught:
        write(1)
    assert "Free some space" in caught.value.advice
    write(1 << 30)
    city.close()
    assert saved_in(folder) == 1


def test_that_a_photo_that_does_not_fit_leaves_nothing(local_city, monkeypatch):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.data.blobs.os.fsync", full)
    with pytest.raises(StorageFailure, match="is full"):
        local_city.blobs.put(b"photo", "a.jpg")
    assert [path for path in local_city.folder.joinpath("blobs").rglob("*") if path.is_file()] == []
