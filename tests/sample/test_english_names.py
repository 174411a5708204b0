"""Names of places, roads, units and people have one English form each."""

from __future__ import annotations

import random
import re

import pytest

from app.engines.english import english, english_person
from app.sample.names import ROLE_NAMES, UNIT_NAMES, person_name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("长宁区", "Changning District"), ("静安区", "Jing'an District"),
        ("闵行区", "Minhang District"), ("浦东新区", "Pudong New Area"), ("上海市", "Shanghai"),
        ("莘庄镇", "Xinzhuang Town"), ("西安市", "Xi'an"), ("重庆市", "Chongqing"),
        ("徐家汇街道", "Xujiahui Subdistrict"), ("湖南路街道", "Hunan Road Subdistrict"),
        ("南京东路街道", "Nanjing Road (E) Subdistrict"), ("外滩街道", "The Bund Subdistrict"),
        ("湖南路街道003001网格", "Hunan Road Subdistrict Grid 003001"),
        ("湖南路街道第3责任网格", "Hunan Road Subdistrict Duty Grid 3"),
        ("东湖社区居委会", "Donghu Residents' Committee"), ("永春新村", "Yongchun Village"),
        ("人民公园", "People's Park"), ("黄浦江", "Huangpu River"), ("苏州河", "Suzhou Creek"),
    ],
)  # fmt: skip
def test_that_places_are_spelt_as_they_are_read(name: str, said: str) -> None:
    assert english(name) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("衡山路", "Hengshan Rd"), ("淮海中路", "Huaihai Rd (M)"),
        ("中山东一路", "Zhongshan Rd (E-1)"), ("瑞金二路", "Ruijin No. 2 Rd"),
        ("世纪大道", "Century Ave"), ("内环高架路", "Inner Ring Elevated Rd"),
        ("沪昆高速", "Hukun Expy"), ("轨道交通10号线", "Metro Line 10"),
        ("安福路288号", "288 Anfu Rd"), ("长乐路613弄14号", "No. 14, Lane 613 Changle Rd"),
        ("望谊路109弄11幢", "Bldg 11, Lane 109 Wangyi Rd"),
    ],
)  # fmt: skip
def test_that_roads_and_addresses_are_written_as_on_the_signs(name: str, said: str) -> None:
    assert english(name) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("张伟", "Zhang Wei"), ("王建国", "Wang Jianguo"), ("吕安", "Lyu An"),
        ("欧阳静怡", "Ouyang Jingyi"), ("曾敏", "Zeng Min"), ("Anna", "Anna"),
    ],
)  # fmt: skip
def test_that_people_have_a_surname_and_a_given_name(name: str, said: str) -> None:
    assert english_person(name) == said


def test_that_units_and_posts_say_whose_and_what_for() -> None:
    assert english("徐汇区道路设施养护所") == "Xuhui District Road Maintenance"
    assert (
        english("湖南路街道综合处置队值守岗")
        == "Hunan Road Subdistrict General Response Team, duty post"
    )


def test_that_every_unit_post_and_person_of_the_sample_has_english() -> None:
    plain = re.compile(r"^[A-Za-z' ,()-]+$")
    for unit in UNIT_NAMES.values():
        assert plain.match(english(f"徐汇区{unit}"))
        assert "District" in english(f"徐汇区{unit}")
        for post in ROLE_NAMES.values():
            assert "," in english(f"徐汇区{unit}{post}")
    chance = random.Random(1)
    for _ in range(300):
        assert len(english_person(person_name(chance)).split()) == 2
