"""Benchmarks, and the compilation of the kernels that they and the window use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.assembly.live import load_signs, open_core
from app.cli.wiring import Progress
from app.runtime.core import Core


def compile_kernels(progress: Progress) -> Mapping[str, Any]:
    """Compile the drawing kernels into numba's cache; quick when they are there."""
    progress("kernels", 0.0)
    from app.engines.tiles_kernels import compile_all

    return {"kernels": compile_all(lambda _stage, done, total: progress("kernels", done / total))}


def bench_names() -> Sequence[str]:
    """Return the benchmarks there are."""
    from app.bench.registry import names

    return names()


def bench(name: str, arguments: Sequence[str]) -> Mapping[str, Any]:
    """Run the benchmark `name`; raises `InvalidInput` if there is none."""
    from app.bench.registry import Bench, find

    return find(name)(Bench(_small_city, load_signs(), arguments))


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
