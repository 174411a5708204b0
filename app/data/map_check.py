"""Reads a city's map file and says what in it is damaged: the map's part of `city check`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from sqlcipher3 import dbapi2

MAP_FILE = "map.gpkg"
_ALWAYS = ("area", "road", "building", "place", "part", "pipe")  # of every version


def damage_of_map(folder: Path) -> list[str]:
    """Return what is wrong with the map of the city in `folder`, in words; nothing is changed.

    Every page is read (about 200 MB a second), and every layer must be there. A value that was
    altered within a whole page is not found: the map is not signed.
    """
    path = folder / MAP_FILE
    if not path.exists():
        return [f"{path} is missing."]
    try:
        with closing(dbapi2.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            words = str(connection.execute("PRAGMA quick_check").fetchone()[0])
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            there = {name for (name,) in names}
    except (dbapi2.Error, UnicodeDecodeError) as error:
        return [f"{path} cannot be read: {error}"]
    found = [f"The map has no layer {name}." for name in _ALWAYS if name not in there]
    if words != "ok":
        found.append(f"{path} cannot be read: {words.splitlines()[0]}")
    return found
