"""A map server that shows round marks at known places, as WMS, WMTS, XYZ and vector tiles.

Every picture is computed from the ground it was asked for, so a mark lies where it belongs to a
small part of a pixel; what lies elsewhere in the end was moved by whoever drew it.
"""

from __future__ import annotations

import http.server
import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import numpy as np

from app.runtime.spawn import spawn_thread
from tests.support.tile_server import CAPABILITIES, WORLD

RADIUS = 5.0  # pixels of a mark
EXTENT = 4096  # of a vector tile
LEVELS = 19
Box = tuple[float, float, float, float]
Place = tuple[float, float]

_LAYER = """<Layer><ows:Title>t</ows:Title><ows:Identifier>city</ows:Identifier>
<Style isDefault="true"><ows:Identifier>default</ows:Identifier></Style>
<Format>image/png</Format><TileMatrixSetLink><TileMatrixSet>g</TileMatrixSet></TileMatrixSetLink>
<ResourceURL format="image/png" resourceType="tile"
 template="BASE/tile/{TileMatrix}/{TileCol}/{TileRow}.png"/></Layer>"""
_MATRIX = """<TileMatrix><ows:Identifier>{z}</ows:Identifier>
<ScaleDenominator>{scale!r}</ScaleDenominator><TopLeftCorner>-{w} {w}</TopLeftCorner>
<TileWidth>256</TileWidth><TileHeight>256</TileHeight>
<MatrixWidth>{n}</MatrixWidth><MatrixHeight>{n}</MatrixHeight></TileMatrix>"""


def mercator(lon: float, lat: float) -> Place:
    """Return metres of EPSG:3857."""
    x = math.radians(lon) * WORLD / math.pi
    return x, math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)) * WORLD / math.pi


def tile_box(z: int, x: int, y: int) -> Box:
    """Return the ground of a tile, metres of EPSG:3857."""
    side = 2 * WORLD / 2**z
    return -WORLD + x * side, WORLD - (y + 1) * side, -WORLD + (x + 1) * side, WORLD - y * side


def picture(box: Box, width: int, height: int, marks: Sequence[Place]) -> bytes:
    """Return a PNG, red marks (metres of EPSG:3857) on white."""
    rgb = np.full((height, width, 3), 255, np.uint8)
    rows, columns = np.indices((height, width)) + 0.5
    for x, y in marks:
        px = (x - box[0]) / (box[2] - box[0]) * width
        py = (box[3] - y) / (box[3] - box[1]) * height
        if -RADIUS < px < width + RADIUS and -RADIUS < py < height + RADIUS:
            rgb[np.hypot(columns - px, rows - py) < RADIUS] = (255, 0, 0)
    raw = np.concatenate([np.zeros((height, 1), np.uint8), rgb.reshape(height, -1)], axis=1)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = _chunk(b"IDAT", zlib.compress(raw.tobytes(), 1)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + body


def vector_tile(box: Box, marks: Sequence[Place]) -> bytes:
    """Return a Mapbox vector tile with one layer of points."""
    features = b""
    for x, y in marks:
        px = (x - box[0]) / (box[2] - box[0]) * EXTENT
        py = (box[3] - y) / (box[3] - box[1]) * EXTENT
        if 0 <= px < EXTENT and 0 <= py < EXTENT:
            move = _packed([1 << 3 | 1, _zigzag(round(px)), _zigzag(round(py))])
            features += _field(2, _number(3, 1) + _field(4, move))
    layer = _number(15, 2) + _field(1, b"place") + features + _number(5, EXTENT)
    return _field(3, layer)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _packed(values: Sequence[int]) -> bytes:
    return b"".join(_varint(value) for value in values)


def _zigzag(value: int) -> int:
    return value << 1 ^ value >> 31


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _field(number: int, body: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(body)) + body


class _Marks(http.server.BaseHTTPRequestHandler):
    """Answers /wms, /wmts and /tile/Z/X/Y.png or .pbf."""

    server: MarkServer
    timeout = 1

    def do_GET(self) -> None:
        """Answer one request."""
        parts = urlsplit(self.path)
        query = {k.upper(): v[0] for k, v in parse_qs(parts.query).items()}
        own = f"http://127.0.0.1:{self.server.server_address[1]}"
        marks = self.server.marks
        if parts.path.startswith("/tile/"):
            name, ending = parts.path.removeprefix("/tile/").rsplit(".", 1)
            z, x, y = (int(one) for one in name.split("/"))
            box = tile_box(z, x, y)
            png = ending == "png"
            self._send(picture(box, 256, 256, marks) if png else vector_tile(box, marks))
        elif parts.path == "/wmts":
            self._send(self._matrices(own).encode())
        elif query.get("REQUEST", "").lower() == "getcapabilities":
            self._send(CAPABILITIES.replace("BASE", f"{own}/wms?").encode())
        else:
            a, b, c, d = (float(one) for one in query["BBOX"].split(","))
            self._send(picture((a, b, c, d), int(query["WIDTH"]), int(query["HEIGHT"]), marks))

    def _matrices(self, own: str) -> str:
        top = 2 * WORLD / 256 / 0.00028
        levels = "".join(
            _MATRIX.format(z=z, scale=top / 2**z, w=WORLD, n=2**z) for z in range(LEVELS)
        )
        return (
            '<?xml version="1.0"?><Capabilities xmlns="http://www.opengis.net/wmts/1.0"'
            ' xmlns:ows="http://www.opengis.net/ows/1.1" version="1.0.0"><Contents>'
            + _LAYER.replace("BASE", own)
            + "<TileMatrixSet><ows:Identifier>g</ows:Identifier>"
            + "<ows:SupportedCRS>urn:ogc:def:crs:EPSG::3857</ows:SupportedCRS>"
            + levels + "</TileMatrixSet></Contents></Capabilities>"
        )  # fmt: skip

    def _send(self, body: bytes) -> None:
        kinds = {b"\x89": "image/png", b"<": "text/xml"}
        self.send_response(200)
        self.send_header("Content-Type", kinds.get(body[:1], "application/x-protobuf"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""


class MarkServer(http.server.ThreadingHTTPServer):
    """Shows `marks`, metres of EPSG:3857, until closed."""

    daemon_threads = False
    block_on_close = True

    def __init__(self, places: Sequence[Place]) -> None:
        super().__init__(("127.0.0.1", 0), _Marks)
        self.marks = [mercator(lon, lat) for lon, lat in places]

    def handle_error(self, *_args: object) -> None:
        """A client that went away is no news."""

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def mark_server(places: Sequence[Place]) -> Iterator[MarkServer]:
    """Show marks at `places` (degrees) on a port of this machine for a while."""
    server = MarkServer(places)
    thread = spawn_thread(target=server.serve_forever, name="mark-server", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
