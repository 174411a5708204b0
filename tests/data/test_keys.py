"""Keys of devices."""

from __future__ import annotations

import pytest

from app.data.keys import KnownDevices, device_id, load_or_make_key
from app.domain.errors import StorageFailure


def test_that_a_device_keeps_its_key(tmp_path):
    first = load_or_make_key(tmp_path / "keys", None)
    assert load_or_make_key(tmp_path / "keys", None).device == first.device
    assert first.device == device_id(first.public)


def test_that_a_signature_holds_for_these_bytes_and_this_device_alone(tmp_path):
    mine, other = (load_or_make_key(tmp_path / name, None) for name in "ab")
    known = KnownDevices(lambda: {mine.device: mine.public, other.device: other.public})
    signature = mine.sign(b"data")
    assert known.verify(mine.device, "ed25519", b"data", signature)
    assert not known.verify(mine.device, "ed25519", b"Data", signature)
    assert not known.verify(mine.device, "ed25519", b"data", signature[:-1])
    assert not known.verify(other.device, "ed25519", b"data", signature)
    assert not known.verify(mine.device, "sm2", b"data", signature)
    assert not known.verify("nobody", "ed25519", b"data", signature)


def test_that_a_device_is_known_as_soon_as_it_is_learnt(tmp_path):
    key = load_or_make_key(tmp_path, None)
    known = KnownDevices(dict)
    assert not known.verify(key.device, "ed25519", b"data", key.sign(b"data"))
    known.learn(key.device, key.public)
    assert known.verify(key.device, "ed25519", b"data", key.sign(b"data"))


@pytest.mark.parametrize(("made", "opened"), [("one", "two"), ("one", None), (None, "two")])
def test_that_a_key_opens_with_its_own_passphrase_alone(tmp_path, made, opened):
    load_or_make_key(tmp_path, made)
    with pytest.raises(StorageFailure, match="cannot be opened"):
        load_or_make_key(tmp_path, opened)


def test_that_a_broken_key_file_is_told(tmp_path):
    load_or_make_key(tmp_path, None)
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"rubbish")
    with pytest.raises(StorageFailure, match="cannot be opened"):
        load_or_make_key(tmp_path, None)
    assert path.read_bytes() == b"rubbish"
