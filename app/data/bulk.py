"""Writes whole layers of a map at once: Arrow into a staging GeoPackage, indexed, swapped in.

GeoPackage 1.2, because Debian 12's GDAL reads that without a warning.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyogrio
from sqlcipher3 import dbapi2

from app.data.map_schema import CRS, GEOMETRY, LAYERS, MapLayer
from app.domain.errors import InvalidInput, StorageFailure

Progress = Callable[[str, float], None]


def write_map(
    path: Path, tables: Mapping[str, Iterable[pa.RecordBatch]], progress: Progress
) -> dict[str, int]:
    """Write `tables` (layer name to Arrow batches in `map_schema` columns) to a new `path`.

    The file appears whole or not at all, with all layers, those not given empty. Returns rows
    written by layer. Raises `InvalidInput` for a layer or column that is not in the schema,
    `StorageFailure` if the disk fails.
    """
    tables = {**tables, **{name: () for name in LAYERS if name not in tables}}
    part = path.with_suffix(".part.gpkg")
    part.unlink(missing_ok=True)
    written: dict[str, int] = {}
    try:
        for done, (name, batches) in enumerate(tables.items()):
            progress(name, done / len(tables))
            written[name] = _write_layer(part, _layer(name), batches)
        progress("index", 0.95)
        _index(part, [LAYERS[name] for name in written])
        _sync(part)
        part.replace(path)
    except (OSError, pyogrio.errors.DataSourceError, dbapi2.Error) as error:
        raise StorageFailure(
            f"The map could not be written to {path}: {error}",
            advice="Check free space and rights; nothing that was there before is harmed.",
        ) from error
    finally:
        part.unlink(missing_ok=True)
    progress("map", 1.0)
    return written


def empty_tables() -> dict[str, list[pa.RecordBatch]]:
    """Return all layers without rows, as a city starts that is filled by imports."""
    return {name: [] for name in LAYERS}


def _layer(name: str) -> MapLayer:
    try:
        return LAYERS[name]
    except KeyError as error:
        raise InvalidInput(f"There is no map layer {name!r}.", field="layer") from error


def _write_layer(path: Path, layer: MapLayer, batches: Iterable[pa.RecordBatch]) -> int:
    counted = _Counted(layer, batches)
    reader = pa.RecordBatchReader.from_batches(layer.schema, iter(counted))
    drawn: dict[str, Any] = {
        "geometry_name": GEOMETRY,
        "geometry_type": layer.geometry,
        "crs": CRS,
        "layer_options": {"FID": "fid", "GEOMETRY_NAME": GEOMETRY, "SPATIAL_INDEX": "YES"},
    }
    plain: dict[str, Any] = {"layer_options": {"FID": "fid"}}
    try:
        pyogrio.write_arrow(
            reader,
            path,
            layer=layer.name,
            driver="GPKG",
            dataset_options={} if path.exists() else {"VERSION": "1.2"},
            **(drawn if layer.geometry else plain),
        )
    except RuntimeError as error:
        raise counted.failure or error from error
    return counted.rows


class _Counted:
    """Casts batches to the layer's schema and counts rows on the way through.

    An error of the source is kept in `failure`, since Arrow's C stream would swallow its words.
    """

    def __init__(self, layer: MapLayer, batches: Iterable[pa.RecordBatch]) -> None:
        self._layer = layer
        self._batches = batches
        self.rows = 0
        self.failure: Exception | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._checked()
        except Exception as error:
            self.failure = error
            raise

    def _checked(self) -> Iterator[pa.RecordBatch]:
        schema = self._layer.schema
        for batch in self._batches:
            missing = set(schema.names) ^ set(batch.schema.names)
            if missing:
                raise InvalidInput(
                    f"Layer {self._layer.name}: columns differ: {sorted(missing)}.", field="columns"
                )
            self.rows += batch.num_rows
            yield batch.select(schema.names).cast(schema)


def _index(path: Path, layers: list[MapLayer]) -> None:
    connection = dbapi2.connect(str(path))
    try:
        for layer in layers:
            for column in layer.indexed:
                unique = "UNIQUE" if column == "uid" else ""
                name = f"ix_{layer.name}_{column}"
                connection.execute(f'CREATE {unique} INDEX "{name}" ON "{layer.name}" ("{column}")')
        connection.execute("ANALYZE")
        connection.commit()
    finally:
        connection.close()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
