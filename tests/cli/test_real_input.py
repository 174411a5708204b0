"""The main job on real input, by command line: real streets, addresses and citizens' words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.real_city import (
    ANY_MATTER,
    MESSAGES,
    make_real_city,
    real_addresses,
    real_messages,
    run,
    runner,
)

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="session")
def real_city(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Path:
    """A city on the 119 real street polygons, with real hospitals as places."""
    city = tmp_path_factory.mktemp("real") / "city"
    make_real_city(city, shared_data)
    return city


@pytest.fixture
def cli(real_city: Path) -> Callable[..., tuple[int, Any]]:
    return runner(real_city)


def test_that_a_second_import_adds_nothing(real_city: Path, shared_data: Path) -> None:
    source = shared_data / "shanghai" / "streets_osm.geojson"
    again = run("import", "areas", str(source), "--into", str(real_city))
    assert (again["rows"], again["added"], again["refused"]) == (119, 0, 0)


def test_that_completing_twice_adds_nothing(real_city: Path) -> None:
    again = run("city", "complete", str(real_city))
    assert (again["grids"], again["units"]) == (0, 0)


def test_that_forty_real_messages_go_the_whole_way(cli: Any, shared_data: Path) -> None:
    places = iter(real_addresses(shared_data))
    for words in real_messages(shared_data):
        lon, lat, address = next(places)
        code, case = cli(
            "case", "report", "--words", words, "--lon", str(lon), "--lat", str(lat),
            "--address", address,
        )  # fmt: skip
        assert code == 0, case
        assert case["street"], (lon, lat)
        if not case["auto"]:
            _by_hand(cli, case)
        _to_the_close(cli, case["receipt"])
    assert cli("case", "list", "--tab", "closed", "--limit", "100")[1]["total"] >= MESSAGES


def _by_hand(cli: Any, case: Any) -> None:
    code, _ = cli("case", "act", case["receipt"], "accept")
    if code == 0:
        return
    assert code == 4
    assert cli("case", "act", case["receipt"], "file", "--matter", ANY_MATTER)[0] == 0
    assert cli("case", "act", case["receipt"], "dispatch")[0] == 0


def _to_the_close(cli: Any, case: str) -> None:
    for move, options in (
        ("sign", ()), ("handle", ("--note", "已到现场处理")), ("pass", ()), ("close", ()),
    ):  # fmt: skip
        code, told = cli("case", "act", case, move, *options)
        assert code == 0, (case, move, told)
    assert told["step"] == "closed"
