"""The city on real input: 119 real streets, real hospitals, real citizens' words at real doors."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
from typer.testing import CliRunner

from app.cli.application import build
from app.main import wiring

MESSAGES = 40
ANY_MATTER = "P0114"  # where the words name none, a person chooses

Address = tuple[float, float, str]


def make_real_city(city: Path, shared_data: Path) -> None:
    """Build the city in the new folder `city` with the program's own commands."""
    source = shared_data / "shanghai"
    run("city", "new", str(city), "--scale", "empty")
    for name in ("districts.geojson", "streets_osm.geojson"):
        run("import", "areas", str(source / name), "--into", str(city))
    run("city", "complete", str(city))
    hospitals = str(source / "poi_hospital.csv")
    run("import", "places", hospitals, "--crs", "EPSG:4326", "--into", str(city))


def run(*argv: str) -> dict[str, Any]:
    """Run a command that must succeed and return its summary."""
    done = CliRunner().invoke(build(wiring()), [*argv, "--json"])
    assert done.exit_code == 0, (argv, done.stderr, done.exception)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def runner(city: Path) -> Callable[..., tuple[int, Any]]:
    """Return a function that runs a command on `city` and returns exit code and answer."""
    app = build(wiring())

    def call(*argv: str) -> tuple[int, Any]:
        done = CliRunner().invoke(app, [*argv, "--city", str(city), "--json"])
        return done.exit_code, json.loads(done.stdout)

    return call


def real_messages(shared_data: Path) -> list[str]:
    """Return what forty citizens wrote."""
    book = openpyxl.load_workbook(
        shared_data / "complaints" / "messages_7_classes.xlsx", read_only=True
    )
    rows = book.worksheets[0].iter_rows(min_row=2, values_only=True)
    found = [" ".join(f"{row[2]}。{row[4]}".split())[:2000] for row in rows if row[4]]
    book.close()
    return found[:MESSAGES]


def real_addresses(shared_data: Path) -> list[Address]:
    """Return longitude, latitude and address of hospitals inside the real streets."""
    with (shared_data / "shanghai" / "poi_hospital.csv").open(encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["adname"] in ("黄浦区", "静安区")]
    return [(float(row["lon"]), float(row["lat"]), row["address"]) for row in rows[: MESSAGES * 3]]
