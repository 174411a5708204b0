"""Which benchmarks there are, and the form of what they tell."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.domain.errors import InvalidInput, Unavailable
from app.domain.signs import Sign
from app.runtime.core import Core

if TYPE_CHECKING:
    from app.engines.citystore import CityStore


def no_store(folder: Path) -> None:
    """Stand in where no store can be built."""
    raise Unavailable(f"The drawing store of {folder} cannot be built here.")


def no_city(folder: Path) -> AbstractContextManager[tuple[Core, CityStore]]:
    """Stand in where no city can be opened."""
    raise Unavailable(f"The city {folder} cannot be opened here.")


def no_full_city() -> Path:
    """Stand in where no full city can be built."""
    raise Unavailable("The full sample city cannot be built here.")


@dataclass(frozen=True)
class Bench:
    """What a benchmark may use; `app.main` provides it.

    `small_city` gives an open core on a fresh city in a temporary folder; `build_store` derives the
    drawing store of the city in a folder, `open_city` opens a city's core and store. `full_city`
    is the folder of the full sample city, built if it is not there.
    """

    small_city: Callable[[], AbstractContextManager[tuple[Core, Path]]]
    signs: Sequence[Sign]
    arguments: Sequence[str]
    build_store: Callable[[Path], None] = no_store
    open_city: Callable[[Path], AbstractContextManager[tuple[Core, CityStore]]] = no_city
    full_city: Callable[[], Path] = no_full_city

    def text(self, name: str, usual: str) -> str:
        """Return what is given as `--name TEXT`, or the usual one."""
        flag = f"--{name}"
        if flag not in self.arguments:
            return usual
        position = list(self.arguments).index(flag) + 1
        if position >= len(self.arguments):
            raise InvalidInput(f"{flag} needs a value.", field=name)
        return self.arguments[position]

    def number(self, name: str, usual: int) -> int:
        """Return the whole number given as `--name N`, or the usual one."""
        text = self.text(name, str(usual))
        if not text.isdigit() or int(text) < 1:
            raise InvalidInput(f"--{name} needs a whole number.", field=name)
        return int(text)


Run = Callable[[Bench], Mapping[str, Any]]
_BENCHES = {
    "intake": ("app.bench.intake", "P6: intake to dispatch, durable"),
    "import": ("app.bench.imports", "P4: rows into database and store, beside ogr2ogr"),
    "map": ("app.bench.map", "P1 to P3: the whole city on one map, beside QGIS"),
    "edit": ("app.bench.edit", "an edit of a part, from commit to screen"),
    "kernels": ("app.bench.kernels", "kernels over the whole city beside the memory floor"),
    "signs": ("app.bench.signs", "P9: readings stored and judged on one core"),
    "search": ("app.bench.search", "the search box over 100,000 places"),
    "geocode": ("app.bench.geocode", "the geocoder on real places, some held back"),
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
