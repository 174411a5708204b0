"""`serve` tells at its start what it cannot work on, in the language asked for."""

from __future__ import annotations

import os
import signal

import pytest

from app.assembly.serving import serve
from app.cli.wiring import Serve
from app.domain.errors import StorageFailure
from app.sample.tiny import create_tiny_city


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "city"
    create_tiny_city(folder).close()
    return folder


@pytest.mark.parametrize("content", [None, b"", b"no map at all"])
def test_that_serve_refuses_a_city_whose_map_cannot_be_used(folder, content):
    (folder / "map.gpkg").unlink()
    if content is not None:
        (folder / "map.gpkg").write_bytes(content)
    said = []
    with pytest.raises(StorageFailure, match=r"map\.gpkg"):
        serve(Serve(str(folder)), said.append)
    assert said == []


@pytest.mark.parametrize(("lang", "words"), [("zh", "已打开，由本进程"), ("en", "open, plays")])
def test_that_serve_speaks_the_language_asked_for(folder, lang, words):
    said = []

    def say(line):
        said.append(line)
        os.kill(os.getpid(), signal.SIGTERM)

    assert serve(Serve(str(folder), lang=lang), say)["ended_in_time"]
    assert words in said[0]
