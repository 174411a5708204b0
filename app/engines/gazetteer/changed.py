"""Addresses that change requests made, as columns for an index of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from uuid import UUID

import numpy as np

from app.domain.addresses.columns import AreaColumns, Coded, PlaceColumns
from app.domain.addresses.register import Entry

_CHAIN = 8  # merged into what was merged itself


def standing_in(entries: Sequence[Entry], found: Callable[[UUID], Entry | None]) -> list[Entry]:
    """Return the entries in use, and for each merged one the kept one under the other's names.

    `found` says of the base index what it knows of an address that no request has changed.
    """
    known = {one.uid: one for one in entries}
    kept = [one for one in entries if one.is_active]
    for one in entries:
        into: Entry | None = one
        steps = 0
        while into is not None and into.into is not None and steps < _CHAIN:
            into, steps = known.get(into.into) or found(into.into), steps + 1
        if into is not None and into is not one and into.is_active:
            names = (one.title, one.texts.get("address", ""), *one.aliases, *one.old)
            kept.append(replace(into, old=tuple(filter(None, names))))
    return kept


def columns_of(entries: Sequence[Entry], areas: AreaColumns) -> PlaceColumns:
    """Return entries as places; aliases and former names become further names."""
    row_of = {bytes(uid): row for row, uid in enumerate(areas.uid)}
    inside = [one.grid or one.street for one in entries]
    return PlaceColumns(
        uid=np.frombuffer(b"".join(one.uid.bytes for one in entries), np.uint8).reshape(-1, 16),
        name=[one.texts.get("name", "") for one in entries],
        address=[one.texts.get("address", "") for one in entries],
        other=[(i, name) for i, one in enumerate(entries) for name in (*one.aliases, *one.old)],
        **{kind: coded(one.texts.get(kind, "") for one in entries) for kind in _KINDS},
        lon=np.array([one.lon for one in entries]),
        lat=np.array([one.lat for one in entries]),
        area=np.array([row_of.get(uid.bytes, -1) if uid else -1 for uid in inside], np.int32),
    )


_KINDS = ("road", "lane", "number", "building", "unit", "room", "kind")


def coded(texts: Iterable[str]) -> Coded:
    """Return texts as codes into the different ones; an empty text has code -1."""
    number: dict[str, int] = {}
    codes = [number.setdefault(one, len(number)) if one else -1 for one in texts]
    return Coded(np.array(codes, np.int32), tuple(number))
