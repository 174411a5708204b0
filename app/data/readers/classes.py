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
    try:
        with TABLE.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        table = {row["code"]: int(row["class"]) for row in rows}
        return {row["name"]: int(row["class"]) for row in reversed(rows)} | table
    except (OSError, KeyError, ValueError) as error:
        raise StorageFailure(
            f"The table of part classes {TABLE.name} cannot be read: {error}.",
            advice="Put resources/part_classes.csv back as it was installed.",
            field="class",
        ) from None
