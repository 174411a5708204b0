"""The classes of parts as the sample city spreads them: how often, and along which line."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.domain.errors import StorageFailure

TABLE: Final = Path(__file__).resolve().parents[2] / "resources" / "part_classes.csv"
LINES: Final = ("lane", "kerb", "footway", "front", "lot", "corner")


@dataclass(frozen=True)
class PartKind:
    """One class of parts.

    Attributes:
        index: 0..255, as stored.
        code: major and minor class, four digits.
        line: what it stands along (one of `LINES`).
        spacing: metres from one to the next along a well furnished street; 0 at corners.
    """

    index: int
    code: str
    name: str
    line: str
    spacing: float


def read_kinds() -> tuple[PartKind, ...]:
    """Return all classes in the order of their index; raises StorageFailure if the table is bad."""
    try:
        with TABLE.open(encoding="utf-8-sig", newline="") as file:
            return tuple(
                PartKind(
                    int(row["class"]), row["code"], row["name_zh"], row["line"],
                    float(row["spacing"]),
                )
                for row in csv.DictReader(file)
            )  # fmt: skip
    except (OSError, KeyError, ValueError) as error:
        raise StorageFailure(
            f"The table of part classes {TABLE.name} cannot be read: {error}.",
            advice="Put resources/part_classes.csv back as it was installed.",
        ) from error
