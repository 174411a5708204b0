"""Writes packs of actions from a city: what another copy of it needs to know the same.

Devices and rule sets stand first; then case by case the actions, with the personal words they
commit to if wanted, and the photos they name if wanted. What was imported in bulk has no actions
of its own and does not travel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

from sqlalchemy import func, select

from app.data.blobs import sync_folder
from app.data.city import SqlCity, now_ms
from app.data.errors import translated_files
from app.data.pack_file import (
    BLOB,
    FOUNDATION,
    RECORDS,
    START,
    Record,
    frame_of,
    header_frame,
    packed,
)
from app.data.tables import action
from app.data.unit_of_work import SqlUnitOfWork
from app.domain.actions import SignedAction
from app.domain.erasure import photos_of
from app.domain.errors import NotFound

Progress = Callable[[str, float], None]
_APART = ("device", "rules", "import")
_RECORDS_A_FRAME = 2_000
_COPY = 1 << 20


@dataclass(frozen=True)
class PackWish:
    """What to pack: `cases` by number, receipt number or uid (all if none), and what besides."""

    cases: tuple[str, ...] = ()
    words: bool = False
    photos: bool = False


@dataclass
class _Writing:
    """The frames of a pack on their way to a draft."""

    file: IO[bytes]
    digests: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("actions", "cases", "words", "photos"), 0)
    )

    def write(self, kind: bytes, payload: bytes) -> None:
        frame = frame_of(kind, payload)
        self.digests.append(frame[9:41].hex())
        self.file.write(frame)


def export_pack(city: SqlCity, out: Path, wish: PackWish, progress: Progress) -> dict[str, Any]:
    """Write the pack `out` and return what it holds.

    Raises `NotFound` for a case that is not here, `StorageFailure` if the disk fails; `out` is
    then as before.
    """
    progress("actions", 0.0)
    draft = out.with_name(f".{out.name}.making")
    with translated_files(out):
        try:
            with TemporaryFile(dir=out.absolute().parent) as frames, draft.open("wb") as file:
                writing = _Writing(frames)
                photos = _write_records(city, wish, writing, progress)
                _write_photos(city, photos if wish.photos else (), writing)
                file.write(START)
                file.write(
                    header_frame(
                        city.facts.uid, city.signer, now_ms(), writing.digests, writing.counts
                    )
                )
                frames.seek(0)
                while block := frames.read(_COPY):
                    file.write(block)
            draft.replace(out)
            sync_folder(out.absolute().parent)
        finally:
            draft.unlink(missing_ok=True)
    progress("actions", 1.0)
    return {"kind": "actions", "out": str(out), "device": city.signer.device, **writing.counts}


def _write_records(
    city: SqlCity, wish: PackWish, writing: _Writing, progress: Progress
) -> Sequence[str]:
    photos: dict[str, None] = {}
    with city.begin(write=False) as uow:
        subjects = [_subject(uow, text) for text in wish.cases]
        first = [*uow.actions.of_kind("device"), *uow.actions.of_kind("rules")]
        writing.write(FOUNDATION, packed(first))
        writing.counts["actions"] += len(first)
        total = max(1, len(subjects) or _count(uow))
        batch: list[Record] = []
        for done, (subject, signed) in enumerate(_by_subject(uow, subjects)):
            writing.counts["cases"] += any(one.action.type == "report" for one in signed)
            writing.counts["actions"] += len(signed)
            words = uow.vault.secrets(subject) if wish.words else ()
            writing.counts["words"] += len(words)
            photos |= dict.fromkeys(p for one in signed for p in photos_of(one.action))
            batch += [*signed, *words]
            if len(batch) >= _RECORDS_A_FRAME:
                writing.write(RECORDS, packed(batch))
                batch = []
                progress("actions", min(1.0, done / total))
        if batch:
            writing.write(RECORDS, packed(batch))
    return tuple(photos)


def _write_photos(city: SqlCity, photos: Sequence[str], writing: _Writing) -> None:
    for photo in photos:
        if city.blobs.has(photo):
            writing.write(BLOB, city.blobs.get(photo))
            writing.counts["photos"] += 1


def _subject(uow: SqlUnitOfWork, text: str) -> UUID:
    found = uow.cases.find(text)
    if found is None:
        raise NotFound(
            f"There is no case {text!r} here.",
            advice="`case list` shows their numbers.",
            field="case",
        )
    return found


def _count(uow: SqlUnitOfWork) -> int:
    wanted = select(func.count(action.c.subject.distinct()))
    return int(uow.connection.execute(wanted).scalar_one())


def _by_subject(
    uow: SqlUnitOfWork, subjects: Sequence[UUID]
) -> Iterator[tuple[UUID, list[SignedAction]]]:
    columns = (action.c.subject, action.c.data, action.c.suite, action.c.signature)
    wanted = select(*columns).where(action.c.kind.not_in(_APART))
    if subjects:
        wanted = wanted.where(action.c.subject.in_(list(dict.fromkeys(subjects))))
    ordered = wanted.order_by(action.c.subject, action.c.seq).execution_options(yield_per=1_000)
    current: UUID | None = None
    held: list[SignedAction] = []
    for row in uow.connection.execute(ordered):
        if current is not None and row[0] != current:
            yield current, held
            held = []
        current = row[0]
        held.append(SignedAction(bytes(row[1]), row[2], bytes(row[3])))
    if current is not None:
        yield current, held
