"""`picture` leaves a map in a file, as large as asked, and says clearly what it cannot show."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.part_city import part_city

ROOT = Path(__file__).resolve().parents[2]
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return part_city(tmp_path_factory.mktemp("picture") / "city")


def picture(city: Path, out: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "QT_SCALE_FACTOR")}
    return subprocess.run(
        [sys.executable, "-m", "app", "picture", str(city), str(out), "--json", *options],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def size_of(path: Path) -> tuple[int, int]:
    head = path.read_bytes()[:24]
    assert head[:8] == PNG
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


@pytest.mark.parametrize("size", ["901x601", "3841x2161"])
def test_that_a_picture_is_exactly_as_large_as_asked(city: Path, tmp_path: Path, size: str) -> None:
    done = picture(city, tmp_path / "map.png", "--size", size, "--theme", "dark", "--lang", "en")
    assert done.returncode == 0, done.stderr
    assert "x".join(map(str, size_of(tmp_path / "map.png"))) == size
    told = json.loads(done.stdout)
    assert (told["width"], told["height"]) == size_of(tmp_path / "map.png")
    assert told["parts_in_sight"] > 0


def test_that_the_same_city_gives_the_same_picture(city: Path, tmp_path: Path) -> None:
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    for file in files:
        assert picture(city, file, "--size", "640x480").returncode == 0
    assert files[0].read_bytes() == files[1].read_bytes()


def test_that_a_link_and_layers_are_shown(city: Path, tmp_path: Path) -> None:
    link = "wangge://view?at=121.45,31.15&scale=8"
    bare, full = tmp_path / "bare.png", tmp_path / "full.png"
    for file, layers in ((bare, "base"), (full, "base,roads,parts,labels,heat,values")):
        done = picture(city, file, "--view", link, "--size", "640x480", "--layers", layers)
        assert done.returncode == 0, done.stderr
    assert bare.read_bytes() != full.read_bytes()


@pytest.mark.parametrize(
    ("options", "field", "code"),
    [
        (("--view", "moon"), "view", 2),
        (("--view", "district:火星区"), "view", 3),
        (("--view", "wangge://view?at=1"), "scale", 2),
        (("--size", "12x12"), "size", 2),
        (("--size", "large"), "size", 2),
        (("--layers", "clouds"), "layers", 2),
        (("--theme", "pink"), "theme", 2),
    ],
)
def test_that_what_cannot_be_shown_is_said(
    city: Path, tmp_path: Path, options: tuple[str, ...], field: str, code: int
) -> None:
    done = picture(city, tmp_path / "map.png", *options)
    told = json.loads(done.stdout)
    assert (done.returncode, told["field"]) == (code, field)
    assert told["advice"]
    assert not (tmp_path / "map.png").exists()


@pytest.mark.parametrize("out", ["map.jpg", "nowhere/map.png"])
def test_that_a_file_that_cannot_be_is_said_before_the_city_is_opened(
    tmp_path: Path, out: str
) -> None:
    done = picture(tmp_path / "no-city", tmp_path / out)
    assert json.loads(done.stdout)["field"] == "out"


def test_that_a_district_is_found_without_its_suffix(city: Path, tmp_path: Path) -> None:
    """As people say it; the whole city is another picture."""
    whole, part = tmp_path / "whole.png", tmp_path / "part.png"
    assert picture(city, whole, "--size", "640x480").returncode == 0
    done = picture(city, part, "--size", "640x480", "--view", "district:徐汇")
    assert done.returncode == 0, done.stdout
    assert whole.read_bytes() != part.read_bytes()
