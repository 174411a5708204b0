"""Keys of devices: one Ed25519 pair for each machine that writes a city.

The private half lies in the city's `keys/` folder, readable by its owner only and under the
city's passphrase if it has one; the public half stands in the `device` table.
"""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from app.data.errors import translated_files
from app.domain.errors import StorageFailure

SUITE = "ed25519"
_MACHINE_ID = Path("/etc/machine-id")


class DeviceKey:
    """Fulfils `domain.actions.Signer` with a private key at hand."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._device = device_id(self.public)

    @property
    def device(self) -> str:
        """The device's id: the beginning of its public key's hash."""
        return self._device

    @property
    def suite(self) -> str:
        """The kind of signature."""
        return SUITE

    def sign(self, data: bytes) -> bytes:
        """Return the signature over `data`, 64 bytes."""
        return self._private.sign(data)


class KnownDevices:
    """Fulfils `domain.actions.Verifier` over the device table, read again for a new device."""

    def __init__(self, read: Callable[[], Mapping[str, bytes]]) -> None:
        self._read = read
        self._keys: dict[str, bytes] = {}

    def learn(self, device: str, public: bytes) -> None:
        """Know a device before its row is committed."""
        self._keys[device] = public

    def verify(self, device: str, suite: str, data: bytes, signature: bytes) -> bool:
        """Tell whether `signature` over `data` is the device's own."""
        if suite != SUITE:
            return False
        if device not in self._keys:
            self._keys.update(self._read())
        public = self._keys.get(device)
        return public is not None and verify_with(public, data, signature)


def verify_with(public: bytes, data: bytes, signature: bytes) -> bool:
    """Tell whether `signature` over `data` was made with the private half of `public`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def device_id(public: bytes) -> str:
    """Return the id of the device with that public key, 16 hex digits."""
    return hashlib.sha256(public).hexdigest()[:16]


def machine_name() -> str:
    """Return a name for this machine, the same at every start."""
    own = _MACHINE_ID.read_bytes().strip() if _MACHINE_ID.is_file() else b""
    return hashlib.sha256(own + socket.gethostname().encode()).hexdigest()[:12]


def load_or_make_key(folder: Path, passphrase: str | None) -> DeviceKey:
    """Return this machine's key in `folder`, made there if it has none yet.

    Raises `StorageFailure` if the file cannot be read, written or opened with `passphrase`.
    """
    path = folder / f"device-{machine_name()}.pem"
    with translated_files(path):
        if not path.exists():
            _make(path, passphrase)
        data = path.read_bytes()
    try:
        private = load_pem_private_key(data, passphrase.encode() if passphrase else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise StorageFailure(
            f"The device's key {path} cannot be opened.",
            advice="Give the city's passphrase; if the file is broken, move it away and a new "
            "key is made.",
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise StorageFailure(f"The file {path} holds no Ed25519 key.", advice="Move it away.")
    return DeviceKey(private)


def passing_key() -> DeviceKey:
    """Return a key of this moment, for a city that is only read: it signs nothing."""
    return DeviceKey(Ed25519PrivateKey.generate())


def _make(path: Path, passphrase: str | None) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    guard: KeySerializationEncryption = (
        BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    )
    data = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, guard)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _link_unless_there(draft, path)
    finally:
        draft.unlink()


def _link_unless_there(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)  # of two programs that start at once, the first one's key stays
    except FileExistsError:
        return
