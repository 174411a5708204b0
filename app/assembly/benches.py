"""Benchmarks, and the compilation of the kernels that they and the window use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.assembly.live import load_signs, open_core
from app.cli.wiring import Progress
from app.runtime.core import Core

if TYPE_CHECKING:
    from app.engines.citystore import CityStore

FULL_CITY = Path("build") / "bench" / "full"


def compile_kernels(progress: Progress) -> Mapping[str, Any]:
    """Compile the drawing kernels into numba's cache; quick when they are there."""
    progress("kernels", 0.0)
    from app.data.staging import row_kernel  # noqa: F401 - its import compiles it
    from app.engines.tiles_kernels import compile_all

    return {"kernels": compile_all(lambda _stage, done, total: progress("kernels", done / total))}


def bench_names() -> Sequence[str]:
    """Return the benchmarks there are."""
    from app.bench.registry import names

    return names()


def bench(name: str, arguments: Sequence[str]) -> Mapping[str, Any]:
    """Run the benchmark `name`; raises `InvalidInput` if there is none."""
    from app.bench.registry import Bench, find

    return find(name)(Bench(_small_city, load_signs(), arguments, _derive, _open_city, _full_city))


def _derive(folder: Path) -> None:
    """Build the drawing store of the city in `folder`."""
    from app.assembly.stores import build_store
    from app.data.city_folder import open_city

    city = open_city(str(folder), None)
    try:
        build_store(folder, city.facts, lambda _stage, _share: None)
    finally:
        city.close()


@contextmanager
def _small_city() -> Iterator[tuple[Core, Path]]:
    from tempfile import TemporaryDirectory

    from app.sample.tiny import create_tiny_city

    with TemporaryDirectory() as parent:
        folder = Path(parent) / "city"
        create_tiny_city(folder).close()
        core = open_core(str(folder))
        try:
            yield core, folder
        finally:
            core.close()


def _full_city() -> Path:
    """Return the full sample city, built on first use (some minutes)."""
    from app.assembly.cities import create_city
    from app.cli.printing import progress
    from app.cli.wiring import NewCity

    if not (FULL_CITY / "store" / "manifest.json").exists():
        FULL_CITY.parent.mkdir(parents=True, exist_ok=True)
        with progress() as shown:
            create_city(NewCity(FULL_CITY, "full"), shown)
    return FULL_CITY


@contextmanager
def _open_city(folder: Path) -> Iterator[tuple[Core, CityStore]]:
    from app.assembly.stores import open_store, to_log

    core = open_core(str(folder), watch=True)
    try:
        yield core, open_store(folder, core.facts, to_log)
    finally:
        core.close()
