"""How pages and sheets of cases look in a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from app.cli.printing import local_time, print_json, print_line, table
from app.cli.words import reasons_said, said, word
from app.domain.cases import Entry
from app.engines.english import english, english_matter, english_person
from app.services.changes import CaseRow
from app.services.views import Apart, CasePage, CaseSheet

_COLUMNS = ("number", "step", "matter", "title", "address", "unit", "person", "due")


def show_page(page: CasePage, *, as_json: bool, lang: str) -> None:
    """Print a page of cases."""
    if as_json:
        print_json(page)
        return
    if not page.rows:
        print_line(word("none", lang))
        return
    about = word("about", lang) + " " if page.estimated else ""
    title = f"{word('cases', lang)} {len(page.rows)} / {about}{page.total}"
    table([word(key, lang) for key in _COLUMNS], (_cells(row, lang) for row in page.rows), title)


def show_quarantine(apart: Sequence[Apart], *, as_json: bool, lang: str) -> None:
    """Print what is kept apart from the state."""
    if as_json:
        print_json(apart)
        return
    if not apart:
        print_line(word("apart_none", lang))
        return
    columns = ("number", "move", "who", "why", "until")
    table([word(key, lang) for key in columns], (_apart_cells(one, lang) for one in apart))


def _apart_cells(one: Apart, lang: str) -> tuple[str, ...]:
    return (
        one.number or str(one.case),
        f"{local_time(one.at_ms)} {said('move', one.type, lang)}",
        f"{_by(one, lang)} ({said('role', one.role, lang)})",
        word(f"apart_{one.why}", lang),
        local_time(one.release_ms) or word("never", lang),
    )


def show_sheet(sheet: CaseSheet, *, as_json: bool, lang: str) -> None:
    """Print everything about one case."""
    if as_json:
        print_json(sheet)
        return
    mark = f" [{word('sample', lang)}]" if sheet.row.sample else ""
    step = said("step", sheet.row.step, lang)
    print_line(f"{sheet.row.number or sheet.row.receipt}  {step}{mark}")
    for key, value in _facts(sheet, lang):
        if value:
            print_line(f"  {word(key, lang)}: {value}")
    print_line(f"  {word('history', lang)}:")
    for entry in sheet.state.history:
        print_line("    " + _entry_line(entry, sheet, lang))


def _cells(row: CaseRow, lang: str) -> tuple[str, ...]:
    return (
        row.number or row.receipt,
        said("step", row.step, lang),
        _in(lang, english_matter, row.matter_name),
        row.title,
        _in(lang, english, row.address) or f"{row.lon:.5f},{row.lat:.5f}",
        _in(lang, english, row.unit_name),
        _in(lang, english_person, row.person_name),
        local_time(row.due_ms),
    )


def _facts(sheet: CaseSheet, lang: str) -> Iterator[tuple[str, str]]:
    row = sheet.row
    words = sheet.state.refs.get("words")
    words_said = sheet.words.get(words, word("erased", lang)) if words else ""
    yield "title", words_said
    yield "address", _in(lang, english, row.address)
    yield "place", " › ".join(filter(None, (_areas(sheet, lang), row.grid_code)))
    yield "matter", _in(lang, english_matter, row.matter_name)
    yield "unit", _in(lang, english, row.unit_name)
    yield "person", _in(lang, english_person, row.person_name)
    yield "auto", "✓" if row.auto else ""
    yield (
        "due",
        " ".join(filter(None, (said("clock", row.due_clock, lang), local_time(row.due_ms)))),
    )
    yield "reasons", reasons_said(sheet.state.reasons, lang)
    if sheet.suggestion is not None:
        yield (
            "suggestion",
            "; ".join(
                f"{_in(lang, english_matter, one.name)} {one.score / 10:.0f} %"
                for one in sheet.suggestion.matters
            ),
        )
    yield "near", ", ".join(one.number or one.receipt for one in sheet.near)
    yield "moves", ", ".join(f"{move.name} {said('move', move.name, lang)}" for move in sheet.moves)


def _entry_line(entry: Entry, sheet: CaseSheet, lang: str) -> str:
    who = _in(lang, english_person, sheet.names.get(entry.actor, ""))
    who = who or said("role", entry.role, lang)
    free = [sheet.words.get(entry.refs[kind], word("erased", lang))
            for kind in ("note", "reason") if kind in entry.refs]  # fmt: skip
    photos = f"[{len(entry.photos)} photo]" if entry.photos else ""
    effect = "" if entry.effect == "applied" else f"({entry.effect} {entry.why})".replace(" )", ")")
    parts = (local_time(entry.at_ms), said("move", entry.type, lang), who, *free, photos, effect)
    return "  ".join(part for part in parts if part)


def _areas(sheet: CaseSheet, lang: str) -> str:
    return " › ".join(_in(lang, english, one) for one in sheet.where.label().split(" › "))


def _by(one: Apart, lang: str) -> str:
    return _in(lang, english_person, one.actor_name) or one.device


def _in(lang: str, english_of: Callable[[str], str], name: str) -> str:
    return english_of(name) if lang == "en" and name else name
