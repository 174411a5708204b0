"""Writes a city's rows to a file that people and other programs can read, and import again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa

from app.data.city import SqlCity
from app.data.importing import MAP_LAYERS
from app.data.map_target import map_target
from app.data.readers import SHAPES, Kind
from app.data.selection import Selection, narrowed, who_may_see_words
from app.data.staging.meter import Meter, Progress
from app.data.writers import write
from app.domain.errors import InvalidInput
from app.services.changes import CaseRow
from app.services.views import CaseQuery

KINDS = (*MAP_LAYERS, Kind.CASES)
EVERYTHING = Selection()
_PAGE = 2_000


def export_city(
    city: SqlCity,
    kind: str,
    out: Path,
    progress: Progress,
    wanted: Selection = EVERYTHING,
) -> dict[str, Any]:
    """Write the wanted rows of `kind` (areas, parts, places, roads, buildings, cases) to `out`.

    The ending of `out` chooses the form (see `app.data.writers`). Rows stream: memory stays flat.
    Citizens' words and addresses of cases stay in the city unless `wanted.personal`; that they
    went out is then a signed action. Raises `InvalidInput` for another kind or ending, `NotFound`
    for an area, `NotAllowed`, `StorageFailure` if the disk fails; `out` is then as before.
    """
    if kind not in [str(one) for one in KINDS]:
        raise InvalidInput(
            f"There is no export of {kind!r}.", advice="One of: " + ", ".join(KINDS), field="kind"
        )
    chosen = Kind(kind)
    person = who_may_see_words(city, wanted) if wanted.personal else None
    meter = Meter(kind, progress)
    source = _cases(city, wanted) if chosen is Kind.CASES else _layer(city, chosen, meter)
    rows = write(chosen, narrowed(city, wanted, source), out, progress=meter.stored)
    if person is not None and chosen is Kind.CASES:
        _sign(city, rows, person.uid)
    meter.end()
    return {"kind": kind, "out": str(out), "rows": rows, "personal": person is not None}


def _layer(city: SqlCity, kind: Kind, meter: Meter) -> Iterator[pa.RecordBatch]:
    schema = SHAPES[kind].schema
    columns = [name for name in schema.names if name != "geom"]
    target = map_target(city)
    total = int(target.ask(f'SELECT count(*) FROM "{MAP_LAYERS[kind]}"')[0][0])
    done = 0
    for batch in target.rows(MAP_LAYERS[kind], columns):
        arrays = [
            batch.column(name).cast(kind_)
            for name, kind_ in zip(schema.names, schema.types, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)
        done += batch.num_rows
        meter.read(done, total)


def _sign(city: SqlCity, rows: int, person: UUID) -> None:
    """Record that personal data left the city, and for whom."""
    with city.begin(write=True) as uow:
        city.take(uow, "export", {"kind": "cases", "rows": rows, "person": person.hex})
        uow.commit()


def _cases(city: SqlCity, wanted: Selection) -> Iterator[pa.RecordBatch]:
    after = ""
    while True:
        with city.begin(write=False) as uow:
            page = uow.cases.page(CaseQuery(tab="all", limit=_PAGE, after=after))
        areas = {uid for row in page.rows for uid in (row.district, row.street) if uid}
        names = city.areas.names(areas)
        rows = [_plain(row, names) for row in page.rows]
        if not wanted.personal:
            rows = [{**row, "words": None, "address": None} for row in rows]
        yield pa.RecordBatch.from_pylist(rows, schema=SHAPES[Kind.CASES].schema)
        after = page.cursor
        if not after:
            return


def _plain(row: CaseRow, names: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "uid": row.uid.bytes,
        "source_key": row.receipt,
        "number": row.number or row.receipt,
        "matter1": None,
        "matter2": None,
        "matter3": row.matter_name or None,
        "district": names.get(row.district) if row.district else None,
        "street": names.get(row.street) if row.street else None,
        "community": None,
        "unit": row.unit_name or None,
        "source": row.source,
        "status": row.step,
        "reported_at": _instant(row.reported_ms),
        "due_at": _instant(row.due_ms),
        "closed_at": _instant(row.closed_ms),
        "lon": row.lon,
        "lat": row.lat,
        "address": row.address or None,
        "words": row.title or None,
        "sample": int(row.sample),
    }


def _instant(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
