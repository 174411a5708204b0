"""Invented words fit their matter and their place, and the rule hears what is meant."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from app.data.city_folder import open_city
from app.sample.sayings import _words, leaf_weights, say, say_unclear
from app.sample.tiny import create_tiny_city
from app.services.suggest import rank_matters

AT = "望谊路109弄11幢"


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sayings") / "city"
    create_tiny_city(folder).close()
    city = open_city(Path(folder))
    with city.begin(write=False) as uow:
        book = uow.rules.current()
    city.close()
    return book


def test_that_every_matter_has_words_of_its_own(rules):
    heard, weights = leaf_weights(rules.matters)
    assert {matter.code for matter in heard} <= set(_words().says)
    assert min(weights) > 0
    assert "0404" not in {matter.code for matter in heard}  # no district heating in Shanghai


def test_that_the_rule_hears_the_matter_that_is_meant(rules):
    wrong = {}
    for code, sentences in _words().says.items():
        for sentence in sentences:
            ranked = rank_matters(sentence.format(s=AT, r="望谊路", h=AT), rules)
            if [one.code for one in ranked] != [code]:
                wrong[sentence] = [(one.code, one.words) for one in ranked]
    assert not wrong


def test_that_a_place_at_the_street_names_no_house_and_a_road_no_number(rules):
    chance = random.Random(1)
    tree, trees = rules.matters, "P0402"
    assert all("幢" not in say(tree[trees], AT, chance) for _ in range(20))
    assert any("望谊路早晚高峰" in say(tree["0608"], AT, chance) for _ in range(20))
    assert any(AT in say(tree["0602"], AT, chance) for _ in range(5))


def test_that_unclear_words_name_two_matters_or_none(rules):
    chance = random.Random(2)
    matters, _ = leaf_weights(rules.matters)
    found = [rank_matters(say_unclear(matters, AT, chance), rules) for _ in range(60)]
    assert any(not one for one in found)
    assert sum(len(one) != 1 for one in found) > 50
