"""A map server in this process that tells the truth or lies as its path says."""

from __future__ import annotations

import gzip
import http.server
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from app.runtime.spawn import spawn_thread

WORLD = 20037508.342789244
CAPABILITIES = f"""<?xml version="1.0" encoding="UTF-8"?>
<WMS_Capabilities version="1.3.0" xmlns="http://www.opengis.net/wms"
 xmlns:xlink="http://www.w3.org/1999/xlink">
<Service><Name>WMS</Name><Title>t</Title></Service>
<Capability><Request>
<GetCapabilities><Format>text/xml</Format><DCPType><HTTP><Get>
<OnlineResource xlink:href="BASE"/></Get></HTTP></DCPType></GetCapabilities>
<GetMap><Format>image/png</Format><DCPType><HTTP><Get>
<OnlineResource xlink:href="BASE"/></Get></HTTP></DCPType></GetMap>
</Request><Exception><Format>XML</Format></Exception>
<Layer><Title>t</Title><CRS>EPSG:3857</CRS>
<EX_GeographicBoundingBox><westBoundLongitude>-180</westBoundLongitude>
<eastBoundLongitude>180</eastBoundLongitude><southBoundLatitude>-85</southBoundLatitude>
<northBoundLatitude>85</northBoundLatitude></EX_GeographicBoundingBox>
<BoundingBox CRS="EPSG:3857" minx="-{WORLD}" miny="-{WORLD}" maxx="{WORLD}" maxy="{WORLD}"/>
<Layer queryable="0"><Name>city</Name><Title>city</Title><CRS>EPSG:3857</CRS></Layer>
</Layer></Capability></WMS_Capabilities>"""


def png(width: int, height: int, rgb: tuple[int, int, int] = (255, 0, 0)) -> bytes:
    """Return a picture of one colour."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    rows = (b"\0" + bytes(rgb) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )  # fmt: skip


class Lying(http.server.BaseHTTPRequestHandler):
    """Answers as the first word of the path says."""

    server: TileServer
    timeout = 1  # for a connection that asks nothing

    def do_GET(self) -> None:
        """Answer one request."""
        self.server.asked.append(self.path)
        way = urlsplit(self.path).path.strip("/").split("/")[0]
        query = {k.upper(): v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
        if self.server.away:
            self._send(503, "text/plain", b"away")
        elif query.get("REQUEST", "").lower() == "getcapabilities" and way != "hang_at_once":
            own = f"http://127.0.0.1:{self.server.server_address[1]}/{way}?"
            said = CAPABILITIES.replace("BASE", own)
            if way == "crs":  # it knows another coordinate system only
                said = said.replace("EPSG:3857", "EPSG:32650")
            self._send(200, "text/xml", said.encode())
        else:
            size = int(query.get("WIDTH", 256)), int(query.get("HEIGHT", 256))
            getattr(self, "_" + way)(*size)

    def _good(self, width: int, height: int) -> None:
        self._send(200, "image/png", png(width, height))

    def _html(self, _width: int, _height: int) -> None:
        self._send(200, "image/png", b"<!DOCTYPE html><html><body>Please log in</body></html>")

    def _size(self, width: int, height: int) -> None:
        self._send(200, "image/png", png(width // 2, height // 2))

    def _half(self, width: int, height: int) -> None:
        whole = png(width, height)
        self._send(200, "image/png", whole[: len(whole) // 2])

    def _huge(self, _width: int, _height: int) -> None:
        whole = png(8, 8)
        head = b"IHDR" + struct.pack(">II", 60_000, 60_000) + whole[24:29]
        claims = whole[:12] + head + struct.pack(">I", zlib.crc32(head)) + whole[33:]
        self._send(200, "image/png", claims)

    def _bomb(self, _width: int, _height: int) -> None:
        body = gzip.compress(bytes(96 << 20), 1)
        self.send_response(200)
        for name, value in (("Type", "image/png"), ("Encoding", "gzip"), ("Length", len(body))):
            self.send_header(f"Content-{name}", str(value))
        self.end_headers()
        self.wfile.write(body)

    def _crs(self, width: int, height: int) -> None:
        self._send(400, "text/xml", b"<ServiceException code='InvalidCRS'/>")

    def _error(self, _width: int, _height: int) -> None:
        self._send(500, "text/plain", b"no")

    def _none(self, _width: int, _height: int) -> None:
        self._send(404, "text/plain", b"no")

    def _redirect(self, _width: int, _height: int) -> None:
        self._to(self.path.replace("/redirect", "/good", 1))

    def _loop(self, _width: int, _height: int) -> None:
        self._to(self.path)

    def _hang(self, _width: int, _height: int) -> None:
        self.server.free.wait(60)

    _hang_at_once = _hang

    def _drip(self, width: int, height: int) -> None:
        whole = png(width, height)
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(len(whole)))
        self.end_headers()
        for at in range(len(whole)):
            if self.server.free.wait(0.3):
                return
            self.wfile.write(whole[at : at + 1])
            self.wfile.flush()

    def _to(self, path: str) -> None:
        self.send_response(302)
        self.send_header("Location", path)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""


class TileServer(http.server.ThreadingHTTPServer):
    """Serves until closed; `free` lets what hangs go, `away` makes every answer 503."""

    daemon_threads = False
    block_on_close = True  # no thread outlives the test

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Lying)
        self.free = threading.Event()
        self.asked: list[str] = []
        self.away = False

    def handle_error(self, *_args: object) -> None:
        """A client that went away is no news."""

    def url(self, way: str) -> str:
        """Return the address that answers in some way."""
        return f"http://127.0.0.1:{self.server_address[1]}/{way}"


@contextmanager
def tile_server() -> Iterator[TileServer]:
    """Serve on a port of this machine for a while."""
    server = TileServer()
    thread = spawn_thread(target=server.serve_forever, name="tile-server", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.free.set()
        server.shutdown()
        thread.join()
        server.server_close()
