"""A pack: signed actions on their way from one copy of a city to another, in one file.

The file is a line that names its form and then frames, each with a mark, a kind, a length and the
SHA-256 of what it holds, so that a frame that was damaged or cut off spoils no other. The first
frame is the header, signed by the device that made the pack; it lists the hashes of all others.
Frames of records hold JSON lines, compressed:

    H header · F devices and rule sets · D actions of cases and their words · B one photo, as it is
"""

from __future__ import annotations

import hashlib
import json
import mmap
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol
from uuid import UUID

from app.data.errors import translated_files
from app.data.keys import SUITE, device_id, verify_with
from app.domain.actions import SignedAction
from app.domain.errors import InvalidInput
from app.domain.personal import KINDS, Secret

START = b"WANGGE PACK 1\n"
HEADER, FOUNDATION, RECORDS, BLOB = b"H", b"F", b"D", b"B"
FORMAT = 1
_MARK = b"\xffWG\x00"
_HEAD = struct.Struct(">4scI32s")
_MOST = 64 * 1024 * 1024
_SIGNED = b"wangge-pack\x00"
Record = SignedAction | Secret


class PackSigner(Protocol):
    """The device that makes a pack."""

    @property
    def public(self) -> bytes: ...

    def sign(self, data: bytes) -> bytes: ...


@dataclass(frozen=True)
class PackHeader:
    """Who made a pack of which city, and what belongs to it; `holds` if its signature does."""

    city: UUID
    device: str
    made_ms: int
    frames: tuple[str, ...]
    holds: bool


@dataclass(frozen=True)
class Frame:
    """One good frame: its kind, its bytes and the hash that the header lists."""

    kind: bytes
    payload: bytes
    digest: str


def frame_of(kind: bytes, payload: bytes) -> bytes:
    """Return the bytes of a frame."""
    digest = hashlib.sha256(kind + payload).digest()
    return _HEAD.pack(_MARK, kind, len(payload), digest) + payload


def header_frame(
    city: UUID, signer: PackSigner, made_ms: int, frames: Iterable[str], counts: dict[str, int]
) -> bytes:
    """Return the header's frame, signed."""
    said = {
        "format": FORMAT,
        "city": str(city),
        "suite": SUITE,
        "public_key": signer.public.hex(),
        "made_ms": made_ms,
        "frames": list(frames),
        "counts": counts,
    }
    data = json.dumps(said, sort_keys=True, separators=(",", ":"))
    signature = signer.sign(_SIGNED + data.encode())
    outer = json.dumps({"data": data, "signature": signature.hex()})
    return frame_of(HEADER, zlib.compress(outer.encode()))


def read_header(frame: Frame) -> PackHeader:
    """Return what a header says; raises `InvalidInput` if it cannot be read."""
    try:
        outer = json.loads(_inflated(frame.payload))
        said = json.loads(outer["data"])
        if said["format"] != FORMAT or said["suite"] != SUITE:
            raise InvalidInput(
                "The pack was made by a newer Wangge; nothing was taken.",
                advice="Update this program.",
            )
        public = bytes.fromhex(said["public_key"])
        signed = _SIGNED + outer["data"].encode()
        return PackHeader(
            UUID(said["city"]),
            device_id(public),
            int(said["made_ms"]),
            tuple(str(one) for one in said["frames"]),
            verify_with(public, signed, bytes.fromhex(outer["signature"])),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput("The header of the pack cannot be read.") from error


def packed(records: Iterable[Record]) -> bytes:
    """Return records as the payload of a frame."""
    lines = (json.dumps(_plain(one), ensure_ascii=False) for one in records)
    return zlib.compress("\n".join(lines).encode(), 6)


def unpacked(payload: bytes) -> tuple[list[Record], list[str]]:
    """Return the records of a frame that can be read, and why the others cannot."""
    good: list[Record] = []
    bad: list[str] = []
    for line in _inflated(payload).split(b"\n"):
        try:
            good.append(_record(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            bad.append(f"a record cannot be read ({type(error).__name__})")
    return good, bad


class PackReader:
    """The frames of a pack as they lie in the file; `problems` tells what was passed over."""

    def __init__(self, data: mmap.mmap | bytes, name: str) -> None:
        if data[: len(START)] != START:
            raise InvalidInput(
                f"{name} is no pack of actions.", advice="Make one with `export actions`."
            )
        self._data = data
        self._problems: dict[int, str] = {}

    @property
    def problems(self) -> list[str]:
        """What could not be read, each with its place in the file."""
        return [self._problems[at] for at in sorted(self._problems)]

    def frames(self) -> Iterator[Frame]:
        """Yield the good frames; may be called again."""
        at, end = len(START), len(self._data)
        while at < end:
            frame, after = self._frame(at)
            if frame is not None:
                yield frame
                at = after
                continue
            self._problems[at] = f"bytes from {at} on are damaged or cut off"
            found = self._data.find(_MARK, at + 1)
            at = end if found < 0 else found

    def _frame(self, at: int) -> tuple[Frame | None, int]:
        start = at + _HEAD.size
        head = bytes(self._data[at:start])
        if len(head) < _HEAD.size:
            return None, at
        mark, kind, length, digest = _HEAD.unpack(head)
        if mark != _MARK or length > _MOST + 1024:
            return None, at
        payload = bytes(self._data[start : start + length])
        if len(payload) < length or hashlib.sha256(kind + payload).digest() != digest:
            return None, at
        return Frame(kind, payload, digest.hex()), start + length


@contextmanager
def opened_pack(path: Path) -> Iterator[PackReader]:
    """Open a pack; raises `InvalidInput` if it is none, `StorageFailure` if it cannot be read."""
    with translated_files(path):
        if not path.is_file():
            raise InvalidInput(f"There is no file {path}.", field="source")
        file: IO[bytes] = path.open("rb")
    with file:
        if path.stat().st_size == 0:
            raise InvalidInput(f"{path} is empty.", field="source")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield PackReader(data, path.name)


def _inflated(payload: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(payload, _MOST)
    except zlib.error as error:
        raise ValueError("compression") from error
    if stream.unconsumed_tail:
        raise ValueError("too large")
    return data


def _plain(one: Record) -> dict[str, str]:
    if isinstance(one, SignedAction):
        return {"a": one.data.decode(), "s": one.suite, "g": one.signature.hex()}
    return {
        "k": str(one.key), "u": str(one.subject), "n": one.kind, "t": one.salt.hex(), "v": one.value
    }  # fmt: skip


def _record(raw: dict[str, Any]) -> Record:
    if "a" in raw:
        return SignedAction(raw["a"].encode(), str(raw["s"]), bytes.fromhex(raw["g"]))
    if raw["n"] not in KINDS or not isinstance(raw["v"], str):
        raise ValueError("kind")
    return Secret(UUID(raw["k"]), UUID(raw["u"]), raw["n"], bytes.fromhex(raw["t"]), raw["v"])
