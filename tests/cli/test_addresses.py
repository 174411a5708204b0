"""The register of addresses by the command line, on a real city."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.application import build
from app.main import wiring
from app.sample.tiny import create_tiny_city


@pytest.fixture
def cli(tmp_path: Path) -> Callable[..., Any]:
    create_tiny_city(tmp_path / "city").close()
    app = build(wiring())

    def run(*argv: str, code: int = 0) -> Any:
        done = CliRunner().invoke(app, [*argv, "--city", str(tmp_path / "city"), "--json"])
        assert done.exit_code == code, (done.stdout, done.stderr, done.exception)
        return json.loads(done.stdout)

    return run


def test_that_an_address_is_found_with_reasons_and_its_point_leads_back(cli: Any) -> None:
    first = cli("address", "find", "汾阳路 150 号")[0]
    assert (first["title"], first["precision"]) == ("汾阳路150号", "number")
    assert "number:150" in first["reasons"]
    here = cli("address", "at", str(first["lon"]), str(first["lat"]))
    assert here["where"]["district"]["name"] == "黄浦区"
    assert here["nearest"][0]["uid"] == first["uid"]


def test_that_a_renamed_address_is_found_by_both_names_once_approved(cli: Any) -> None:
    uid = cli("address", "find", "五原路212号")[0]["uid"]
    asked = cli("address", "request", "rename", "--address", uid, "--name", "梧桐书店")
    assert asked["standing"] == "open"
    assert cli("address", "requests")[0]["hash"] == asked["hash"]
    refused = cli("address", "approve", asked["hash"], "--as", "intake", code=4)
    assert refused["field"] == "as"
    assert cli("address", "approve", asked["hash"][:10])["standing"] == "approved"
    for text in ("梧桐书店", "wutongshudian"):
        assert cli("address", "find", text)[0]["uid"] == uid
    story = cli("address", "history", uid)
    assert (story["entry"]["old"], len(story["requests"])) == (["五原路212号"], 1)


def test_that_a_case_is_reported_by_address_alone_only_if_it_is_sure(cli: Any) -> None:
    row = cli("case", "report", "--words", "路灯不亮", "--address", "安福路288号")
    assert row["address"] == "安福路288号"
    assert row["lat"] == pytest.approx(31.13)
    told = cli("case", "report", "--words", "路灯不亮", "--address", "某某地方", code=3)
    assert told["field"] == "address"
