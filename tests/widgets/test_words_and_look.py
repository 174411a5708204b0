"""Words stand in tables, colours in tokens; nothing of either stands in the code."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QColor

from widgets import words
from widgets.i18n import LANGUAGES, set_language, table, tr, tr_or
from widgets.theme import SIZES, load_theme, metrics, style_sheet

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*ROOT.glob("widgets/**/*.py"), *ROOT.glob("app/shell/*.py")])
_CJK = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")
_KEY = re.compile(r"""\btr\(\s*"([a-z0-9_.]+)\"""")
NOW = 1_795_415_527_000
MINUTE = 60_000


@pytest.fixture(autouse=True)
def _chinese() -> Any:
    set_language("zh")
    yield
    set_language("zh")


def test_that_both_tables_have_the_same_keys() -> None:
    assert set(table("zh")) == set(table("en"))


def test_that_both_languages_fill_the_same_blanks() -> None:
    def blanks(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    other = {"weekday", "month", "day"}
    for key, text in table("zh").items():
        assert blanks(text) - other == blanks(table("en")[key]) - other, key


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_that_no_chinese_stands_in_the_code_of_the_window(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if node.body and isinstance(node.body[0], ast.Expr)
    }
    found = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if id(node) not in docs and _CJK.search(node.value)
    ]
    assert found == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_that_every_key_asked_for_is_in_the_tables(path: Path) -> None:
    asked = set(_KEY.findall(path.read_text("utf-8")))
    assert asked <= set(table("zh"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_that_steps_moves_roles_and_clocks_of_the_workflow_have_words(lang: str) -> None:
    import tomllib

    raw = tomllib.loads((ROOT / "resources/workflow/standard.toml").read_text("utf-8"))
    keys = {f"step.{name}" for name in raw["states"]}
    for move in raw["moves"]:
        keys |= {f"move.{move['name']}", *(f"role.{role}" for role in move["roles"])}
        keys |= {f"clock.{clock}" for clock in (*move.get("starts", ()), *move.get("stops", ()))}
    assert keys <= set(table(lang))


def test_that_a_missing_key_shows_itself() -> None:
    assert tr("no.such.key") == "no.such.key"
    assert tr_or("no.such.key", "data") == "data"


def test_that_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="fr"):
        set_language("fr")


@pytest.mark.parametrize("name", ["light", "dark", "field"])
def test_that_a_theme_fills_every_token_of_the_style_sheet(name: str) -> None:
    theme = load_theme(name)
    assert "@" not in style_sheet(theme).split("*/", 1)[1]
    assert all(QColor(getattr(theme, f)).isValid() for f in ("ground", "panel", "text", "water"))


@pytest.mark.parametrize("name", ["light", "dark", "field"])
def test_that_small_text_has_contrast(name: str) -> None:
    theme = load_theme(name)
    inks = ["text", "dim", *(f"{s}_ink" for s in ("normal", "attention", "bad", "critical"))]
    for ink in inks:
        assert contrast(QColor(getattr(theme, ink)), QColor(theme.panel)) >= 4.0, ink


def contrast(one: QColor, two: QColor) -> float:
    def light(colour: QColor) -> float:
        parts = (colour.redF(), colour.greenF(), colour.blueF())
        r, g, b = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    bright, dark = sorted((light(one), light(two)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_that_an_unknown_state_is_never_shown_as_normal() -> None:
    theme = load_theme("light")
    assert theme.state("whatever") == QColor(theme.unknown)


@pytest.mark.parametrize("px", SIZES)
def test_that_figures_line_up(qapp: Any, px: int) -> None:
    widths = {metrics(px).horizontalAdvance(digit * 10) for digit in string.digits}
    assert len(widths) == 1


@pytest.mark.parametrize(
    ("left", "shown"),
    [
        (42 * MINUTE, "42 分"),
        (-3 * MINUTE, "超 3 分"),
        (80 * MINUTE, "1 时 20 分"),
        (125 * MINUTE, "2 时 05 分"),
        (180 * MINUTE, "3 时"),
        (6 * 1440 * MINUTE, "6 天"),
        (None, ""),
    ],
)
def test_that_what_remains_is_said_briefly(left: int | None, shown: str) -> None:
    assert words.remaining(None if left is None else NOW + left, NOW) == shown


def test_that_every_age_is_said_and_a_missing_one_too() -> None:
    assert words.age(NOW - 2000, NOW) == "2 秒前"
    assert words.age(NOW - 5 * MINUTE, NOW) == "5 分钟前"
    assert words.age(None, NOW) == "无读数"


def test_that_a_missing_value_is_a_dash() -> None:
    assert words.figure(float("nan")) == "–"
    assert words.figure(15043218) == "15,043,218"
    assert words.figure(98.2) == "98.2"
    assert words.figure(1.42) == "1.42"


def test_that_another_day_is_named_with_its_date() -> None:
    assert words.clock(NOW, NOW) == "14:32:07"
    assert words.clock(NOW - 24 * 60 * MINUTE, NOW) == "11-22 14:32"
    assert words.long_date(NOW) == "11 月 23 日 星期一"
