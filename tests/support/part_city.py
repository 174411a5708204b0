"""A tiny city with some thousand parts of all classes and states, in a folder, with its store."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from app.data.map_import import append_rows
from app.data.map_schema import LAYERS
from app.domain.geodesy import CityFrame
from app.domain.identity import uuid7
from app.sample.tiny import create_tiny_city

PARTS = 6_000


def part_city(folder: Path, seed: int = 5) -> Path:
    """Make the city and return its folder."""
    create_tiny_city(folder).close()
    chance = np.random.default_rng(seed)
    lon, lat = chance.uniform(121.405, 121.495, PARTS), chance.uniform(31.105, 31.195, PARTS)
    schema = LAYERS["part"].schema
    columns: dict[str, list[object]] = {name: [None] * PARTS for name in schema.names}
    columns["uid"] = [uuid7(9, 90_000 + n).bytes for n in range(PARTS)]
    columns["code"] = [f"31010101{n:08d}" for n in range(PARTS)]
    columns["class"] = [int(c) for c in chance.integers(0, 85, PARTS)]
    columns["state"] = [int(s) for s in chance.choice(4, PARTS, p=[0.8, 0.1, 0.05, 0.05])]
    columns["sample"] = [1] * PARTS
    columns["geom"] = list(shapely.to_wkb(shapely.points(lon, lat)))
    batch = pa.RecordBatch.from_pydict(columns, schema=schema)
    append_rows(folder, "part", [batch], lambda _rows: None)
    return folder


def placed(folder: Path, frame: CityFrame) -> tuple[sqlite3.Connection, NDArray[np.float64]]:
    """Open map.gpkg with a table `placed` (fid, cls, state, x, y in local metres) beside it.

    Returns the connection and the places, float64 (n, 2).
    """
    db = sqlite3.connect(f"file:{folder / 'map.gpkg'}?mode=ro", uri=True)
    rows = db.execute('SELECT fid, "class", state, geom FROM part ORDER BY fid').fetchall()
    points = shapely.from_wkb([_wkb(row[3]) for row in rows])
    x, y = frame.to_xy(shapely.get_x(points), shapely.get_y(points))
    db.execute("CREATE TEMP TABLE placed (fid INT, cls INT, state INT, x REAL, y REAL)")
    table = [(*row[:3], float(px), float(py)) for row, px, py in zip(rows, x, y, strict=True)]
    db.executemany("INSERT INTO placed VALUES (?, ?, ?, ?, ?)", table)
    return db, np.stack([x, y], axis=1)


def _wkb(blob: bytes) -> bytes:
    """Return the WKB in a GeoPackage blob of a point, with or without an envelope."""
    return blob[8:] if blob[3] & 0x0E == 0 else blob[40:]
