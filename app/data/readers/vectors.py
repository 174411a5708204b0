"""Map files as a source: GeoJSON, GeoPackage, Shapefile, tiles and whatever else OGR reads."""

from __future__ import annotations

import json
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError

from app.data.readers.archives import refuse_bomb
from app.data.readers.chunks import Chunk, Column, Mark, Reject, objects, picked
from app.data.readers.geopackages import strangers
from app.data.readers.shapefiles import long_names, table_encoding
from app.domain.errors import InvalidInput

_BROKEN: Final = (DataSourceError, DataLayerError, pa.ArrowException, ValueError, RuntimeError)
_INDIRECT: Final = re.compile(
    rb"^\s*(?:<\?xml[^>]*>\s*)?<(?:OGRVRT|VRT|OGRWFS|GDAL_)", re.IGNORECASE
)
_MOST_ENTRIES: Final = 10_000
_WKB_HEAD: Final = 5
_NAMED_WITHIN: Final = 40
_SUFFIXES: Final = frozenset(
    [
        ".geojson",
        ".json",
        ".geojsonl",
        ".geojsons",
        ".geojsonseq",
        ".gpkg",
        ".shp",
        ".fgb",
        ".gml",
        ".kml",
        ".kmz",
        ".tab",
        ".mif",
        ".gdb",
        ".sqlite",
        ".mbtiles",
        ".dxf",
        ".dgn",
        ".pbf",
        ".mvt",
        ".zip",
        ".topojson",
    ]
)


def is_vector(path: Path) -> bool:
    """Whether a file's name says it is a map that OGR may read."""
    return path.suffix.lower() in _SUFFIXES


class VectorFile:
    """The first layer of a map file. Features are numbered from 1, in file order."""

    encoding: str | None = None

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        self._path = path
        self._notes: list[str] = []
        self._read = 0
        _refuse_indirect(path)
        self._refuse_bomb()
        self._options: dict[str, Any] = {}
        if path.suffix.lower() in (".geojson", ".json"):
            self._options["DATE_AS_STRING"] = "YES"
        if path.suffix.lower() == ".mbtiles":
            self._options["CLIP"] = "NO"  # keeps the points in the tiles' margins
        if path.suffix.lower() == ".shp":
            self.encoding, found = table_encoding(path, encoding)
            self._options |= {"ENCODING": found} if found else {}
        if path.suffix.lower() == ".fgb":  # its own way to Arrow breaks where a place is missing
            pyogrio.set_gdal_config_options({"OGR_FLATGEOBUF_STREAM_BASE_IMPL": True})
        self.total, named, self.crs = self._describe()
        self._names = long_names(named) if path.suffix.lower() == ".shp" else {}
        self.header = tuple(self._names.get(name, name) for name in named)

    def done(self) -> int:
        """Return features read, of `total`."""
        return self._read

    def close(self) -> None:
        """Close the file: it is open only while it is read."""

    def notes(self) -> list[str]:
        """Return what OGR remarked."""
        return list(dict.fromkeys(self._notes))

    def chunks(
        self, rows: int, columns: Collection[str], start: Mark | None = None
    ) -> Iterator[Chunk]:
        """Yield chunks of about `rows` features with their geometry in the file's own CRS.

        A mark is the number of features read.
        """
        self._read = start[0] if start else 0
        opened = pyogrio.open_arrow(
            self._path, layer=0, batch_size=rows, skip_features=self._read, **self._options
        )
        with ExitStack() as stack:
            meta, stream = self._heard(lambda: stack.enter_context(opened))
            reader = self._heard(lambda: pa.RecordBatchReader.from_stream(stream))
            name = meta["geometry_name"] or "wkb_geometry"
            while (batch := self._heard(lambda: next(reader, None))) is not None:
                chunk = self._chunk(batch, name, columns)
                chunk.mark = (self._read,)
                yield chunk
        if self._path.suffix.lower() == ".gpkg":
            self._notes += strangers(self._path)

    def _heard(self, step: Callable[[], Any]) -> Any:
        """Take a step of OGR's; its warnings become notes, its errors ours."""
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                return step()
            except (*_BROKEN, IndexError) as error:
                raise self._unreadable(error) from None
            finally:
                self._notes += [str(one.message) for one in said]

    def _refuse_bomb(self) -> None:
        if self._path.suffix.lower() not in (".zip", ".kmz"):
            return
        try:
            refuse_bomb(self._path)
            _refuse_indirect_inside(self._path)
        except (
            zipfile.BadZipFile,
            OSError,
            ValueError,
            EOFError,
            RuntimeError,
            zlib.error,
        ) as error:
            raise self._unreadable(error) from None

    def _describe(self) -> tuple[int, tuple[str, ...], str | None]:
        info = self._heard(lambda: pyogrio.read_info(self._path, layer=0, **self._options))
        layers = [str(one) for one in self._heard(lambda: pyogrio.list_layers(self._path))[:, 0]]
        if len(layers) > 1 and self._path.suffix.lower() != ".mbtiles":
            others = ", ".join(layers[1:6]) + (" …" if len(layers) > 6 else "")
            self._notes.append(f"of its layers only {layers[0]} was read, not {others}")
        crs = None if _is_undefined(info["crs"]) else info["crs"]
        return max(int(info["features"]), 0), tuple(info["fields"]), crs

    def _chunk(self, batch: pa.RecordBatch, geometry_name: str, wanted: Collection[str]) -> Chunk:
        first = self._read + 1
        self._read += batch.num_rows
        numbers = np.arange(first, first + batch.num_rows, dtype=np.int64)
        columns = {
            self._names.get(name, name): as_text(batch.column(name))
            for name in batch.schema.names
            if self._names.get(name, name) in wanted
        }
        if geometry_name not in batch.schema.names:
            return Chunk(numbers, columns, objects([None] * batch.num_rows))
        wkb = objects(batch.column(geometry_name).to_pylist())
        if any(_is_curved(one) for one in wkb):
            wkb = self._heard(lambda: self._straight(first - 1, len(wkb)))
        return with_geometry(numbers, columns, wkb)

    def _straight(self, skip: int, count: int) -> NDArray[np.object_]:
        """Read some features' geometry again, with curves made into short straight lines."""
        found = pyogrio.raw.read(
            self._path, layer=0, columns=[], skip_features=skip, max_features=count, **self._options
        )
        wkb: NDArray[np.object_] = found[2]
        return wkb

    def _unreadable(self, error: BaseException) -> InvalidInput:
        said = " ".join(str(error).split())[:160]
        return InvalidInput(
            f"{self._path.name} cannot be read as a map file: {said}.",
            advice="Nothing was imported. Open it in QGIS and export it as GeoJSON or GeoPackage.",
            field="source",
        )


def _is_undefined(crs: str | None) -> bool:
    """Whether a file says itself that it does not know its system, as a GeoPackage's 0 and -1."""
    return crs is not None and "Undefined" in crs[:_NAMED_WITHIN]


def _is_curved(wkb: bytes | None) -> bool:
    """Whether WKB holds a curve: CircularString to MultiSurface, with or without Z and M."""
    if wkb is None or len(wkb) < _WKB_HEAD:
        return False
    kind = int.from_bytes(wkb[1:_WKB_HEAD], "little" if wkb[0] else "big") & 0x0FFFFFFF
    return 8 <= kind % 1000 <= 12


def with_geometry(
    numbers: NDArray[np.int64], columns: dict[str, Column], wkb: NDArray[np.object_]
) -> Chunk:
    """Decode WKB; what cannot be decoded becomes a reject."""
    shapes = shapely.from_wkb(wkb, on_invalid="ignore")
    lost = np.array([w is not None and g is None for w, g in zip(wkb, shapes, strict=True)], bool)
    if not lost.any():
        return Chunk(numbers, columns, shapes)
    reason, mend = "geometry cannot be read", "draw it again in QGIS"
    rejects = [Reject(int(row), "geometry", "", reason, mend) for row in numbers[lost]]
    whole = np.flatnonzero(~lost)
    kept = {name: picked(column, whole) for name, column in columns.items()}
    return Chunk(numbers[~lost], kept, shapes[~lost], rejects)


def as_text(column: pa.Array) -> Column:
    """Return any column as texts, null where it was."""
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return [_written(cell) for cell in column.to_pylist()]
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        raw = column.cast(pa.binary()).to_pylist()
        return [None if cell is None else cell.decode("utf-8", "surrogateescape") for cell in raw]
    return column.cast(pa.string())


def _written(cell: object) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, bool):
        return str(int(cell))
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, (list, dict)):
        return json.dumps(cell, ensure_ascii=False, default=str)
    if isinstance(cell, bytes):
        return cell.hex()
    return str(cell)


def _refuse_indirect(path: Path) -> None:
    """Refuse files that make OGR read other files or addresses."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        head = file.read(4096)
    if _INDIRECT.match(head):
        raise InvalidInput(
            f"{path.name} is no map but points to others, which is not followed.",
            advice="Nothing was imported. Export the data themselves.",
            field="source",
        )


def _refuse_indirect_inside(path: Path) -> None:
    """Refuse an archive with such a file in it; raises BadZipFile."""
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist()[:_MOST_ENTRIES]:
            with archive.open(entry) as file:
                head = file.read(4096)
            if _INDIRECT.match(head) or entry.filename.lower().endswith((".vrt", ".zip", ".kmz")):
                raise InvalidInput(
                    f"{path.name} holds {entry.filename}, which points to other files.",
                    advice="Nothing was imported. Unpack it and name the file that is meant.",
                    field="source",
                )
        if len(archive.infolist()) > _MOST_ENTRIES:
            raise InvalidInput(
                f"{path.name} holds more than {_MOST_ENTRIES:,} files.",
                advice="Nothing was imported. Unpack it and name the file that is meant.",
                field="source",
            )
