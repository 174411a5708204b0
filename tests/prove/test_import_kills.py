"""P4: imports and exports killed at random moments harm nothing and end as ones never killed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from app.data.readers import read
from app.sample.tiny import create_tiny_city

ROOT = Path(__file__).resolve().parents[2]
ROWS = 130_000
BAD_EVERY = 5_003
ENDINGS = (".gpkg", ".shp", ".geojson", ".geojsonl", ".parquet", ".fgb", ".csv", ".xlsx")
MAPPING = """
name = "supplier"
kind = "parts"
key = ["code"]
crs = "EPSG:4326"
layout = "6+2+2+6"

[columns]
lon = "lon"
lat = "lat"
code = "code"
class = "class"
state = "state"
source = "source"
"""


@pytest.fixture(scope="module")
def ground(tmp_path_factory) -> Path:
    """A city, a source with some bad rows, and what comes of it when nobody kills the import."""
    folder = tmp_path_factory.mktemp("kills")
    create_tiny_city(folder / "city").close()
    (folder / "supplier.toml").write_text(MAPPING)
    write_source(folder / "parts.csv")
    shutil.copytree(folder / "city", folder / "whole")
    run_import(folder, folder / "whole")
    return folder


def write_source(path: Path) -> None:
    chance = np.random.default_rng(7)
    number = np.arange(1, ROWS + 1)
    lon = np.round(121.38 + chance.random(ROWS) * 0.1, 7).astype(str).astype(object)
    lon[::BAD_EVERY] = "east"
    table = pa.table(
        {
            "code": [f"3101010{at % 9 + 1}01{at:06}" for at in number],
            "class": ["0101"] * ROWS,
            "state": (number % 4).astype(str),
            "lon": pa.array(lon, pa.string()),
            "lat": np.round(31.15 + chance.random(ROWS) * 0.1, 7).astype(str),
            "source": ["普查 census of lamps, checked by two persons on the spot, " * 2] * ROWS,
        }
    )
    pa.csv.write_csv(table, path)


def command(folder: Path, city: Path, *more: str) -> list[str]:
    return [
        *(sys.executable, "-m", "app", "import", "parts", str(folder / "parts.csv")),
        *("--into", str(city), "--mapping", str(folder / "supplier.toml"), "--json", *more),
    ]


def run_import(folder: Path, city: Path) -> dict[str, object]:
    done = subprocess.run(
        command(folder, city), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    summary: dict[str, object] = json.loads(done.stdout)
    return summary


def kill_after(folder: Path, city: Path, seconds: float) -> bool:
    """Start the import and kill it; False if it was done before."""
    with subprocess.Popen(
        command(folder, city), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            _, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return True
        assert process.returncode == 0, errors.decode()
        return False


def rows_in(city: Path) -> int:
    """Return how many parts the map holds, as every reader sees it."""
    with closing(sqlite3.connect(f"file:{city / 'map.gpkg'}?mode=ro", uri=True)) as db:
        counted: int = db.execute("SELECT count(*) FROM part").fetchone()[0]
    return counted


def content(city: Path) -> str:
    """Return a hash over all rows of the map's parts, and check the file and its R-tree."""
    with closing(sqlite3.connect(f"file:{city / 'map.gpkg'}?mode=ro", uri=True)) as db:
        assert db.execute("PRAGMA quick_check").fetchone() == ("ok",)
        tree = db.execute("SELECT rtreecheck('rtree_part_geom')").fetchone()
        assert tree == ("ok",)
        digest = hashlib.sha256()
        for row in db.execute("SELECT * FROM part ORDER BY fid"):
            digest.update(repr(row).encode())
    return digest.hexdigest()


def test_that_a_killed_import_harms_nothing_and_goes_on_to_the_same_end(proof, ground, tmp_path):
    before, whole = content(ground / "city"), content(ground / "whole")
    few, many = rows_in(ground / "city"), rows_in(ground / "whole")
    assert before != whole
    kills = proof("import", full=100, quick=2)
    for trial in kills:
        chance = random.Random(trial)
        city = tmp_path / f"city{trial}"
        shutil.copytree(ground / "city", city)
        killed = 0
        while killed < 4 and kill_after(ground, city, chance.uniform(0.2, 6.0)):
            killed += 1
            assert rows_in(city) in (few, many)
        summary = run_import(ground, city)
        refused = -(-ROWS // BAD_EVERY)
        whole_again = content(city) == whole
        traces = [*city.glob("staging/*"), *city.glob("map.importing*")]
        kills.record(
            trial,
            killed=killed,
            same=whole_again,
            refused=summary["refused"] == refused,
            traces=len(traces),
            rows=summary["rows"] == ROWS,
        )
        shutil.rmtree(city)
    bad = [r for r in kills.rows() if not (r["same"] and r["refused"] and r["rows"])]
    assert not bad
    assert not [row for row in kills.rows() if row["traces"]]
    assert sum(row["killed"] for row in kills.rows()) > 0


def export(city: Path, out: Path, seconds: float | None) -> bool:
    """Export all parts; kill it after `seconds`. False if it was done before."""
    words = ("export", "parts", str(out), "--from", str(city), "--json")
    with subprocess.Popen(
        [sys.executable, "-m", "app", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return True
        assert process.returncode == 0
        return False


def rows_of(out: Path) -> list[str]:
    """Return the uids in an export, sorted."""
    with read("parts", out) as stream:
        return sorted(uid.hex() for batch in stream for uid in batch.column("uid").to_pylist())


def test_that_a_killed_export_is_not_there_and_the_same_again_is_whole(proof, ground, tmp_path):
    whole = rows_in_map(ground / "whole")
    kills = proof("export", full=80, quick=2)
    for trial in kills:
        chance = random.Random(trial)
        out = tmp_path / f"parts{ENDINGS[trial % len(ENDINGS)]}"
        killed = half = 0
        while killed < 3 and export(ground / "whole", out, chance.uniform(0.3, 4.0)):
            killed += 1
            half += out.exists() and rows_of(out) != whole
        for left in tmp_path.glob("parts*"):
            if ".part" not in left.name:
                left.unlink()
        export(ground / "whole", out, None)
        found = rows_of(out)
        parts = len([*tmp_path.glob("*.part*")])
        kills.record(trial, killed=killed, half=half, same=found == whole, traces=parts)
        for left in tmp_path.iterdir():
            left.unlink()
    assert not [row for row in kills.rows() if row["half"] or row["traces"] or not row["same"]]


def rows_in_map(city: Path) -> list[str]:
    """Return the uids of the map's parts, sorted."""
    with closing(sqlite3.connect(f"file:{city / 'map.gpkg'}?mode=ro", uri=True)) as db:
        return sorted(uid.hex() for (uid,) in db.execute("SELECT uid FROM part"))


def test_that_a_cancelled_import_leaves_no_trace(ground, tmp_path):
    city = tmp_path / "city"
    shutil.copytree(ground / "city", city)
    with subprocess.Popen(
        command(ground, city), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        while not any(city.glob("staging/*/chunk-*.arrow")):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.communicate()
        assert process.returncode == 130
    assert any(city.glob("staging/*/journal.jsonl"))
    done = subprocess.run(
        command(ground, city, "--cancel"), cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["cancelled"] == 1
    assert not any(city.glob("staging/*"))
    assert not any(city.glob("map.importing*"))
    assert content(city) == content(ground / "city")
