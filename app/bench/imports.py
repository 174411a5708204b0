"""P4: rows a second into database and drawing store, beside ogr2ogr on the same file.

`--rows N` (2,000,000; the whole city has 15,000,000) parts are scattered deterministically from
those of the sample city, written once to `build/bench`, and imported by the command line into a
copy of that city. ogr2ogr then turns the same file into a GeoPackage with an R-tree, unless
`--ogr2ogr no`. Of 15,000,000 rows it takes minutes. `wall_s`: what the stages lasted; those of the
reader's process (decode, validate, stage) run beside fill and write.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyogrio
import shapely
from numpy.typing import NDArray

from app.bench.registry import Bench, verdict
from app.domain.errors import StorageFailure, Unavailable

LIMIT: Final = 100_000
ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "build" / "bench"
MAPPING: Final = """\
name = "bench_parts"
kind = "parts"
key = ["code"]
crs = "EPSG:4326"
layout = "6+2+2+6"
time_zone = "Asia/Shanghai"

[columns]
lon = "lon"
lat = "lat"
code = "code"
class = "class"
state = "state"
source = "source"
initial_date = "initial_date"
accuracy = "accuracy"
"""
_AT_ONCE: Final = 100_000
_SPREAD: Final = 0.02  # degrees
_STATES: Final = np.array(["完好", "破损", "丢失", "废弃"], dtype=object)
_ASK_S: Final = 0.2
_SEQUENCES: Final = 999_999
_COUNTIES: Final = 60  # so far above a county that none of the sample is met


def run(bench: Bench) -> Mapping[str, Any]:
    """Import, build the store, and let ogr2ogr do its part; times in seconds."""
    rows = bench.number("rows", 2_000_000)
    FOLDER.mkdir(parents=True, exist_ok=True)
    sample = _sample_city()
    source = _source(sample, rows)
    city = FOLDER / "import-city"
    shutil.rmtree(city, ignore_errors=True)
    shutil.copytree(sample, city)
    try:
        load = os.getloadavg()[0]
        free = shutil.disk_usage(FOLDER).free
        summary, import_s, most = _imported(source, city)
        city_mb = (city / "map.gpkg").stat().st_size >> 20
        started, cpu = time.perf_counter(), time.process_time()
        bench.build_store(city)
        store_s = time.perf_counter() - started
        cpu_s = {**summary.get("cpu_s", {}), "store": time.process_time() - cpu}
        ours = summary["added"] / (import_s + store_s)
        theirs = _ogr2ogr(source, rows) if bench.text("ogr2ogr", "yes") == "yes" else None
    finally:
        shutil.rmtree(city, ignore_errors=True)
    return verdict(
        "import", ours, LIMIT, "rows/s into database and store", less_is_better=False,
        rows=rows, added=summary["added"], refused=summary["refused"],
        rows_per_s=round(ours), database_rows_per_s=round(rows / import_s),
        import_s=round(import_s, 2), store_s=round(store_s, 2), rss_mb=most.memory >> 20,
        disk_mb=(free - most.free) >> 20, map_mb=city_mb,
        wall_s={**summary.get("wall_s", {}), "store": round(store_s, 2)},
        cpu_s_per_million={name: round(s * 1e6 / rows, 3) for name, s in cpu_s.items()},
        source_mb=source.stat().st_size >> 20,
        ogr2ogr_rows_per_s=round(theirs) if theirs else None,
        ratio_ogr2ogr=round(ours / theirs, 2) if theirs else None,
        load_before=round(load, 2), load_after=round(os.getloadavg()[0], 2),
    )  # fmt: skip


def _sample_city() -> Path:
    folder = FOLDER / "sample-city"
    if not (folder / "map.gpkg").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _run_app("city", "new", str(folder), "--scale", "sample", "--json")
    return folder


def _run_app(*words: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "app", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise StorageFailure(f"`{' '.join(words[:2])}` failed: {done.stderr.strip()[-200:]}")
    return json.loads(done.stdout)


@dataclass
class _Most:
    """What an import took at most: bytes its processes held together; what was left of the disk."""

    memory: int
    free: int

    def look(self, process: psutil.Process) -> None:
        """Measure now."""
        self.memory = max(self.memory, _resident(process))
        self.free = min(self.free, shutil.disk_usage(FOLDER).free)


def _imported(source: Path, city: Path) -> tuple[dict[str, Any], float, _Most]:
    """Return summary, seconds, and what it took."""
    mapping = FOLDER / "parts.toml"
    mapping.write_text(MAPPING)
    command = [sys.executable, "-m", "app", "import", "parts", str(source)]
    options = ["--into", str(city), "--mapping", str(mapping), "--json"]
    most, started = _Most(0, shutil.disk_usage(FOLDER).free), time.perf_counter()
    with subprocess.Popen(
        [*command, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        seen = psutil.Process(process.pid)
        while process.poll() is None:
            most.look(seen)
            try:
                process.wait(_ASK_S)
            except subprocess.TimeoutExpired:
                continue
        spent = time.perf_counter() - started
        told = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise StorageFailure(f"The import failed: {told.strip()[-300:]}")
    return json.loads(told), spent, most


def _resident(process: psutil.Process) -> int:
    """Return what a process and its children hold, without what they only map from files."""
    held = 0
    try:
        for one in (process, *process.children(recursive=True)):
            memory = one.memory_info()
            held += memory.rss - memory.shared
    except psutil.Error:
        return held
    return held


def _ogr2ogr(source: Path, rows: int) -> float | None:
    if shutil.which("ogr2ogr") is None:
        return None
    out = FOLDER / "ogr2ogr.gpkg"
    out.unlink(missing_ok=True)
    started = time.perf_counter()
    try:
        subprocess.run(
            ["ogr2ogr", "-f", "GPKG", str(out), str(source), "-a_srs", "EPSG:4326",
             "-oo", "X_POSSIBLE_NAMES=lon", "-oo", "Y_POSSIBLE_NAMES=lat",
             "-lco", "SPATIAL_INDEX=YES", "--config", "OGR_SQLITE_SYNCHRONOUS", "OFF"],
            check=True, capture_output=True,
        )  # fmt: skip
        return rows / (time.perf_counter() - started)
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"ogr2ogr failed: {error.stderr.decode()[-200:]}") from error
    finally:
        out.unlink(missing_ok=True)


def _source(sample: Path, rows: int) -> Path:
    path = FOLDER / f"parts-{rows}.csv"
    if path.exists():
        return path
    part = path.with_suffix(".part")
    blocks = _blocks(sample / "map.gpkg", rows)
    first = next(blocks)
    with pa_csv.CSVWriter(part, first.schema) as writer:
        writer.write_table(first)
        for block in blocks:
            writer.write_table(block)
    part.replace(path)
    return path


def _blocks(map_file: Path, rows: int) -> Iterator[pa.Table]:
    """Yield the sample's parts again and again, each round elsewhere, with codes of their own."""
    columns = ["code", "class", "state", "initial_date", "accuracy"]
    meta, table = pyogrio.read_arrow(map_file, layer="part", columns=columns)
    shapes = shapely.from_wkb(table.column(meta["geometry_name"] or "geom").to_numpy())
    lonlat = shapely.get_coordinates(shapes)
    heads, prefix = np.unique(
        np.array([code[:10] for code in table.column("code").to_pylist()]), return_inverse=True
    )
    given = np.zeros(len(heads), np.int64)
    chance = np.random.default_rng(1)
    order = np.argsort(chance.random(len(lonlat)))
    for start in range(0, rows, _AT_ONCE):
        at = order[np.arange(start, min(start + _AT_ONCE, rows)) % len(order)]
        places = lonlat[at] + chance.uniform(-_SPREAD, _SPREAD, (len(at), 2))
        codes = _codes(heads, prefix[at], given)
        yield _table(table.take(pa.array(at)), codes, np.round(places, 8))


def _codes(
    heads: NDArray[np.str_], prefix: NDArray[np.int64], given: NDArray[np.int64]
) -> list[str]:
    """Return the next codes under each head, counting on in `given`."""
    order = np.argsort(prefix, kind="stable")
    first = np.searchsorted(prefix[order], np.arange(len(heads)))
    number = np.empty(len(prefix), np.int64)
    number[order] = np.arange(len(prefix)) - first[prefix[order]]
    number += given[prefix] + 1
    given += np.bincount(prefix, minlength=len(heads))
    pairs = zip(prefix.tolist(), number.tolist(), strict=True)
    return [_code(str(heads[at]), one) for at, one in pairs]


def _code(head: str, number: int) -> str:
    """Return the code of a number under a head; after 999,999 of a county begins another one."""
    more, before = divmod(number - 1, _SEQUENCES)
    return f"{int(head[:6]) + _COUNTIES * more}{head[6:]}{before + 1:06}"


def _table(rows: pa.Table, codes: list[str], places: NDArray[np.float64]) -> pa.Table:
    states = _STATES[rows.column("state").to_numpy() % len(_STATES)]
    return pa.table(
        {
            "code": codes,
            "class": [f"{code[6:10]}" for code in codes],
            "state": pa.array(states, pa.string()),
            "lon": places[:, 0],
            "lat": places[:, 1],
            "source": pa.array(["普查"] * len(codes), pa.string()),
            "initial_date": rows.column("initial_date"),
            "accuracy": rows.column("accuracy"),
        }
    )
