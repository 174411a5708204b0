"""What a city says of itself, as keys and values."""

from __future__ import annotations

import json
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from app.data.errors import readable
from app.data.tables import city
from app.data.upsert import upsert
from app.domain.errors import StorageFailure
from app.services.views import CityFacts

_GET = select(city.c.value).where(city.c.key == bindparam("key"))
_FACTS = "facts"


def get_fact(connection: Connection, key: str) -> str | None:
    """Return the value of `key`, if there is one."""
    value: str | None = connection.execute(_GET, {"key": key}).scalar()
    return value


def put_fact(connection: Connection, key: str, value: str) -> None:
    """Set the value of `key`."""
    connection.execute(upsert(connection, city, "key"), {"key": key, "value": value})


def read_city_facts(connection: Connection) -> CityFacts:
    """Return the city's facts; raises `StorageFailure` if they are not there."""
    text = get_fact(connection, _FACTS)
    if text is None:
        raise StorageFailure(
            "The database holds no city: its facts are missing.",
            advice="Make a new one with `city new`, or restore the last backup.",
        )
    with readable("account of the city"):
        raw = json.loads(text)
        return CityFacts(**{**raw, "uid": UUID(raw["uid"])})


def write_city_facts(connection: Connection, facts: CityFacts) -> None:
    """Keep the city's facts."""
    raw = {
        "uid": str(facts.uid),
        "name": facts.name,
        "code": facts.code,
        "lon0": facts.lon0,
        "lat0": facts.lat0,
        "sample": facts.sample,
        "created_at": facts.created_at,
        "totals": dict(facts.totals),
    }
    put_fact(connection, _FACTS, json.dumps(raw, ensure_ascii=False))
