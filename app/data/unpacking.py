"""Takes a pack of actions in: the union of what both copies of a city know.

What can be read goes in, frame by frame, each in a transaction of its own; what cannot is told
with the reason, and comes with another pack. The same pack again adds nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from app.data.city import SqlCity, now_ms
from app.data.pack_file import (
    BLOB,
    FOUNDATION,
    HEADER,
    RECORDS,
    Frame,
    PackHeader,
    PackReader,
    opened_pack,
    read_header,
    unpacked,
)
from app.domain.actions import SignedAction
from app.domain.erasure import photos_of
from app.domain.errors import AppError, InvalidInput, NotAllowed
from app.domain.personal import Secret
from app.services.erasing import drop_photos, erased_subjects
from app.services.ports import City
from app.services.receive import Receipt, receive

Progress = Callable[[str, float], None]
_REASONS_MOST = 1_000


@dataclass
class _Unpacking:
    """A pack on its way in, and what became of it so far."""

    city: SqlCity
    vouched: bool
    now_ms: int
    taken: int = 0
    known: int = 0
    quarantined: int = 0
    words: int = 0
    devices: int = 0
    photos: int = 0
    reasons: list[str] = field(default_factory=list)
    cases: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)

    def take(self, frame: Frame) -> None:
        try:
            records, bad = unpacked(frame.payload)
        except ValueError as error:
            self.reasons.append(f"frame {frame.digest[:12]}: {error}")
            return
        self.reasons += bad
        actions = [one for one in records if isinstance(one, SignedAction)]
        words = [one for one in records if isinstance(one, Secret)]
        city = _port(self.city)
        with city.begin(write=True) as uow:
            receipt = receive(actions, city, uow, self.now_ms, words, vouched=self.vouched)
            uow.commit()
        self._count(receipt)
        for one in actions:
            try:
                self.named.update(photos_of(one.action))
            except AppError:  # told already, as refused
                continue

    def take_photo(self, frame: Frame) -> None:
        digest = hashlib.sha256(frame.payload).hexdigest()
        if digest not in self.named:
            self.reasons.append(f"photo {digest[:12]}: no action of the pack names it")
        elif not self.city.blobs.has(digest):
            self.city.blobs.put(frame.payload, f"photo {digest[:12]}")
            self.photos += 1

    def _count(self, receipt: Receipt) -> None:
        self.taken += receipt.taken
        self.known += receipt.known
        self.quarantined += receipt.quarantined
        self.words += receipt.words
        self.devices += receipt.devices
        self.reasons += receipt.refused
        for row in receipt.rows:
            entry = self.cases.setdefault(row.uid, {"new": 0})
            entry["new"] += receipt.arrived.get(row.uid, 0)
            entry |= {"number": row.number or row.receipt, "step": row.step}


def import_pack(
    city: SqlCity, path: Path, progress: Progress, trust: Collection[str] = ()
) -> dict[str, Any]:
    """Take the pack `path` into `city` and return what became of it, case by case.

    A pack must be signed by a device that the city knows, or that `trust` names. Raises
    `InvalidInput` if it is no pack or of another city, `NotAllowed` if nobody vouches for it.
    """
    with opened_pack(path) as pack:
        total = 0
        header: PackHeader | None = None
        for frame in pack.frames():
            total += 1
            if frame.kind == HEADER and header is None:
                header = read_header(frame)
        taking = _Unpacking(city, _is_vouched(city, header, trust), now_ms())
        if header is None:
            taking.reasons.append("the header is damaged: nobody vouches for new devices")
        listed = set(header.frames) if header is not None and header.holds else None
        _take_all(pack, taking, listed, total, progress)
        taking.reasons += pack.problems
    drop_photos(erased_subjects(_port(city)), _port(city))
    progress("actions", 1.0)
    return {
        "kind": "actions",
        "taken": taking.taken,
        "known": taking.known,
        "quarantined": taking.quarantined,
        "words": taking.words,
        "photos": taking.photos,
        "devices": taking.devices,
        "refused": len(taking.reasons),
        "reasons": taking.reasons[:_REASONS_MOST],
        "cases": [entry for entry in taking.cases.values() if entry["new"]],
    }


def _take_all(
    pack: PackReader,
    taking: _Unpacking,
    listed: set[str] | None,
    total: int,
    progress: Progress,
) -> None:
    done = 0
    for kinds in ((FOUNDATION,), (RECORDS,), (BLOB,)):
        for frame in pack.frames():
            if frame.kind not in kinds:
                continue
            if listed is not None and frame.digest not in listed:
                taking.reasons.append(f"frame {frame.digest[:12]} is not of this pack")
                continue
            if frame.kind == BLOB:
                taking.take_photo(frame)
            else:
                taking.take(frame)
            done += 1
            progress("actions", min(1.0, done / max(total, 1)))


def _is_vouched(city: SqlCity, header: PackHeader | None, trust: Collection[str]) -> bool:
    if header is None:
        return False
    if header.city != city.facts.uid:
        raise InvalidInput(
            "The pack is of another city. Nothing was taken.",
            advice="Import it into a copy of the city it was made from.",
            field="source",
        )
    if not header.holds:
        raise NotAllowed(
            "The signature of the pack's header does not hold. Nothing was taken.",
            advice="Have the pack made and sent again.",
            field="source",
        )
    with city.begin(write=False) as uow:
        known = uow.devices.is_known(header.device)
    if known or header.device in trust:
        return True
    raise NotAllowed(
        f"The pack was made by the device {header.device}, which this city does not know. "
        "Nothing was taken.",
        advice=f"Ask its owner whether that is it, then add --trust {header.device}.",
        field="trust",
    )


def _port(city: SqlCity) -> City:
    return city  # type: ignore[return-value]  # facts are set by opening
