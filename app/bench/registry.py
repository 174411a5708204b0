"""Which benchmarks there are, and the form of what they tell."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.domain.errors import InvalidInput
from app.domain.signs import Sign
from app.runtime.core import Core


@dataclass(frozen=True)
class Bench:
    """What a benchmark may use; `app.main` provides it.

    `small_city` gives an open core on a fresh city in a temporary folder.
    """

    small_city: Callable[[], AbstractContextManager[tuple[Core, Path]]]
    signs: Sequence[Sign]
    arguments: Sequence[str]

    def number(self, name: str, usual: int) -> int:
        """Return the whole number given as `--name N`, or the usual one."""
        flag = f"--{name}"
        if flag not in self.arguments:
            return usual
        position = list(self.arguments).index(flag) + 1
        text = self.arguments[position] if position < len(self.arguments) else ""
        if not text.isdigit() or int(text) < 1:
            raise InvalidInput(f"{flag} needs a whole number.", field=name)
        return int(text)


Run = Callable[[Bench], Mapping[str, Any]]
_BENCHES = {
    "intake": ("app.bench.intake", "P6: intake to dispatch, durable"),
    "signs": ("app.bench.signs", "P9: readings stored and judged on one core"),
    "start": ("app.bench.start", "how long `case list` takes from a cold process"),
}


def names() -> tuple[str, ...]:
    """Return the names of all benchmarks."""
    return tuple(_BENCHES)


def find(name: str) -> Run:
    """Return the benchmark `name`; raises `InvalidInput` naming those there are."""
    if name not in _BENCHES:
        raise InvalidInput(
            f"There is no benchmark {name!r}.",
            advice=f"One of: {', '.join(_BENCHES)}.",
            field="name",
        )
    run: Run = importlib.import_module(_BENCHES[name][0]).run
    return run


def verdict(
    name: str, ours: float, limit: float, unit: str, *, less_is_better: bool, **more: Any
) -> dict[str, Any]:
    """Return the form of every result; `ratio` above 1 says how much better than the limit."""
    ratio = limit / ours if less_is_better else ours / limit
    return {
        "name": name,
        "ours": round(ours, 3),
        "limit": limit,
        "unit": unit,
        "ratio": round(ratio, 2),
        "held": ratio >= 1,
        **more,
    }
