"""A row that names the place on its second line says on its first only what it is."""

from __future__ import annotations

import pytest

from app.engines.english import english, english_matter
from app.engines.titles import what_of


@pytest.mark.parametrize(
    ("title", "address", "what"),
    [
        ("金富路141号附近天天有人派发传单", "金富路141号", "天天有人派发传单"),
        ("龙泉路这一段道路不洁，地上都是泥", "龙泉路26号", "道路不洁，地上都是泥"),
        ("新凤路50弄附近这里有点情况", "新凤路50弄10号", "有点情况"),
        ("汾阳路 150 号门口路面开裂", "汾阳路150号附近", "门口路面开裂"),
        ("汾阳路22号垃圾很多", "汾阳路225号", "汾阳路22号垃圾很多"),
        ("康平路286号绿化", "康平路286号", "康平路286号绿化"),
        ("路面龟裂，约 2 m²", "汾阳路 150 号", "路面龟裂，约 2 m²"),
        ("汾阳路150号", "汾阳路150号", "汾阳路150号"),
        ("路灯不亮", "", "路灯不亮"),
    ],
)
def test_that_the_place_at_the_beginning_is_left_out(title: str, address: str, what: str) -> None:
    assert what_of(title, address) == what


def test_that_a_matter_has_its_english_name_and_a_citys_own_keeps_its() -> None:
    assert english_matter("道路破损") == "Damaged road"
    assert english_matter("市容环境 › 道路破损") == "City appearance › Damaged road"
    assert english_matter("本市自定事项") == "本市自定事项"


def test_that_a_live_unit_has_an_english_name() -> None:
    assert english("环卫作业车 003") == "Sanitation truck 003"
