"""Where a city keeps what lives on it: readings, positions, roles, photos; in files or a server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.data.blobs import CityBlobs
    from app.data.positions import Positions
    from app.data.role_lock import RoleLock
    from app.data.sign_log import ReadingLog


@dataclass(frozen=True)
class Keeping:
    """The stores of one city beside its truth; `take_s` is how often roles are to be tried."""

    log: ReadingLog
    positions: Positions
    lock: RoleLock
    blobs: CityBlobs
    take_s: float
    close: Callable[[], None]


def keeping_of(place: str, *, play: bool = True) -> Keeping:
    """Return the stores of the city in a folder or at an address.

    Without `play` this process never takes the roles. Raises `InvalidInput` for no address.
    """
    from app.data.city_folder import is_address

    return _remote(place, play=play) if is_address(place) else _local(Path(place), play=play)


def _local(folder: Path, *, play: bool) -> Keeping:
    from app.data.blobs import FileBlobs
    from app.data.positions import PositionFile
    from app.data.role_lock import FolderRoleLock, NoRoles
    from app.data.sign_log import SignLog

    lock = FolderRoleLock(folder) if play else NoRoles()
    signs = folder / "signs"
    blobs = FileBlobs(folder / "blobs")
    return Keeping(SignLog(signs), PositionFile(signs), lock, blobs, 5.0, lock.release)


def _remote(address: str, *, play: bool) -> Keeping:
    from app.data.postgis_blobs import PostgresBlobs
    from app.data.postgis_positions import PostgresPositions
    from app.data.postgis_roles import PostgresRoleLock
    from app.data.postgis_signs import PostgresSignLog
    from app.data.remote import cache_folder, remote_engine
    from app.data.role_lock import NoRoles
    from app.domain.errors import strip_secrets

    engine, name = remote_engine(address), strip_secrets(address)
    lock = PostgresRoleLock(address) if play else NoRoles()

    def close() -> None:
        lock.release()
        engine.dispose()

    return Keeping(
        PostgresSignLog(engine, name),
        PostgresPositions(engine, name),
        lock,
        PostgresBlobs(engine, name, cache_folder(address) / "blobs"),
        2.0,
        close,
    )
