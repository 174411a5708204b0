"""The legend lists what is in sight, and no more."""

from __future__ import annotations

import numpy as np

from app.domain.camera import Camera
from layers.look import Heat, Values, look_of
from widgets.map_seen import Tallied, seen_rows
from widgets.theme import load_theme

THEME = load_theme("light")


def words(key: str) -> str:
    return key


def rows(*layers: str, scale: float = 1.0, **more: object) -> dict[str, str]:
    look = look_of(THEME, frozenset(layers), **more)  # type: ignore[arg-type] # as look_of has it
    counts = np.zeros(256, np.int64)
    counts[3] = 1_234
    found = seen_rows(
        look, Camera(m_per_px=scale), THEME, words, Tallied(counts, (1, 4)), {"patrol": 3}, (2, 40)
    )
    return {row.words: row.note for row in found}


def test_that_units_and_clusters_are_told_by_kind_and_size() -> None:
    found = rows()
    assert found == {"unit.patrol": "3", "layer.clusters": "2 – 40"}


def test_that_parts_and_pipes_are_listed_only_where_they_are_drawn() -> None:
    assert rows("parts", "pipes")["layer.family_0"] == "1,234"
    assert {"identify.pipe_water", "identify.pipe_power"} & rows("pipes").keys()
    assert "layer.family_0" not in rows("parts", scale=40.0)
    assert len(rows("parts", "pipes", scale=40.0)) == 2


def test_that_heat_and_fill_say_their_numbers() -> None:
    heat = Heat(np.zeros((1, 2)), np.ones(1, np.float32))
    fill = Values(np.zeros(1, np.float32), (1.0, 4.0), (None, 0x111111, 0x222222))
    found = rows("heat", "values", heat=heat, values=fill)
    assert found["layer.heat"] == "0 – 3+"
    assert {"1 – 3", "≥ 4"} <= found.keys()
