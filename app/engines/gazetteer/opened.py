"""The gazetteer as the services use it: the base index, the changes since, and the answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

import numpy as np

from app.domain.addresses.columns import AreaColumns, GazetteerSource
from app.domain.addresses.coordinates import Written, written_place
from app.domain.addresses.parse import LONGEST
from app.domain.addresses.register import Entry
from app.domain.addresses.rules import AddressRules
from app.domain.cases import E7
from app.engines.gazetteer.build import PLACE, Arrays, arrays_of, build_arrays, sounds_from
from app.engines.gazetteer.changed import columns_of, standing_in
from app.engines.gazetteer.district import district
from app.engines.gazetteer.doors import metres
from app.engines.gazetteer.files import (
    IndexUnusableError,
    built_ms,
    is_there,
    newest,
    read,
    write,
)
from app.engines.gazetteer.geocode import Geocoder, best
from app.engines.gazetteer.search import search
from app.engines.gazetteer.segment import Segment
from app.services.views import Geocoded, NearPlace, PlaceHit

_BESIDE_M = 100.0


class Gazetteer:
    """Searches and geocodes; fulfils `ports.Gazetteer`. Used on one thread.

    `fingerprint` is that of the map it was built from, `built_ms` when (Unix ms).
    """

    def __init__(
        self, arrays: Arrays, rules: AddressRules, fingerprint: str = "", built_ms: int = 0
    ) -> None:
        self.fingerprint = fingerprint
        self.built_ms = built_ms
        self._arrays = arrays
        self._rules = rules
        self._revision = -1
        self._segments: list[Segment] = [Segment(arrays, rules, frozenset())]
        self._coders = [Geocoder(self._segments[0])]

    def apply(self, revision: int, entries: Callable[[], Sequence[Entry]]) -> None:
        """Let the register's changes count; the same revision again costs nothing."""
        if revision == self._revision:
            return
        self._revision = revision
        changed = entries()
        masked = frozenset(one.uid.bytes for one in changed)
        self._segments = [Segment(self._arrays, self._rules, masked)]
        active = standing_in(changed, self._known)
        if active:
            areas = self._areas()
            places = columns_of(active, areas)
            arrays = arrays_of(areas, None, places, self._rules, sounds_from(self._arrays))
            delta = Segment(arrays, self._rules, frozenset())
            delta.hidden[: len(areas)] = True  # found in the base
            self._segments.append(delta)
        self._coders = [Geocoder(one) for one in self._segments]

    def search(
        self, text: str, limit: int, near: tuple[float, float] | None = None
    ) -> Sequence[PlaceHit]:
        """Return areas, grids, roads, places and addresses that match, best first."""
        return search(self._segments, text, limit, near)

    def geocode(self, text: str, limit: int = 5) -> Sequence[Geocoded]:
        """Return where an address may be, surest first, with the reasons."""
        text = "".join(one for one in text[:LONGEST] if one.isprintable()).strip()
        if not text:
            return []
        written = written_place(text)
        if written is not None:
            return [self._written(written)]
        return best([one for coder in self._coders for one in coder.find(text)], limit)

    def _written(self, one: Written) -> Geocoded:
        """Return a place that was written as coordinates, called by the address beside it."""
        near = self.nearest(one.lon, one.lat, 1)
        beside = near[0].address or near[0].title if near and near[0].metres <= _BESIDE_M else ""
        return Geocoded(
            f"{one.lon:.6f}, {one.lat:.6f}", beside, one.lon, one.lat, "point", 0.99,
            (f"coordinates:{one.system}",), 5.0,
        )  # fmt: skip

    def nearest(self, lon: float, lat: float, limit: int = 3) -> Sequence[NearPlace]:
        """Return the places of the register nearest to a point (degrees WGS 84)."""
        found: list[NearPlace] = []
        for segment in self._segments:
            things = np.flatnonzero((segment.kind == PLACE) & ~segment.hidden)
            away = metres(segment.lon[things], segment.lat[things], lon, lat)
            few = np.argsort(away)[:limit] if len(away) <= limit else np.argpartition(
                away, limit)[:limit]  # fmt: skip
            for at in few.tolist():
                one = int(things[at])
                found.append(
                    NearPlace(
                        segment.uid(one), segment.title(one), segment.detail(one),
                        float(segment.lon[one]), float(segment.lat[one]), float(away[at]),
                    )
                )  # fmt: skip
        return sorted(found, key=lambda one: one.metres)[:limit]

    def district(self, lon: float, lat: float, text: str, boundary: str) -> str:
        """Return a place's district by boundary, text and neighbours; see `district`."""
        return district(self._segments[0], lon, lat, text, boundary)

    def _known(self, uid: UUID) -> Entry | None:
        """Return what the base index says of a place."""
        base = self._segments[0]
        things = np.flatnonzero((base.arrays["uid"] == np.frombuffer(uid.bytes, np.uint8)).all(1))
        if not len(things):
            return None
        thing = int(things[0])
        texts = {"name": base.title(thing), "address": base.detail(thing)}
        lon, lat = float(base.lon[thing]), float(base.lat[thing])
        return Entry(uid, texts, round(lon * E7), round(lat * E7))

    def _areas(self) -> AreaColumns:
        """Return the base's areas again, so that changed places know theirs."""
        base, a = self._segments[0], self._arrays
        count = len(a["parent"])
        return AreaColumns(
            a["uid"][:count],  # type: ignore[arg-type]  # as written by `build`
            [base.kind_name(i).removeprefix("area:") for i in range(count)],
            [base.detail(i) for i in range(count)],
            ["" if base.title(i) == base.detail(i) else base.title(i) for i in range(count)],
            base.parent, base.lon[:count], base.lat[:count],
            np.asarray(a["size"][:count], np.float64),
        )  # fmt: skip


def open_gazetteer(folder: Path, source: GazetteerSource, rules: AddressRules) -> Gazetteer:
    """Open the index under `folder`, built anew if it is missing, torn or older than the map."""
    try:
        return open_ready(folder, source.fingerprint, rules)
    except IndexUnusableError:
        write(folder, build_arrays(source, rules), source.fingerprint)
        return open_ready(folder, source.fingerprint, rules)


def open_ready(folder: Path, fingerprint: str, rules: AddressRules) -> Gazetteer:
    """Open an index that is there; an empty fingerprint stands for the newest of this form.

    Raises `IndexUnusableError`.
    """
    wanted = fingerprint or newest(folder)
    return Gazetteer(read(folder, wanted), rules, wanted, built_ms(folder, wanted))


def build_index(folder: Path, source: GazetteerSource, rules: AddressRules) -> None:
    """Write the index of `source` to `folder` unless it is there; raises `StorageFailure`."""
    if not is_there(folder, source.fingerprint):
        write(folder, build_arrays(source, rules), source.fingerprint)
