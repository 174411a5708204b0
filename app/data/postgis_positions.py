"""The last positions of live units of a remote city, a row each, for other processes' windows."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Engine, text

from app.data.remote import remote_errors
from app.services.changes import UnitRow

_TURN = 0x57475531  # writers one after another, so that `rev` only grows ("WGU1")
_COLUMNS = "uid, name, kind, lon, lat, heading, at_ms"
_REV = text("SELECT COALESCE(max(rev), 0) FROM live_unit")
_PUT = text(
    f"INSERT INTO live_unit ({_COLUMNS}, rev) SELECT *, CAST(:rev AS bigint) FROM unnest("
    "CAST(:uids AS uuid[]), CAST(:names AS text[]), CAST(:kinds AS text[]), "
    "CAST(:lons AS float[]), CAST(:lats AS float[]), CAST(:headings AS float[]), "
    "CAST(:times AS bigint[])) ON CONFLICT (uid) DO UPDATE SET name = EXCLUDED.name, "
    "kind = EXCLUDED.kind, lon = EXCLUDED.lon, lat = EXCLUDED.lat, "
    "heading = EXCLUDED.heading, at_ms = EXCLUDED.at_ms, rev = EXCLUDED.rev"
)
_ALL = text(f"SELECT {_COLUMNS}, rev FROM live_unit ORDER BY uid")


class PostgresPositions:
    """Positions of the city at `place`; fulfils `positions.Positions`."""

    def __init__(self, engine: Engine, place: str) -> None:
        self._engine = engine
        self._place = place
        self._seen = 0
        self._units: dict[UUID, UnitRow] = {}
        self._read: dict[UUID, UnitRow] = {}

    def put(self, units: Sequence[UnitRow]) -> None:
        """See `Positions.put`."""
        last = {unit.uid: unit for unit in units}
        rows = list(last.values())
        with remote_errors(self._place), self._engine.begin() as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_TURN})"))
            rev = connection.execute(_REV).scalar_one() + 1
            values = {
                "rev": rev,
                "uids": [unit.uid for unit in rows],
                "names": [unit.name for unit in rows],
                "kinds": [unit.kind for unit in rows],
                "lons": [unit.lon for unit in rows],
                "lats": [unit.lat for unit in rows],
                "headings": [unit.heading for unit in rows],
                "times": [unit.at_ms for unit in rows],
            }
            connection.execute(_PUT, values)
        self._units |= last

    def changed(self) -> tuple[UnitRow, ...] | None:
        """See `Positions.changed`."""
        with remote_errors(self._place), self._engine.connect() as connection:
            if connection.execute(_REV).scalar_one() == self._seen:
                return None
            rows = connection.execute(_ALL).all()
        self._seen = max((row.rev for row in rows), default=0)
        units = tuple(UnitRow(*row[:7]) for row in rows)
        self._read = {unit.uid: unit for unit in units}
        return units

    def known(self, since_ms: int) -> tuple[UnitRow, ...]:
        """See `Positions.known`."""
        units = {**self._read, **self._units}.values()
        return tuple(unit for unit in units if unit.at_ms >= since_ms)
