"""This user's base maps, in order: a file of their own beside the settings, readable by them alone.

Apart from `settings.json`, because it may hold passwords and because the command line adds to it
while a window is open. A file that cannot be read is refused, not overwritten.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from app.data.private_file import write_private
from app.domain.basemaps import BaseMap
from app.domain.errors import InvalidInput, NotFound, StorageFailure

_FILE = "basemaps.json"
_VERSION = 1
_TYPES = TypeAdapter(dict[str, str | int | float | bool], config=ConfigDict(strict=True))
_NUMBERS = {"min_zoom": int, "max_zoom": int, "opacity": float, "timeout_s": float, "imagery": bool}


@dataclass(frozen=True)
class BaseMaps:
    """Base maps in a person's order, and the name of the one under the map (empty: none)."""

    maps: tuple[BaseMap, ...] = ()
    shown: str = ""

    def named(self, name: str) -> BaseMap:
        """Return the one of that name; raises `NotFound`."""
        for one in self.maps:
            if one.name == name:
                return one
        raise NotFound(
            f"There is no base map {name!r}.",
            advice="See: python -m app basemap list",
            field="name",
        )

    @property
    def chosen(self) -> BaseMap | None:
        """The one that is shown, if it is still there."""
        return next((one for one in self.maps if one.name == self.shown), None)

    def with_map(self, base: BaseMap) -> BaseMaps:
        """Return these with `base` at the end, or in the place of its namesake."""
        if any(one.name == base.name for one in self.maps):
            same = tuple(base if one.name == base.name else one for one in self.maps)
            return replace(self, maps=same)
        return replace(self, maps=(*self.maps, base))

    def without(self, name: str) -> BaseMaps:
        """Return these without one; raises `NotFound`."""
        gone = self.named(name)
        maps = tuple(one for one in self.maps if one is not gone)
        return BaseMaps(maps, "" if self.shown == name else self.shown)

    def renamed(self, old: str, base: BaseMap) -> BaseMaps:
        """Return these with `base` in the place of the one named `old`; raises `NotFound`."""
        gone = self.named(old)
        maps = tuple(base if one is gone else one for one in self.maps)
        return BaseMaps(maps, base.name if self.shown == old else self.shown)

    def moved(self, name: str, by: int) -> BaseMaps:
        """Return these with one moved up (negative) or down; raises `NotFound`."""
        base = self.named(name)
        rest = [one for one in self.maps if one is not base]
        at = min(max(self.maps.index(base) + by, 0), len(rest))
        return replace(self, maps=(*rest[:at], base, *rest[at:]))


def load_basemaps(folder: Path) -> BaseMaps:
    """Read the base maps in a settings folder.

    Raises `InvalidInput` naming the field that is wrong, `StorageFailure` where it is unreadable.
    """
    path = folder / _FILE
    try:
        raw = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return BaseMaps()
    except OSError as error:
        raise StorageFailure(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise _broken(path, "it is no JSON") from error
    if not isinstance(raw, dict) or raw.get("schema_version") != _VERSION:
        raise _broken(path, "its version is not known")
    maps, shown = raw.get("maps"), raw.get("shown", "")
    if not isinstance(maps, list) or not isinstance(shown, str):
        raise _broken(path, "it holds no list of maps")
    return BaseMaps(tuple(base_from(one) for one in maps), shown)


def save_basemaps(folder: Path, maps: BaseMaps) -> None:
    """Write the base maps whole or not at all, for this user alone; raises `StorageFailure`."""
    path = folder / _FILE
    plain = {
        "schema_version": _VERSION,
        "shown": maps.shown,
        "maps": [asdict(one) for one in maps.maps],
    }
    try:
        write_private(path, json.dumps(plain, ensure_ascii=False, indent=2))
    except OSError as error:
        raise StorageFailure(
            f"The base maps could not be saved to {path}: {error.strerror}.",
            advice="Nothing was changed.",
        ) from error


def base_from(raw: object) -> BaseMap:
    """Return a base map from plain values; raises `InvalidInput` naming the field."""
    try:
        plain: dict[str, Any] = dict(_TYPES.validate_python(raw))
    except ValidationError as error:
        where = str(error.errors()[0]["loc"][0]) if error.errors()[0]["loc"] else None
        raise InvalidInput("A base map is a list of plain values.", field=where) from error
    known = {field.name for field in fields(BaseMap)}
    for name, value in plain.items():
        if name not in known:
            raise InvalidInput(f"A base map has no field {name!r}.", field=name)
        kind = _NUMBERS.get(name, str)
        if kind is float and type(value) is int:
            plain[name] = float(value)
        elif type(value) is not kind:
            raise InvalidInput(f"{name} is not of the right type.", field=name)
    for name in ("name", "kind", "address"):
        if name not in plain:
            raise InvalidInput(f"A base map needs a {name}.", field=name)
    return BaseMap(**plain)


def _broken(path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        f"{path} cannot be used: {why}.", advice="Mend it or move it away.", field="basemaps"
    )
