"""Base maps: what may lie under the city's own layers, as a value that is checked once.

A wrong field is refused with one error that names it. The password is kept out of `repr` and of
every message; addresses are shown without what a service may hide in its query (tokens).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from app.domain.errors import InvalidInput

KINDS: Final = ("qgz", "wms", "wmts", "xyz", "vector_tiles", "postgis", "geotiff")
NETWORK: Final = frozenset({"wms", "wmts", "xyz", "vector_tiles", "postgis"})
_WEB = frozenset({"wms", "wmts", "xyz"})
_ENDINGS = {"qgz": (".qgz", ".qgs"), "geotiff": (".tif", ".tiff"), "vector_tiles": (".mbtiles",)}
_CRS = re.compile(r"EPSG:\d{4,6}")
_TABLE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*){0,2}")
_FORMATS = ("image/png", "image/jpeg", "image/webp", "image/tiff")
_PLAIN = {"name": 40, "layer": 400, "style": 200, "matrix_set": 100, "attribution": 200, "user": 80}


@dataclass(frozen=True)
class BaseMap:
    """One base map. Raises `InvalidInput` naming the field that is wrong.

    Attributes:
        name: what people call it; unique in a list.
        kind: one of `KINDS`.
        address: URL (wms, wmts, xyz, vector_tiles with {x} {y} {z}), `postgresql://host/db`
            (postgis), or the absolute path of a file (qgz, geotiff, vector_tiles .mbtiles).
        layer: WMS layers with commas, the WMTS layer, `schema.table` of PostGIS.
        style: WMS or WMTS style; of vector tiles the URL of a style.
        crs: in which WMS and WMTS are asked (`EPSG:…`); QGIS brings it onto the city's metres.
        format: of the images asked for.
        matrix_set: of WMTS.
        min_zoom, max_zoom: of tiled services, 0 to 24.
        opacity: 0.05 to 1.
        attribution: shown at the corner of the map and on prints.
        user, password: of PostGIS and of services that ask for them.
        imagery: whether it is photographs; in the dark theme a drawn map is turned dark,
            photographs are only dimmed.
        timeout_s: seconds until a picture counts as not coming, 1 to 60.
    """

    name: str
    kind: str
    address: str
    layer: str = ""
    style: str = ""
    crs: str = "EPSG:3857"
    format: str = "image/png"
    matrix_set: str = ""
    min_zoom: int = 0
    max_zoom: int = 18
    opacity: float = 1.0
    attribution: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    timeout_s: float = 10.0
    imagery: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be a base map."""
        for name, most in _PLAIN.items():
            _check_text(name, getattr(self, name), most)
        if not self.name.strip():
            raise InvalidInput("A base map needs a name.", field="name")
        if self.kind not in KINDS:
            raise InvalidInput(
                f"There is no kind {self.kind!r}.",
                advice=f"One of {', '.join(KINDS)}.",
                field="kind",
            )
        if not _CRS.fullmatch(self.crs):
            raise InvalidInput(
                f"{self.crs!r} is no coordinate system.", advice="Such as EPSG:3857.", field="crs"
            )
        if self.format not in _FORMATS:
            raise InvalidInput(
                f"{self.format!r} is no image format.",
                advice=f"One of {', '.join(_FORMATS)}.",
                field="format",
            )
        self._check_numbers()
        self._check_address()
        self._check_layer()

    def _check_numbers(self) -> None:
        for name, least, most in (("opacity", 0.05, 1.0), ("timeout_s", 1.0, 60.0)):
            value = getattr(self, name)
            if not (math.isfinite(value) and least <= value <= most):
                raise InvalidInput(
                    f"{name} is {value}, not between {least:g} and {most:g}.", field=name
                )
        if not 0 <= self.min_zoom <= self.max_zoom <= 24:
            raise InvalidInput(
                f"Zooms {self.min_zoom} to {self.max_zoom} are not within 0 to 24.",
                field="max_zoom",
            )

    def _check_address(self) -> None:
        _check_text("address", self.address, 2_000)
        if self.kind == "postgis":
            _check_url(self.address, ("postgresql", "postgres"))
        elif self.kind in _WEB or (self.kind == "vector_tiles" and "://" in self.address):
            _check_url(self.address, ("http", "https"))
            _check_template(self.kind, self.address)
        else:
            _check_path(self.kind, self.address)

    def _check_layer(self) -> None:
        if self.kind in ("wms", "wmts", "postgis") and not self.layer:
            raise InvalidInput(f"A base map of kind {self.kind} needs a layer.", field="layer")
        if self.kind == "postgis" and not _TABLE.fullmatch(self.layer):
            raise InvalidInput(
                f"{self.layer!r} names no table.",
                advice="Such as public.roads or public.roads.geom.",
                field="layer",
            )
        if self.kind == "wmts" and not self.matrix_set:
            raise InvalidInput("A base map of kind wmts needs a matrix set.", field="matrix_set")

    @property
    def is_network(self) -> bool:
        """Whether its pictures come over a network."""
        return self.kind in NETWORK and "://" in self.address

    @property
    def shown_address(self) -> str:
        """The address as people and logs may see it: without query, user and password."""
        if "://" not in self.address:
            return self.address
        parts = urlsplit(self.address)
        port = f":{parts.port}" if parts.port else ""
        query = "?…" if parts.query else ""
        return f"{parts.scheme}://{parts.hostname}{port}{parts.path}{query}"

    def record(self) -> dict[str, Any]:
        """Return what the QGIS process needs to draw it, as JSON values, password included."""
        return {name: getattr(self, name) for name in (*_PIXELS, "password", "timeout_s")}

    def fingerprint(self) -> str:
        """Return a text of 24 hex digits that changes with whatever its pixels depend on."""
        pixels = json.dumps([getattr(self, name) for name in _PIXELS], ensure_ascii=False)
        return hashlib.sha256(pixels.encode()).hexdigest()[:24]


_PIXELS = (
    "kind", "address", "layer", "style", "crs", "format", "matrix_set", "min_zoom", "max_zoom",
    "user",
)  # fmt: skip


def _check_text(name: str, text: str, most: int) -> None:
    if len(text) > most or not text.isprintable():
        raise InvalidInput(
            f"{name} is longer than {most} characters or holds unprintable ones.", field=name
        )


def _check_url(address: str, schemes: tuple[str, ...]) -> None:
    try:
        parts = urlsplit(address)
        host, user, _port = parts.hostname, parts.username, parts.port
    except ValueError as error:
        raise InvalidInput(f"The address cannot be read: {error}.", field="address") from error
    if parts.scheme not in schemes or not host or " " in address:
        raise InvalidInput(
            f"The address must begin with {schemes[0]}:// and a host.", field="address"
        )
    if user is not None or parts.password is not None:
        raise InvalidInput(
            "The address holds a user or password.",
            advice="Give user and password apart.",
            field="address",
        )


def _check_template(kind: str, address: str) -> None:
    if kind in ("xyz", "vector_tiles"):
        missing = [hole for hole in ("{x}", "{z}") if hole not in address]
        if "{y}" not in address and "{-y}" not in address:
            missing.append("{y}")
        if missing:
            raise InvalidInput(f"The address lacks {', '.join(missing)}.", field="address")


def _check_path(kind: str, address: str) -> None:
    path, endings = Path(address), _ENDINGS[kind]
    if not path.is_absolute() or address.startswith("/vsi") or "|" in address:
        raise InvalidInput(f"{address!r} is not the absolute path of a file.", field="address")
    if path.suffix.lower() not in endings:
        raise InvalidInput(f"{path.name} must end in {' or '.join(endings)}.", field="address")
