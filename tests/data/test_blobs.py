"""Photos and files by content."""

from __future__ import annotations

import hashlib

import pytest

from app.data.blobs import FileBlobs, put_file
from app.data.engine import postgres_engine
from app.data.postgis_blobs import PostgresBlobs
from app.domain.errors import InvalidInput, NotFound, StorageFailure


@pytest.fixture(params=["folder", pytest.param("postgres", marks=pytest.mark.postgres)])
def blobs(request, tmp_path):
    """Photos of a local and of a remote city: what is promised holds on both."""
    if request.param == "folder":
        yield FileBlobs(tmp_path / "blobs")
        return
    engine = postgres_engine(request.getfixturevalue("remote_city"))
    with engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE blob")
    yield PostgresBlobs(engine, "test", tmp_path / "cache")
    engine.dispose()


@pytest.fixture
def windows(remote_city, tmp_path):
    """Two windows on one remote city, each with a cache of its own, and the server's engine."""
    engine = postgres_engine(remote_city)
    with engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE blob")
    yield *(PostgresBlobs(engine, "test", tmp_path / name) for name in "ab"), engine
    engine.dispose()


@pytest.fixture
def local(tmp_path):
    """Photos of a local city."""
    return FileBlobs(tmp_path / "blobs")


def test_that_bytes_are_read_back_under_their_hash(blobs):
    digest = blobs.put(b"photo", "a.jpg")
    assert digest == hashlib.sha256(b"photo").hexdigest()
    assert blobs.get(digest) == b"photo"
    assert blobs.has(digest)


def test_that_the_same_bytes_are_kept_once(blobs, tmp_path):
    assert blobs.put(b"photo", "a.jpg") == blobs.put(b"photo", "b.jpg")
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_that_an_altered_file_is_not_taken_for_the_photo(local, tmp_path):
    digest = local.put(b"photo", "a.jpg")
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    path.write_bytes(b"other")
    with pytest.raises(StorageFailure, match="altered"):
        local.get(digest)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "AB" * 32, "a" * 63])
def test_that_what_is_no_hash_reaches_no_file(blobs, digest):
    with pytest.raises(InvalidInput):
        blobs.get(digest)


def test_that_a_photo_not_here_is_told(blobs):
    with pytest.raises(NotFound):
        blobs.get("a" * 64)


@pytest.mark.parametrize("data", [b"", b"x" * (64 * 1024 * 1024 + 1)])
def test_that_nothing_and_too_much_are_refused_by_name(blobs, data):
    with pytest.raises(InvalidInput, match=r"a\.jpg"):
        blobs.put(data, "a.jpg")


def test_that_a_dropped_photo_is_gone(blobs):
    digest = blobs.put(b"photo", "a.jpg")
    assert blobs.drop(digest)
    assert not blobs.drop(digest)
    assert not blobs.has(digest)
    with pytest.raises(NotFound):
        blobs.get(digest)


def test_that_a_file_is_kept_by_its_bytes(blobs, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"photo")
    assert blobs.get(put_file(blobs, tmp_path / "a.jpg")) == b"photo"


def test_that_a_photo_of_one_window_is_seen_by_another(windows):
    mine, theirs, _ = windows
    digest = mine.put(b"photo", "a.jpg")
    assert theirs.has(digest)
    assert theirs.get(digest) == theirs.get(digest) == b"photo"


def test_that_a_photo_dropped_by_one_window_is_gone_from_the_cache_of_another(windows):
    mine, theirs, _ = windows
    digest = mine.put(b"photo", "a.jpg")
    theirs.get(digest)
    mine.drop(digest)
    with pytest.raises(NotFound):
        theirs.get(digest)


def test_that_a_photo_altered_on_the_server_is_told(windows):
    mine, theirs, engine = windows
    digest = mine.put(b"photo", "a.jpg")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE blob SET data = 'other'")
    with pytest.raises(StorageFailure, match="altered"):
        theirs.get(digest)


def test_that_a_broken_copy_in_the_cache_is_fetched_anew(windows, tmp_path):
    mine, _, _ = windows
    digest = mine.put(b"photo", "a.jpg")
    (tmp_path / "a" / digest[:2] / digest).write_bytes(b"broken")
    assert mine.get(digest) == b"photo"


def test_that_the_cache_answers_while_the_server_is_away(windows, tmp_path):
    mine, _, _ = windows
    digest = mine.put(b"photo", "a.jpg")
    engine = postgres_engine("postgresql://nobody@127.0.0.1:1/nothing")
    away = PostgresBlobs(engine, "test", tmp_path / "a")
    assert away.get(digest) == b"photo"
    with pytest.raises(StorageFailure):
        away.get("a" * 64)
    engine.dispose()
