"""Write batches of a kind to a file, by its ending; the file appears whole or not at all."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Final

import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyogrio
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from pyogrio.errors import DataSourceError

from app.data.readers.schemas import SHAPES, Kind
from app.data.readers.shapefiles import SHORT
from app.data.writers.cells import guarded
from app.data.writers.present import GEOMETRY, OGR_GEOMETRY, presented, tabular
from app.domain.errors import AppError, InvalidInput, StorageFailure

Progress = Callable[[int], None]
"""Called with the rows written so far."""

_MOST_ROWS: Final = 1_048_575
_MOST_LETTERS: Final = 32_767
_CRS: Final = "EPSG:4326"
_DBF_BYTES: Final = 254
_BROKEN: Final = (OSError, DataSourceError, RuntimeError)


def write(
    kind: Kind | str,
    batches: Iterable[pa.RecordBatch],
    out: Path,
    *,
    progress: Progress | None = None,
) -> int:
    """Write `batches` of `kind` (in the columns of the readers' SHAPES) to `out`; return rows.

    `.geojson`, `.geojsonl`, `.gpkg` (1.2), `.shp`, `.parquet` (GeoParquet 1.0) and `.fgb` hold the
    geometry in WGS 84. `.csv` is UTF-8 with a mark, places as lon and lat, outlines as WKT;
    `.xlsx` tells outlines only by a point on them. A Shapefile shortens names to ten letters and
    holds texts of 254 bytes; like `.csv` and `.xlsx` it does not tell nothing from an empty text.
    All but `.xlsx` of outlines can be imported again and add nothing. Raises InvalidInput for
    another ending or more than a form holds, StorageFailure if the disk fails; `out` is then as
    before.
    """
    wanted = Kind(kind)
    writer = _WRITERS.get(out.suffix.lower())
    if writer is None:
        raise InvalidInput(
            f"No export is written as {out.suffix or out.name!r}.",
            advice="Name a file ending in .gpkg, .shp, .geojson, .geojsonl, .parquet, .fgb, .csv or"
            " .xlsx.",
            field="out",
        )
    counted = _Counted(wanted, batches, progress)
    with _whole_or_nothing(out, counted) as part:
        writer(wanted, counted, part)
    return counted.rows


class _Counted:
    """Passes batches on, at least an empty one; counts rows and keeps the source's own error."""

    def __init__(
        self, kind: Kind, batches: Iterable[pa.RecordBatch], progress: Progress | None
    ) -> None:
        self._none = pa.RecordBatch.from_pylist([], schema=SHAPES[kind].schema)
        self._batches = batches
        self._progress = progress
        self.rows = 0
        self.failure: AppError | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        yield self._none
        try:
            for batch in self._batches:
                yield batch
                self.rows += batch.num_rows
                if self._progress is not None:
                    self._progress(self.rows)
        except AppError as error:
            self.failure = error  # Arrow's C stream would swallow its words
            raise


@contextmanager
def _whole_or_nothing(out: Path, counted: _Counted) -> Iterator[Path]:
    """Yield a path beside `out` that takes its place if all went well.

    Of several files the one that was asked for goes first and comes last: killed in between, the
    export is not there, rather than there in part.
    """
    part = out.with_name(f"{out.stem}.part{out.suffix}")
    try:
        _clear(part)
        yield part
        family = sorted(_family(part), key=lambda one: one == part)
        for path in family:
            _sync(path)
        if len(family) > 1:
            out.unlink(missing_ok=True)
        for path in family:
            path.replace(out.with_suffix(path.suffix))
        _sync(out.parent)
    except _BROKEN as error:
        if counted.failure is not None:
            raise counted.failure from None
        raise StorageFailure(
            f"{out} could not be written: {' '.join(str(error).split())[:160]}.",
            advice="Check free space and rights; what was there before is as it was.",
            field="out",
        ) from error
    finally:
        _clear(part)


def _sync(path: Path) -> None:
    """Have the disk keep a file, or a folder's names, before going on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _family(part: Path) -> list[Path]:
    """Return a file's parts: a Shapefile has several."""
    endings = (".dbf", ".shx", ".prj", ".cpg", ".shp") if part.suffix == ".shp" else (part.suffix,)
    return [part.with_suffix(one) for one in endings if part.with_suffix(one).exists()]


def _clear(part: Path) -> None:
    beside = [part.with_name(part.name + one) for one in ("-journal", "-wal", "-shm")]
    for path in [*_family(part), *beside]:  # of a database also what a killed export left
        path.unlink(missing_ok=True)


def _write_csv(kind: Kind, batches: _Counted, out: Path) -> None:
    with out.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        for number, batch in enumerate(batches):
            table = tabular(kind, batch, outlines=True)
            if number == 0:
                writer.writerow(table.schema.names)
            for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
                writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])


def _write_sheet(kind: Kind, batches: _Counted, out: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(str(kind))
    sheet.freeze_panes = "A2"
    try:
        for number, batch in enumerate(batches):
            table = tabular(kind, batch, outlines=False)
            if number == 0:
                sheet.append(table.schema.names)
            _refuse_too_many(batches.rows + table.num_rows)
            for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
                sheet.append([_cell(sheet, value) for value in row])
    finally:
        sheet.close()  # ends its temporary file, also after an error
    book.save(out)


def _refuse_too_many(rows: int) -> None:
    if rows > _MOST_ROWS:
        raise InvalidInput(
            f"A sheet holds {_MOST_ROWS:,} rows, and there are more.",
            advice="Export as .csv or .gpkg.",
            field="out",
        )


def _cell(sheet: Any, value: object) -> object:
    """Return numbers as they are and texts as texts, whatever they start with."""
    if not isinstance(value, str):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", value)
    if len(text) > _MOST_LETTERS:
        text = text[: _MOST_LETTERS - 1] + "…"
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell


def _write_geojson(kind: Kind, batches: _Counted, out: Path) -> None:
    options = {"RFC7946": "YES", "COORDINATE_PRECISION": "9"}
    _write_ogr(kind, batches, out, "GeoJSON", {}, options)


def _write_geopackage(kind: Kind, batches: _Counted, out: Path) -> None:
    _write_ogr(kind, batches, out, "GPKG", {"VERSION": "1.2"}, {"GEOMETRY_NAME": GEOMETRY})


def _write_ogr(
    kind: Kind,
    batches: _Counted,
    out: Path,
    driver: str,
    dataset_options: dict[str, str],
    layer_options: dict[str, str],
) -> None:
    shown = (presented(kind, batch) for batch in batches)
    _stream_ogr(kind, next(shown), shown, out, driver, dataset_options, layer_options)


def _stream_ogr(
    kind: Kind,
    first: pa.RecordBatch,
    shown: Iterator[pa.RecordBatch],
    out: Path,
    driver: str,
    dataset_options: dict[str, str],
    layer_options: dict[str, str],
) -> None:
    """Write batches as presented, of which the first holds no rows."""
    drawn = GEOMETRY in first.schema.names
    reader = pa.RecordBatchReader.from_batches(first.schema, shown)
    pyogrio.write_arrow(
        reader,
        out,
        layer=str(kind),
        driver=driver,
        geometry_name=GEOMETRY if drawn else None,
        geometry_type=OGR_GEOMETRY[SHAPES[kind].geometry],
        crs=_CRS if drawn else None,
        dataset_options=dataset_options,
        layer_options=layer_options if drawn else {},
    )


def _write_lines(kind: Kind, batches: _Counted, out: Path) -> None:
    _write_ogr(kind, batches, out, "GeoJSONSeq", {}, {"COORDINATE_PRECISION": "9"})


def _write_flat(kind: Kind, batches: _Counted, out: Path) -> None:
    _write_ogr(kind, batches, out, "FlatGeobuf", {}, {"SPATIAL_INDEX": "NO"})


def _write_parquet(kind: Kind, batches: _Counted, out: Path) -> None:
    shown = (presented(kind, batch) for batch in batches)
    first = next(shown)
    schema = first.schema
    if GEOMETRY in schema.names:
        column = {"encoding": "WKB", "geometry_types": []}
        geo = {"version": "1.0.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}
        schema = schema.with_metadata({"geo": json.dumps(geo)})
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for batch in chain((first,), shown):
            writer.write_batch(batch.cast(schema))


def _write_shapefile(kind: Kind, batches: _Counted, out: Path) -> None:
    """Write the four files beside each other, with names of ten letters and texts in UTF-8."""
    shown = (_shortened(presented(kind, batch)) for batch in batches)
    first = next(shown)
    if GEOMETRY not in first.schema.names:
        raise InvalidInput(
            f"A Shapefile needs places, which {kind} have not.",
            advice="Export as .csv or .xlsx.",
            field="out",
        )
    _stream_ogr(kind, first, shown, out, "ESRI Shapefile", {}, {"ENCODING": "UTF-8"})


def _shortened(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch with short names; raises InvalidInput for texts that are too long."""
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if not pa.types.is_string(column.type):
            continue
        longest = pc.max(pc.binary_length(column)).as_py() or 0
        if longest > _DBF_BYTES:
            raise InvalidInput(
                f"A Shapefile holds texts of {_DBF_BYTES} bytes; one of {name} has {longest}.",
                advice="Export as .gpkg, which has no such limit.",
                field="out",
            )
    return batch.rename_columns([SHORT.get(name, name) for name in batch.schema.names])


_WRITERS: Final[dict[str, Callable[[Kind, _Counted, Path], None]]] = {
    ".csv": _write_csv,
    ".xlsx": _write_sheet,
    ".geojson": _write_geojson,
    ".json": _write_geojson,
    ".gpkg": _write_geopackage,
    ".geojsonl": _write_lines,
    ".geojsons": _write_lines,
    ".fgb": _write_flat,
    ".parquet": _write_parquet,
    ".geoparquet": _write_parquet,
    ".shp": _write_shapefile,
}
