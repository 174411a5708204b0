"""The board of vital signs: takes readings in, judges them, gives the rows that changed.

It holds the last value and a short history of each sign of each area, and knows for every sign
of the city which area stands worst. Late readings (older than the last one) are not shown.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.signs import Sign
from app.runtime.batches import ReadingBatch
from app.services.changes import SignRow

HISTORY = 60


@dataclass
class _Spot:
    value: float = math.nan
    at_ms: int = 0
    source: str = ""
    history: deque[float] = field(default_factory=lambda: deque(maxlen=HISTORY))


class SignBoard:
    """The present of all signs. Used on one thread (the batch lane's).

    Args:
        signs: what is measured.
        city: code of the city's own area; the others are compared to find the worst.
        names: name of each area by code.
    """

    def __init__(self, signs: Iterable[Sign], city: str, names: Mapping[str, str]) -> None:
        self._signs = {sign.code: sign for sign in signs}
        self._city = city
        self._names = dict(names)
        self._spots: dict[tuple[str, str], _Spot] = {}
        self._areas: dict[str, set[str]] = {code: set() for code in self._signs}

    def take(self, batches: Sequence[ReadingBatch]) -> tuple[SignRow, ...]:
        """Take readings in and return a row for each sign of an area that they changed.

        Readings of signs that are not in the table are left out.
        """
        changed: dict[tuple[str, str], None] = {}
        for batch in batches:
            for code, area, value, at_ms in zip(
                batch.sign.tolist(), batch.area.tolist(), batch.value.tolist(),
                batch.at_ms.tolist(), strict=True,
            ):  # fmt: skip
                key = (batch.signs[code], batch.areas[area])
                if self._put(key, value, at_ms, batch.source):
                    changed[key] = None
        return tuple(self._row(code, area) for code, area in changed)

    def rows(self) -> tuple[SignRow, ...]:
        """Return all rows as they stand."""
        return tuple(self._row(code, area) for code, area in list(self._spots))

    def _put(self, key: tuple[str, str], value: float, at_ms: int, source: str) -> bool:
        code, area = key
        if code not in self._signs:
            return False
        spot = self._spots.setdefault(key, _Spot())
        if at_ms < spot.at_ms:
            return False
        spot.value, spot.at_ms, spot.source = value, at_ms, source
        spot.history.append(value)
        if area != self._city:
            self._areas[code].add(area)
        return True

    def _row(self, code: str, area: str) -> SignRow:
        sign, spot = self._signs[code], self._spots[code, area]
        return SignRow(
            code=code,
            area=area,
            name_zh=sign.name_zh,
            name_en=sign.name_en,
            dimension=sign.dimension,
            unit=sign.unit,
            value=spot.value,
            state=sign.judge(spot.value),
            at_ms=spot.at_ms,
            source=spot.source,
            low=sign.low,
            high=sign.high,
            history=tuple(spot.history),
            worst_area=self._worst(sign) if area == self._city else "",
        )

    def _worst(self, sign: Sign) -> str:
        areas = self._areas[sign.code]
        if not areas:
            return ""
        worst = max(
            sorted(areas), key=lambda area: sign.badness(self._spots[sign.code, area].value)
        )
        return self._names.get(worst, worst)
