"""Photos and files of a remote city: in its database, read through a folder of this user."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sqlalchemy import Engine, text

from app.data.blobs import FileBlobs
from app.data.remote import remote_errors
from app.domain.errors import NotFound, StorageFailure
from app.runtime.jobs import wall_ms

_PUT = text(
    "INSERT INTO blob (digest, data, received_ms) VALUES (:digest, :data, :now) "
    "ON CONFLICT (digest) DO NOTHING"
)
_GET = text("SELECT data FROM blob WHERE digest = :digest")
_HAS = text("SELECT 1 FROM blob WHERE digest = :digest")
_DROP = text("DELETE FROM blob WHERE digest = :digest")


class PostgresBlobs:
    """Fulfils `blobs.CityBlobs` for the city at `place`. May be used from any thread.

    The server says what there is; `cache` spares it sending the same bytes twice, and answers
    alone while the server is away. A file that was dropped there is dropped here when asked for.
    """

    def __init__(self, engine: Engine, place: str, cache: Path) -> None:
        self._engine = engine
        self._place = place
        self._cache = FileBlobs(cache)

    def put(self, data: bytes, name: str) -> str:
        """See `CityBlobs.put`; when the server fails the bytes stay in the cache."""
        digest = self._cache.put(data, name)
        with remote_errors(self._place), self._engine.begin() as connection:
            connection.execute(_PUT, {"digest": digest, "data": data, "now": wall_ms()})
        return digest

    def get(self, digest: str) -> bytes:
        """See `CityBlobs.get`."""
        kept = self._cache.has(digest)
        try:
            here = self.has(digest)
        except StorageFailure:
            if kept:
                return self._cache.get(digest)
            raise
        if not here:
            self._cache.drop(digest)
            raise NotFound(f"The file {digest[:12]}… is not here (yet).")
        return self._cached(digest) if kept else self._fetch(digest)

    def has(self, digest: str) -> bool:
        """See `CityBlobs.has`."""
        self._cache.has(digest)  # refuses what is no hash
        with remote_errors(self._place), self._engine.connect() as connection:
            return connection.execute(_HAS, {"digest": digest}).first() is not None

    def drop(self, digest: str) -> bool:
        """See `CityBlobs.drop`; copies in other users' caches go when next asked for."""
        self._cache.drop(digest)
        with remote_errors(self._place), self._engine.begin() as connection:
            return connection.execute(_DROP, {"digest": digest}).rowcount > 0

    def _cached(self, digest: str) -> bytes:
        try:
            return self._cache.get(digest)
        except StorageFailure:  # a broken copy: the server has the file itself
            self._cache.drop(digest)
            return self._fetch(digest)

    def _fetch(self, digest: str) -> bytes:
        with remote_errors(self._place), self._engine.connect() as connection:
            data = connection.execute(_GET, {"digest": digest}).scalar()
        if data is None:
            raise NotFound(f"The file {digest[:12]}… is not here (yet).")
        data = bytes(data)
        if hashlib.sha256(data).hexdigest() != digest:
            raise StorageFailure(
                f"The file {digest[:12]}… was altered on the server.",
                advice="Restore it from a backup.",
            )
        self._cache.put(data, digest)
        return data
