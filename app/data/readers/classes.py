"""The table of part classes: from four-digit codes and Chinese names to the index stored."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Final

from app.domain.errors import StorageFailure

TABLE: Final = Path(__file__).resolve().parents[3] / "resources" / "part_classes.csv"


@cache
def part_classes() -> dict[str, int]:
    """Return the index of each part class, by code (`0107`) and by Chinese name.

    Raises StorageFailure if the table is missing or has other columns.
    """
    rows = _table()
    return {name: index for index, _, name in reversed(rows)} | {code: i for i, code, _ in rows}


@cache
def class_codes() -> dict[int, str]:
    """Return the four-digit code of each class, by its index."""
    return {index: code for index, code, _ in _table()}


@cache
def _table() -> list[tuple[int, str, str]]:
    """Return index, code and Chinese name of each class."""
    try:
        with TABLE.open(encoding="utf-8-sig", newline="") as file:
            return [
                (int(row.get("class") or at), row["code"], row["name_zh"])
                for at, row in enumerate(csv.DictReader(file))
            ]
    except (OSError, KeyError, ValueError) as error:
        raise StorageFailure(
            f"The table of part classes {TABLE.name} cannot be read: {error}.",
            advice="Put resources/part_classes.csv back as it was installed.",
            field="class",
        ) from None
