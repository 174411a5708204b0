"""Matches imported places with the register: what is there already is not entered twice.

A row is the same as a place of the register if that has its name and address or lies close by
(`exact`), if its name is another name of one close by (`alias`), or if one close by has nearly its
name (`near`). Rows without a match are new. A young register takes them in; once it holds as
many places as the table of rules says (`matching.established`) they become change requests, which
a person decides on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import shapely

from app.data.city import SqlCity, now_ms
from app.data.gazetteer_source import address_rules
from app.data.map_schema import GEOMETRY
from app.data.map_target import map_target
from app.domain.addresses.normal import normal
from app.domain.addresses.register import PROPOSE, TEXTS, Change, fold_address
from app.domain.cases import E7
from app.services.views import PlaceMatch

_CELL = 0.002  # degrees, wider than any distance that counts as near
_METRES = 111_320.0
_LONGEST = 200
_FADES = 0.3  # what a place as far off as counts as near loses
_SAME_NAME = 0.95
_KINDS = ("exact", "alias", "near", "none")


@dataclass(frozen=True)
class _Known:
    uid: bytes
    name: str
    address: str
    lon: float
    lat: float
    alias: bool = False


@dataclass
class PlaceMatching:
    """One import's rows against the register as it was before."""

    city: SqlCity
    counts: Counter[str] = field(default_factory=Counter)
    asked: list[dict[str, Any]] = field(default_factory=list)
    new: int = 0  # of the asked ones, those that no earlier run had asked
    matches: list[PlaceMatch] = field(default_factory=list)
    sure: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        """Read the register."""
        self._rules = address_rules()
        self._uids: set[bytes] = set()
        self._near: defaultdict[tuple[int, int], list[_Known]] = defaultdict(list)
        self._read_map()
        with self.city.begin(write=False) as uow:
            for entry in uow.addresses.entries():
                for name in (*entry.aliases, *entry.old, entry.title):
                    self._add(_Known(entry.uid.bytes, self._plain(name), "", entry.lon, entry.lat,
                                     alias=True))  # fmt: skip

    def through(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield what is to be added; what is there already is counted and left out."""
        if not self._uids:
            yield from batches
            return
        established = len(self._uids) >= self._rules.established
        for batch in batches:
            judged = self._judge(batch)
            kinds = [one.kind for one in judged]
            known = np.array([kind != "none" for kind in kinds], np.bool_)
            again = np.isin(np.arange(len(kinds)), self._repeated(batch))
            if again.any():  # its own uid is there: the map passes over it and counts it
                yield batch.filter(pa.array(again))
            self.counts.update(np.array(kinds)[~again].tolist())
            for one, repeated in zip(judged, again.tolist(), strict=True):
                if not repeated:
                    self.matches.append(one)
                if one.kind != "none" and not repeated:
                    self.sure[one.kind].append(one.confidence)
            fresh = batch.filter(pa.array(~known & ~again))
            if established:
                self.asked += fresh.to_pylist()
            elif fresh.num_rows:
                yield fresh

    def ask(self) -> int:
        """Keep how each row was matched, and write a change request for each that is new.

        A row is left out that was taken in or asked before; returns how many were asked.
        """
        if self.matches:
            with self.city.begin(write=True) as uow:
                uow.addresses.put_matches(self.matches)
                uow.commit()
        if not self.asked:
            return 0
        with self.city.begin(write=True) as uow:
            for row in self.asked:
                uid = UUID(bytes=row["uid"])
                if uow.actions.of_subject(uid):
                    continue  # asked by an earlier run
                self.new += 1
                signed = self.city.take(uow, PROPOSE, self._body(row), uid)
                state = fold_address([signed.action])
                if state is not None:
                    uow.addresses.put(state, uow.actions.revision())
            uow.commit()
        return self.new

    def told(self, summary: dict[str, Any]) -> dict[str, Any]:
        """Return an import's summary with what was found in the register and what was asked."""
        if not self._uids:
            return summary
        matched = {kind: self.counts[kind] for kind in _KINDS}
        known = summary["known"] + sum(matched.values()) - matched["none"]
        known += len(self.asked) - self.new
        more = {"known": known, "matched": matched, "change_requests": self.new,
                "match_confidence": self._confidence()}  # fmt: skip
        return summary | more

    def _confidence(self) -> dict[str, dict[str, float]]:
        """Return for each kind of match how sure its rows are, 0 to 1: the mean and the least."""
        return {
            kind: {"mean": round(sum(sure) / len(sure), 3), "least": round(min(sure), 3)}
            for kind, sure in sorted(self.sure.items())
        }

    def _read_map(self) -> None:
        for batch in map_target(self.city).rows("place", ["uid", "name", "address"]):
            points = shapely.from_wkb(np.array(batch.column(GEOMETRY).to_pylist(), dtype=object))
            columns = (batch.column(name).to_pylist() for name in ("uid", "name", "address"))
            for uid, name, address, lon, lat in zip(
                *columns, shapely.get_x(points), shapely.get_y(points), strict=True
            ):
                self._uids.add(bytes(uid))
                plain = self._plain(name or address or "")
                self._add(_Known(bytes(uid), plain, self._plain(address or ""), lon, lat))

    def _add(self, one: _Known) -> None:
        self._near[(int(one.lon / _CELL), int(one.lat / _CELL))].append(one)

    def _repeated(self, batch: pa.RecordBatch) -> list[int]:
        return [i for i, uid in enumerate(batch.column("uid").to_pylist()) if uid in self._uids]

    def _judge(self, batch: pa.RecordBatch) -> list[PlaceMatch]:
        points = shapely.from_wkb(np.array(batch.column(GEOMETRY).to_pylist(), dtype=object))
        columns = (batch.column(name).to_pylist() for name in ("uid", "name", "address"))
        return [
            self._match(UUID(bytes=uid), name or address or "", address or "", lon, lat)
            for uid, name, address, lon, lat in zip(
                *columns, shapely.get_x(points), shapely.get_y(points), strict=True
            )
        ]

    def _match(self, uid: UUID, name: str, address: str, lon: float, lat: float) -> PlaceMatch:
        """Return the best match of one row: its kind, how sure it is, of what, and why."""
        told, plain = self._plain(name), self._plain(address)
        best = PlaceMatch(uid, name, address, lon, lat, "none", 0.0, 0, "", None, "")
        for one, away in self._around(lon, lat):
            fades = 1 - _FADES * away / self._rules.near_m
            if one.name == told and not one.alias and (one.address == plain or not plain):
                return _said(best, one, "exact", fades, away, "same_name_and_address")
            if one.name == told:
                kind = "alias" if one.alias or best.kind == "alias" else "near"
                why = "same_alias" if one.alias else "same_name"
                found = _said(best, one, kind, _SAME_NAME * fades, away, why)
            elif best.kind in ("none", "near"):
                alike = _alike(one.name, told)
                if alike < self._rules.fuzzy:
                    continue
                sure = alike * _SAME_NAME * fades
                found = _said(best, one, "near", sure, away, f"name_alike:{alike:.2f}")
            else:
                continue
            if found.confidence > best.confidence or found.kind == "alias" != best.kind:
                best = found
        return best

    def _around(self, lon: float, lat: float) -> Iterator[tuple[_Known, float]]:
        column, row = int(lon / _CELL), int(lat / _CELL)
        east = _METRES * float(np.cos(np.radians(lat)))
        for x in (column - 1, column, column + 1):
            for y in (row - 1, row, row + 1):
                for one in self._near.get((x, y), ()):
                    away = np.hypot((one.lon - lon) * east, (one.lat - lat) * _METRES)
                    if away <= self._rules.near_m:
                        yield one, float(away)

    def _plain(self, text: str) -> str:
        return normal(text, self._rules).text

    def _body(self, row: dict[str, Any]) -> dict[str, Any]:
        point = shapely.from_wkb(row[GEOMETRY])
        texts = {name: str(row[name])[:_LONGEST] for name in TEXTS if row.get(name)}
        lon, lat = float(shapely.get_x(point)), float(shapely.get_y(point))
        where = self.city.areas.at(lon, lat)
        areas = {"grid": where.grid, "street": where.street}
        return {
            "change": Change.NEW.value, **texts, "lon_e7": round(lon * E7),
            "lat_e7": round(lat * E7), "at_ms": now_ms(), "sample": bool(row.get("sample")),
            **{name: str(area.uid) for name, area in areas.items() if area is not None},
        }  # fmt: skip


def _said(
    row: PlaceMatch, known: _Known, kind: str, sure: float, away: float, why: str
) -> PlaceMatch:
    return replace(
        row, kind=kind, confidence=round(sure, 3), metres=round(away), reason=why,
        matched=UUID(bytes=known.uid), title=known.name,
    )  # fmt: skip


def _alike(one: str, other: str) -> float:
    """Return how alike two names are, 0 to 1; different numbers make different places."""
    if not one or not other or _digits(one) != _digits(other):
        return 0.0
    if 2 * min(len(one), len(other)) < max(len(one), len(other)):
        return 0.0
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())
