"""What this user of this machine prefers: a typed, versioned file, never part of a city.

Window geometry alone lives in Qt's own settings. A file that cannot be read is set aside, not
overwritten, and said; the program starts with defaults.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.data.private_file import locked_private, write_private
from app.domain.errors import StorageFailure

SCHEMA_VERSION: Literal[1] = 1
_FILE = "settings.json"
_LOG = logging.getLogger(__name__)
_RECENT_MOST = 8


class MapView(BaseModel):
    """Where the map was left: degrees WGS 84 and metres per pixel."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    m_per_px: float = Field(gt=0, le=10_000)


class Settings(BaseModel):
    """All preferences; unknown keys are refused, so that a typing error is not lost."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    schema_version: Literal[1] = SCHEMA_VERSION
    lang: Literal["zh", "en"] = "zh"
    theme: Literal["light", "dark"] = "light"
    station: Literal["desk", "wall", "field"] = "desk"
    role: str = "dispatcher"
    camera_folder: str = ""  # of the field station
    recent_cities: list[str] = Field(default_factory=list, max_length=_RECENT_MOST)
    views: dict[str, MapView] = Field(default_factory=dict)  # by city
    cache_mb: int = Field(default=512, ge=64, le=100_000)  # of base maps, without kept pieces
    cache_folder: str = ""  # of base maps; empty is this user's own
    printing: dict[str, str | int | bool] = Field(default_factory=dict)  # as last chosen
    saved_views: dict[str, dict[str, str]] = Field(default_factory=dict)  # station, name: link
    map_states: dict[str, str] = Field(default_factory=dict)  # station: link its map was left with

    def with_city(self, city: str) -> Settings:
        """Return these settings with `city` first among the recent ones."""
        recent = [city, *(one for one in self.recent_cities if one != city)]
        return self.model_copy(update={"recent_cities": recent[:_RECENT_MOST]})


@dataclass(frozen=True)
class Loaded:
    """Settings as read, and what a person should be told about the reading, if anything."""

    settings: Settings
    note: str = ""


# What turns the plain form of one version into that of the next.
_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def settings_folder() -> Path:
    """Return the folder of this user's settings."""
    return platformdirs.user_config_path("wangge")


def load_settings(folder: Path) -> Loaded:
    """Read the settings in `folder`; never raises for what stands in the file."""
    path = folder / _FILE
    try:
        raw = json.loads(path.read_text("utf-8"))
        return Loaded(Settings.model_validate_json(json.dumps(_migrated(raw))))
    except FileNotFoundError:
        return Loaded(Settings())
    except OSError as error:
        return Loaded(Settings(), f"{path} cannot be read ({error.strerror}); defaults are used.")
    except (ValueError, ValidationError, KeyError, TypeError) as error:
        aside = path.with_suffix(".broken.json")
        path.replace(aside)
        why = str(error).splitlines()[0]
        return Loaded(Settings(), f"{path} was not valid ({why}) and was set aside as {aside}.")


def save_settings(folder: Path, settings: Settings) -> None:
    """Write `settings` whole or not at all; raises `StorageFailure`."""
    path = folder / _FILE
    try:
        write_private(path, settings.model_dump_json(indent=2))
    except OSError as error:
        raise StorageFailure(
            f"The settings could not be saved to {path}: {error.strerror}.",
            advice="The program goes on; they hold until it is closed.",
        ) from error


def merge_settings(folder: Path, changes: dict[str, Any]) -> None:
    """Change only these fields of the file, whatever another process wrote meanwhile.

    Maps are changed by their own keys: give what is new of them, `None` for what is gone. Raises
    `StorageFailure`, and changes nothing then.
    """
    path = folder / _FILE
    try:
        with locked_private(path):
            there = load_settings(folder).settings.model_dump()
            for name, value in changes.items():
                is_map = isinstance(value, dict) and isinstance(there.get(name), dict)
                there[name] = _merged(there[name], value) if is_map else value
            save_settings(folder, Settings.model_validate(there))
    except OSError as error:
        raise StorageFailure(
            f"The settings could not be saved to {path}: {error.strerror}.",
            advice="The program goes on; they hold until it is closed.",
        ) from error


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return `old` with the entries of `new`, without those that are None; the first two deep."""
    merged = dict(old)
    for key, value in new.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merged(merged[key], value)
        else:
            merged[key] = value
    return merged


def _changed(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return what of `new` is other than in `old`, maps by their keys; None for what is gone."""
    changes: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if value == before:
            continue
        if isinstance(value, dict) and isinstance(before, dict):
            changes[key] = _changed(before, value)
        else:
            changes[key] = value
    return changes


class Preferences:
    """The settings in use: read once, written on a thread of their own whenever they change.

    `note` is what a person should be told about the reading, if anything. Nothing here raises:
    a preference that cannot be kept is logged, makes `is_kept` false and
    holds until the program ends. Only what changed is written, so that several programs of one
    person do not undo each other's choices.
    """

    def __init__(self, folder: Path) -> None:
        loaded = load_settings(folder)
        self._folder, self._now = folder, loaded.settings
        self._writer = ThreadPoolExecutor(1, "settings")  # ends with the program, all written
        self._failed = False
        self.note = loaded.note

    @property
    def settings(self) -> Settings:
        """What holds now."""
        return self._now

    @property
    def is_kept(self) -> bool:
        """Whether the last write went well (any thread)."""
        return not self._failed

    def begin(self, station: str, lang: str, theme: str) -> Settings:
        """Return how to open a window and remember it; empty means as last time.

        The theme of last time is the desk's; wall and field have looks of their own.
        """
        station = station or self._now.station
        asked = {"station": station, "lang": lang or self._now.lang}
        if station == "desk":
            self.keep(**asked, theme=theme or self._now.theme)
        else:
            self.keep(**asked)
        own = self._now.theme if station == "desk" else theme or "light"
        return self._now.model_copy(update={"theme": own})

    def keep(self, **changes: object) -> None:
        """Remember new values by field; returns at once."""
        self._take(Settings.model_validate({**self._now.model_dump(), **changes}))

    def write(self, work: Callable[..., None], *given: object) -> None:
        """Have another small file of this person's written, after all before it."""
        self._writer.submit(work, *given).add_done_callback(_log_failure)

    def close(self) -> None:
        """Wait until all is written."""
        self._writer.shutdown()

    def _take(self, settings: Settings) -> None:
        if settings != self._now:
            changes = _changed(self._now.model_dump(), settings.model_dump())
            self._now = settings
            written = self._writer.submit(merge_settings, self._folder, changes)
            written.add_done_callback(self._on_written)

    def _on_written(self, written: Future[None]) -> None:
        self._failed = written.exception() is not None
        _log_failure(written)


def _log_failure(written: Future[None]) -> None:
    error = written.exception()
    if error is not None:
        _LOG.warning("a preference was not kept: %s", error)


def _migrated(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise ValueError("it holds no map of settings")
    plain: dict[str, Any] = raw
    while plain.get("schema_version", SCHEMA_VERSION) in _MIGRATIONS:
        plain = _MIGRATIONS[plain["schema_version"]](plain)
    return plain
