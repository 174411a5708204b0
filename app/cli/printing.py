"""Prints answers: JSON for machines on stdout, tables for people, progress on stderr."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.cli.wiring import Progress

if TYPE_CHECKING:
    from rich.console import Console


_VISIBLE: dict[int, int | str] = {
    code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"
}
_VISIBLE |= {127: "␡"} | dict.fromkeys([*range(128, 160), *range(0x202A, 0x202F)], "�")
_VISIBLE |= dict.fromkeys(range(0x2066, 0x206A), "�")  # and what turns the line's direction
DETAIL = " · "
"""Between a stage's name and what may be told beside it: rows, speed, time left."""


def plain(value: Any) -> Any:
    """Return `value` in JSON's own kinds: dataclasses as maps, uids and paths as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID | Path):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, Iterable):
        return [plain(inner) for inner in value]
    return str(value)


def json_text(value: Any) -> str:
    """Return one line of JSON that stdout can carry whatever its encoding.

    Numbers that JSON lacks (NaN, infinity) become null.
    """
    encoding = (getattr(sys.stdout, "encoding", "") or "").lower().replace("-", "")
    return json.dumps(_finite(value), ensure_ascii=encoding != "utf8", allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return value


def print_json(value: Any) -> None:
    """Write one line of JSON to stdout."""
    sys.stdout.write(json_text(plain(value)) + "\n")


def print_line(text: str) -> None:
    """Write one line to stdout; what would steer a terminal is made visible."""
    sys.stdout.write(visible(text) + "\n")


def visible(text: str) -> str:
    """Return `text` with control characters but tab and newline as ␀ to ␡ or �.

    Words of citizens reach a terminal, and an escape sequence in them would be obeyed.
    """
    return text.translate(_VISIBLE)


def print_summary(summary: Mapping[str, Any], *, as_json: bool) -> None:
    """Write a summary: JSON, or one `name: value` a line."""
    if as_json:
        print_json(summary)
        return
    for name, value in summary.items():
        print_line(f"{name}: {_short(plain(value))}")


def table(columns: Iterable[str], rows: Iterable[Iterable[str]], title: str = "") -> None:
    """Write a table to stdout; to a pipe as tab-separated lines."""
    if not sys.stdout.isatty():
        for row in rows:
            print_line("\t".join(" ".join(one.split()) for one in row))
        return
    from rich.table import Table
    from rich.text import Text  # a plain string would be read as markup

    grid = Table(title=title or None, box=None, header_style="bold", pad_edge=False)
    for column in columns:
        grid.add_column(column, overflow="fold")
    for row in rows:
        grid.add_row(*(Text(visible(one)) for one in row))
    _console().print(grid)


def local_time(ms: int | None, zone: str = "Asia/Shanghai") -> str:
    """Return Unix ms as local `YYYY-MM-DD HH:MM`, empty for none."""
    if ms is None:
        return ""
    from zoneinfo import ZoneInfo

    return (
        datetime.fromtimestamp(ms / 1000, UTC).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
    )


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Progress]:
    """Show bars on stderr; nothing when `quiet` or stderr is no terminal but stages by name."""
    if quiet:
        yield lambda _stage, _share: None
    elif not sys.stderr.isatty():
        yield _stage_lines()
    else:
        with _bars() as show:
            yield show


def _stage_lines() -> Progress:
    seen: list[str] = []

    def show(stage: str, _share: float) -> None:
        name = stage.partition(DETAIL)[0]
        if name not in seen:
            seen.append(name)
            sys.stderr.write(name + "\n")
            sys.stderr.flush()

    return show


@contextmanager
def _bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import Progress as Bars

    with Bars(console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def show(stage: str, share: float) -> None:
            name = stage.partition(DETAIL)[0]
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=1.0)
            bars.update(tasks[name], completed=share, description=stage)

        yield show


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
