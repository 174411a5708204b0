"""Photos and files by content."""

from __future__ import annotations

import hashlib

import pytest

from app.data.blobs import FileBlobs
from app.domain.errors import InvalidInput, NotFound, StorageFailure


@pytest.fixture
def blobs(tmp_path):
    return FileBlobs(tmp_path / "blobs")


def test_that_bytes_are_read_back_under_their_hash(blobs):
    digest = blobs.put(b"photo", "a.jpg")
    assert digest == hashlib.sha256(b"photo").hexdigest()
    assert blobs.get(digest) == b"photo"
    assert blobs.has(digest)


def test_that_the_same_bytes_are_kept_once(blobs, tmp_path):
    assert blobs.put(b"photo", "a.jpg") == blobs.put(b"photo", "b.jpg")
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_that_an_altered_file_is_not_taken_for_the_photo(blobs, tmp_path):
    digest = blobs.put(b"photo", "a.jpg")
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    path.write_bytes(b"other")
    with pytest.raises(StorageFailure, match="altered"):
        blobs.get(digest)


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
