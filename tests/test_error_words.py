"""Every error a person can meet is said in Chinese: this walks all raises of the program."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.data.errors import file_error
from app.domain import errors
from app.domain.errors import AppError
from app.runtime.error_words import error_said, table_of

ROOT = Path(__file__).resolve().parents[1]
ERRORS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, AppError)
}
SAID_ELSEWHERE = {  # sentences that come from somewhere that says them in literals, or from outside
    "error.format_message()",  # typer's own
    "reason", "self.status.reason",  # qgis_supervisor: see `_give_up`
}  # fmt: skip


def constants(tree: ast.Module) -> dict[str, ast.expr]:
    return {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def sentences(node: ast.expr, known: dict[str, ast.expr]) -> Iterator[str]:
    """Yield the sentences an expression can be, `{}` for what is filled in."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            yield "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in values)
        case ast.IfExp(body=body, orelse=other):
            yield from sentences(body, known)
            yield from sentences(other, known)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            for a in list(sentences(left, known)) or ["{}"]:
                for b in list(sentences(right, known)) or ["{}"]:
                    yield a + b
        case ast.Name(id=name) if name in known:
            yield from sentences(known[name], known)
        case ast.Call() | ast.Name() | ast.Attribute():
            if ast.unparse(node) in SAID_ELSEWHERE:
                return
            yield "{}" if isinstance(node, ast.Call) else f"<{ast.unparse(node)}>"


def raised() -> Iterator[tuple[str, str]]:
    """Yield each place and sentence of a message or an advice."""
    for top in ("app", "widgets", "layers"):
        for path in sorted((ROOT / top).rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            known = constants(tree)
            for node in ast.walk(tree):
                if not isinstance(node, ast.Call):
                    continue
                name = node.func.id if isinstance(node.func, ast.Name) else ""
                if name not in ERRORS:
                    continue
                parts = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "advice")]
                for part in parts:
                    for text in sentences(part, known):
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", text


def test_that_every_raise_has_its_sentence_in_chinese():
    table = table_of("zh")
    missing = [f"{where}: {text}" for where, text in raised() if text and text not in table]
    assert not missing, "\n".join(missing)


def test_that_translations_fill_in_what_the_sentences_hold():
    for key, words in table_of("zh").items():
        holes = re.findall(r"\{(\d*)\}", words)
        count = key.count("{}")
        numbered = sorted(int(hole) for hole in holes if hole)
        assert len(holes) == count, key
        assert numbered in ([], list(range(count))), key
        assert re.search(r"[\u4e00-\u9fff]|\{", words), key


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("There is no case 'x' here.", "本市没有案件 'x'。"),
        ("3 of the first 9 rows of a.csv cannot be taken as parts. For example row 2: x.",
         "a.csv 的前 9 行中有 3 行不能按 部件 收下。 For example row 2: x."),
        ("The disk of /city is full. What was saved before is safe; this step was not saved.",
         "/city 所在的磁盘已满。此前保存的内容完好；这一步没有保存。"),
        ("words may have 4000 letters, not 5000.", "words 最多 4000 个字，不能有 5000 个。"),
        ("return is not open to handler at the step filed (not_from_filed).",
         "以 处置人员 的身份不能在 立案 环节做 回退（现处于立案环节）。"),
        ("Nobody wrote this.", "Nobody wrote this."),
    ],
)  # fmt: skip
def test_that_numbers_and_names_are_filled_in(english, chinese):
    assert error_said(english, "zh") == chinese
    assert error_said(english, "en") == english


def test_that_a_full_disk_reads_in_chinese():
    error = file_error(OSError(28, "No space left on device"), Path("/city"))
    assert "磁盘已满" in error_said(error.message, "zh")
    assert error_said(error.advice, "zh") == "请腾出空间，再做这一步。"


@pytest.mark.parametrize(
    "found",
    [
        "the map lacks a part that was added or changed",
        "the map lacks a grid that was split or merged",
        "the map differs from the log in code, state",
        "3 further rows of the map differ from the log",
    ],
)
def test_that_what_a_check_finds_on_the_map_is_said_in_chinese(found: str) -> None:
    assert not re.search(r"\b(the|map|of)\b", error_said(found, "zh"))
