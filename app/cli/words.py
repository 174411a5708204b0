"""The command line's own words in both languages, and errors in the language chosen."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from app.domain.errors import AppError

LANGS = ("zh", "en")
_TABLES = Path(__file__).resolve().parents[2] / "resources" / "i18n"

_WORDS: dict[str, tuple[str, str]] = {
    "number": ("案件编号", "Number"),
    "step": ("环节", "Step"),
    "matter": ("事项", "Matter"),
    "title": ("问题描述", "Words"),
    "address": ("地点", "Place"),
    "unit": ("处置部门", "Unit"),
    "person": ("责任人", "Person"),
    "due": ("时限", "Due"),
    "source": ("来源", "Source"),
    "auto": ("自动派遣", "Sent by rule"),
    "reported": ("受理时间", "Reported"),
    "cases": ("案件", "Cases"),
    "history": ("动作", "Actions"),
    "suggestion": ("建议", "Suggestion"),
    "reasons": ("理由", "Reasons"),
    "moves": ("可办", "Open moves"),
    "near": ("附近未结", "Open nearby"),
    "place": ("区域", "Area"),
    "sample": ("示意", "sample"),
    "erased": ("（已删除）", "(erased)"),
    "none": ("没有案件", "No cases"),
    "of": ("共", "of"),
    "about": ("约", "about"),
    "error": ("错误", "Error"),
    "saved": ("已保存", "Saved"),
    "clocks": ("时限", "Clocks"),
}


def word(key: str, lang: str) -> str:
    """Return the word of `key` in `lang`, the key itself if there is none."""
    zh, en = _WORDS.get(key, (key, key))
    return en if lang == "en" else zh


def said(group: str, key: str, lang: str) -> str:
    """Return the window's own word for `key` of `group` (`step`, `move`, `clock`, `role`, …)."""
    words = _table(lang).get(group, {})
    return str(words.get(key, key))


def reasons_said(reasons: Iterable[str], lang: str) -> str:
    """Return stated reasons (`word:路灯`, `shift:早班`, …) as one line of words."""
    return "; ".join(_reason(*reason.partition(":")[::2], lang) for reason in reasons)


def error_line(error: AppError, lang: str) -> str:
    """Return one line that says what happened and what to do."""
    label = word("error", lang)
    named = f" [{error.field}]" if error.field else ""
    own = _table(lang).get("error", {}).get("code", {}).get(error.code, "") if lang == "zh" else ""
    return f"{label}{named}: {own} {error}".replace("\n", " ").replace(":  ", ": ")


def _reason(kind: str, what: str, lang: str) -> str:
    sentence = said("reason", kind, lang)
    value = said("reason_value", what, lang) if kind == "unsure" else what
    return sentence.replace("{what}", value) if sentence != kind else f"{kind}: {value}"


@cache
def _table(lang: str) -> dict[str, Any]:
    path = _TABLES / f"{lang}.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
