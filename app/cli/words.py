"""The command line's own words in both languages, and errors in the language chosen."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from app.domain.errors import AppError
from app.engines.english import english
from app.runtime.error_words import error_said

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
    "why": ("原因", "Why"),
    "until": ("自动生效", "Counts from"),
    "never": ("不会生效", "never"),
    "move": ("动作", "Action"),
    "who": ("办理人", "By"),
    "apart_none": ("没有隔离的动作", "Nothing is kept apart"),
    "apart_early": ("时间在将来", "from the future"),
    "apart_role": ("超出办理人权限", "beyond its author's role"),
    "apart_handled_it": ("处置人员核查了自己处置的案件", "the handler checked his own work"),
    "check_actions": ("动作", "Actions"),
    "check_cases": ("案件", "Cases"),
    "check_waiting": ("等待前序动作", "Waiting for a parent"),
    "check_apart": ("已隔离", "Kept apart"),
    "check_words": ("个人信息", "Personal words"),
    "check_photos": ("照片", "Photos"),
    "check_checkpoints": ("检查点", "Checkpoints"),
    "check_imported": ("导入的历史案件", "Imported cases"),
    "check_damage": ("损坏", "Damaged"),
    "check_city": ("本市", "city"),
    "check_beyond": ("离城太远、无法画出", "too far from the city to be drawn"),
    "check_whole": ("完好，没有发现损坏。", "Whole: no damage was found."),
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
    comma = said("reason", "comma", lang)
    return comma.join(_reason(*reason.partition(":")[::2], lang) for reason in reasons)


def error_line(error: AppError, lang: str) -> str:
    """Return one line that says what happened and what to do."""
    label = word("error", lang)
    named = f" [{error.field}]" if error.field else ""
    what = " ".join(error_said(text, lang) for text in (error.message, error.advice) if text)
    own = _table(lang).get("error", {}).get("code", {}).get(error.code, "") if lang == "zh" else ""
    own = "" if own and own in what else own
    return f"{label}{named}: {own} {what}".replace("\n", " ").replace(":  ", ": ")


def _reason(kind: str, what: str, lang: str) -> str:
    sentence = said("reason", kind, lang)
    value = said("reason_value", what, lang) if kind in {"unsure", "rule"} else what
    if lang == "en" and kind != "word":
        value = english(value)
    return sentence.replace("{what}", value) if sentence != kind else f"{kind}: {value}"


@cache
def _table(lang: str) -> dict[str, Any]:
    path = _TABLES / f"{lang}.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
