"""The rule set a new city begins with, from `resources/`; afterwards its own copy counts."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from app.domain.errors import InvalidInput

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
_FIRST_YEAR = 2019
COLUMNS = (
    "code", "parent", "name_zh", "name_en", "domain", "kind", "keywords", "lead", "limits",
    "urgent",
)  # fmt: skip
_TERM_WORDS = ("filing_zh", "filing_en", "closing_zh", "closing_en", "verify")
_TERM_LISTS = ("evidence", "lines", "blocks", "co")
TERM_COLUMNS = (
    "code", "filing_zh", "filing_en", "closing_zh", "closing_en", "evidence", "lines", "blocks",
    "co", "verify", "limits",
)  # fmt: skip


def seed_rules(resources: Path = RESOURCES) -> dict[str, Any]:
    """Return the plain rule set (see `domain.rules.parse_rules`) for Shanghai's calendar.

    Raises `InvalidInput` naming file, line and column of a seed that cannot be read.
    """
    with (resources / "workflow" / "standard.toml").open("rb") as file:
        workflow = tomllib.load(file)
    return {
        "format": 1,
        "matters": with_terms(
            read_matters(resources / "matters.csv"), resources / "matter_terms.csv"
        ),
        "workflow": workflow,
        "calendar": seed_calendar(resources),
    }


def read_matters(path: Path) -> list[dict[str, Any]]:
    """Read the seeds of matters; lists are separated by semicolons."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise InvalidInput(f"{path.name} must have the columns {', '.join(COLUMNS)}.")
        return [_matter(row, f"{path.name}, line {reader.line_num}") for row in reader]


def seed_calendar(resources: Path = RESOURCES) -> dict[str, Any]:
    """Return the city's hours with the holidays and make-up days of all notices known here.

    From 2019 to the last year that the installed `chinesecalendar` covers; what it says is
    written into the rule set, so that no later release of it changes what was reckoned.
    """
    from chinese_calendar.constants import holidays, workdays  # read only when a city is made

    with (resources / "calendars" / "shanghai.toml").open("rb") as file:
        local = tomllib.load(file)
    last = max(holidays).year
    return {
        **local,
        "off": _from_first_year(holidays),
        "made_up": _from_first_year(workdays),
        "known_until": date(last, 12, 31).isoformat(),
    }


def _from_first_year(days: Iterable[date]) -> list[str]:
    return [day.isoformat() for day in sorted(days) if day.year >= _FIRST_YEAR]


def _matter(row: dict[str, str], where: str) -> dict[str, Any]:
    return {
        "code": row["code"],
        "parent": row["parent"],
        "name_zh": row["name_zh"],
        "name_en": row["name_en"],
        "domain": row["domain"],
        "kind": row["kind"],
        "keywords": [word for word in row["keywords"].split(";") if word],
        "lead": row["lead"],
        "limits": dict(_limit(part, where) for part in row["limits"].split(";") if part),
        "urgent": row["urgent"] == "1",
    }


def with_terms(matters: list[dict[str, Any]], path: Path) -> list[dict[str, Any]]:
    """Return plain matters with what `path` says of them and, by the tree, of all below."""
    by_code = {one["code"]: one for one in matters}
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != TERM_COLUMNS:
            raise InvalidInput(f"{path.name} must have the columns {', '.join(TERM_COLUMNS)}.")
        for row in reader:
            where = f"{path.name}, line {reader.line_num}"
            if row["code"] not in by_code:
                raise InvalidInput(f"{where}: there is no matter {row['code']!r}.", field="code")
            matter = by_code[row["code"]]
            limits = dict(_limit(part, where) for part in row["limits"].split(";") if part)
            matter["limits"] = {**matter["limits"], **limits}
            matter |= {key: row[key] for key in _TERM_WORDS if row[key]}
            matter |= {key: row[key].split(";") for key in _TERM_LISTS if row[key]}
    return matters


def _limit(part: str, where: str) -> tuple[str, Any]:
    """Read `clock=threshold` or `clock=threshold/raised`."""
    try:
        clock, spans = part.split("=")
        pairs = [[int(amount), unit] for amount, unit in (s.split() for s in spans.split("/"))]
        if len(pairs) == 1:
            return clock, pairs[0]
        threshold, raised = pairs
    except ValueError as error:
        raise InvalidInput(
            f"{where}: {part!r} is no time limit such as handling=4 work_hour.", field="limits"
        ) from error
    return clock, {"threshold": threshold, "raised": raised}
