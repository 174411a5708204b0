"""Layers of a city's map: which columns each has, in `map.gpkg` and in PostGIS alike.

Geometry is WGS 84 (EPSG:4326). `uid` and `*_uid` are 16 bytes (UUIDv7); times ISO 8601 in UTC;
`sample` is 1 for what is made up (示意).
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

GEOMETRY = "geom"
CRS = "EPSG:4326"


@dataclass(frozen=True)
class MapLayer:
    """One layer: geometry type as OGR names it, columns in order, columns worth an index.

    A layer without geometry (empty text) is a plain table of attributes.
    """

    name: str
    geometry: str
    columns: tuple[tuple[str, pa.DataType], ...]
    indexed: tuple[str, ...] = ("uid",)

    @property
    def schema(self) -> pa.Schema:
        """Arrow schema with the geometry as WKB in the last column, if there is one."""
        shape = [(GEOMETRY, pa.binary())] if self.geometry else []
        return pa.schema([*self.columns, *shape])


_UID = ("uid", pa.binary())
_NAME = ("name", pa.string())
_KIND = ("kind", pa.string())
_SAMPLE = ("sample", pa.int8())

LAYERS: dict[str, MapLayer] = {
    layer.name: layer
    for layer in (
        MapLayer(
            "area",
            "MultiPolygon",
            (
                _UID,
                ("tier", pa.string()),
                ("code", pa.string()),
                _NAME,
                ("name_en", pa.string()),
                ("parent_uid", pa.binary()),
                ("valid_from", pa.string()),
                ("valid_to", pa.string()),
                ("platform", pa.int8()),
                _SAMPLE,
            ),
            ("uid", "code", "parent_uid", "tier"),
        ),
        MapLayer(
            "road", "LineString", (_UID, _NAME, _KIND, ("width", pa.float64()), _SAMPLE),
            ("uid", "name"),
        ),
        MapLayer("water", "Polygon", (_UID, _NAME, _KIND, _SAMPLE)),
        MapLayer("green", "Polygon", (_UID, _NAME, _KIND, _SAMPLE)),
        MapLayer(
            "building",
            "Polygon",
            (
                _UID,
                _NAME,
                _KIND,
                ("storeys", pa.int16()),
                ("floor_m2", pa.float64()),
                ("curtain_wall", pa.int8()),
                ("historic", pa.int8()),
                ("compound_uid", pa.binary()),
                _SAMPLE,
            ),
        ),
        MapLayer("site", "Point", (_UID, _NAME, _KIND, _SAMPLE)),
        MapLayer(
            "place",
            "Point",
            (
                _UID,
                _NAME,
                ("address", pa.string()),
                ("road", pa.string()),
                ("lane", pa.string()),
                ("number", pa.string()),
                ("building", pa.string()),
                ("unit", pa.string()),
                ("room", pa.string()),
                _KIND,
                ("grid_uid", pa.binary()),
                ("source", pa.string()),
                _SAMPLE,
            ),
            ("uid", "name", "road"),
        ),
        MapLayer(
            "part",
            "Point",
            (
                _UID,
                ("code", pa.string()),
                ("class", pa.uint8()),
                ("state", pa.uint8()),
                ("grid_uid", pa.binary()),
                ("source", pa.string()),
                ("initial_date", pa.string()),
                ("accuracy", pa.string()),
                ("attrs", pa.string()),
                _SAMPLE,
            ),
            ("uid", "code"),
        ),
        MapLayer(
            "pipe",
            "LineString",
            (_UID, ("kind", pa.int8()), ("diameter", pa.float64()), ("length_m", pa.float64()),
             _SAMPLE),
        ),
        # Dated counts of people and firms by area; value is null where it is masked (small).
        MapLayer(
            "aggregate",
            "",
            (
                _UID,
                ("area_uid", pa.binary()),
                ("tier", pa.string()),
                ("code", pa.string()),
                ("measure", pa.string()),
                ("as_of", pa.string()),
                ("value", pa.int64()),
                ("masked", pa.int8()),
                _SAMPLE,
            ),
            ("uid", "area_uid", "code"),
        ),
    )
}  # fmt: skip
