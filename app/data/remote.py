"""What all parts of a remote city share: its engine, its folders on this machine, its errors.

The folder of this user holds the device's signing key (a key stays on its device, also when the
city does not); the cache folder holds what is derived or read through and may be deleted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import ArgumentError

from app.data.engine import postgres_engine
from app.data.errors import storage_error, translated
from app.domain.errors import InvalidInput, strip_secrets


def remote_engine(address: str) -> Engine:
    """Return an engine on the city at `address`; raises `InvalidInput` if that is none.

    Nothing is connected yet.
    """
    try:
        return postgres_engine(libpq_address(address))
    except (ArgumentError, ValueError) as error:
        raise InvalidInput(
            "The address of the database cannot be read.",
            advice="Write it as postgresql://user@host/database.",
            field="city",
        ) from error


def libpq_address(address: str) -> str:
    """Return the address in the one spelling that every library takes."""
    return address.replace("postgres://", "postgresql://", 1)


def own_folder(address: str) -> Path:
    """Return the folder of this user for the city: the device's key."""
    return platformdirs.user_data_path("wangge") / _name(address)


def cache_folder(address: str) -> Path:
    """Return the folder of this user for what is derived from the city: drawing store, photos."""
    return platformdirs.user_cache_path("wangge") / _name(address)


@contextmanager
def remote_errors(place: str) -> Generator[None]:
    """Raise faults of the server inside the block as errors of ours, psycopg's own among them."""
    try:
        with translated(place):
            yield
    except psycopg.Error as error:
        raise storage_error(error, place) from error


def _name(address: str) -> str:
    return hashlib.sha256(strip_secrets(address).encode()).hexdigest()[:16]
