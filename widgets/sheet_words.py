"""Turns a `CaseSheet` into what its panel shows: facts, clocks, advice, moves, history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.domain.cases import Entry
from app.domain.workflow import Chain, Move
from app.engines.titles import ENDS
from app.services.changes import one_line, says_more
from app.services.commands import Actor
from app.services.suggest import SENT_BACK
from app.services.views import CaseSheet, Suggestion
from widgets.facts import Fact, Span
from widgets.i18n import language, tr, tr_or
from widgets.move_form import asked_of
from widgets.suggestion_card import Advice, Choice
from widgets.timeline import Event
from widgets.words import area_name, clock, matter_named, named, person_named

_WAY = ("reported", "filed", "dispatched", "signed", "handled", "checked", "closed")
_NEXT_ROLE = {
    "reported": "dispatcher",
    "filed": "dispatcher",
    "dispatched": "handler",
    "signed": "handler",
    "handled": "supervisor",
    "checked": "dispatcher",
}
_MAIN = ("dispatch", "sign", "handle", "pass", "close")
_HIDDEN = ("file", "dispatch")  # done by accepting, choosing a matter or a person
_DOUBTFUL = 600  # thousandths, below which a place is one to look at again
ACCEPT, OTHER = "accept", "other"


@dataclass(frozen=True)
class Offer:
    """A button: what it does (a move's name, `accept` or `other`), its words and key."""

    name: str
    text: str
    key: str
    asks: tuple[str, ...] = ()  # fields of the form
    chains: tuple[Chain, ...] = ()


@dataclass(frozen=True)
class NextHand:
    """Who could take the next step; `person` None where any of that role may."""

    role: str
    person: UUID | None
    name: str


def head_line(sheet: CaseSheet) -> str:
    """Return the small line above the title."""
    row = sheet.row
    number = (
        tr("sheet.case", number=row.number)
        if row.number
        else tr("sheet.receipt", receipt=row.receipt)
    )
    parts = [number, _step_name(sheet)]
    if row.sample:
        parts.append(tr("sheet.sample"))
    return "  ·  ".join(parts)


def _step_name(sheet: CaseSheet) -> str:
    step = sheet.way.step(sheet.row.step) if sheet.way is not None else None
    own = sheet.row.step if step is None else step.en if language() == "en" else step.zh
    return tr_or(f"step.{sheet.row.step}", own)


def title_line(sheet: CaseSheet) -> str:
    """Return the case in one sentence: the first of the reporter's words, or the matter."""
    return one_line(_said(sheet)) or matter_named(sheet.row.matter_name) or tr("inbox.untitled")


def full_words(sheet: CaseSheet) -> str:
    """Return all that was said where the title does not hold it, else an empty text."""
    said = " ".join(_said(sheet).split())
    return said if says_more(said.rstrip(ENDS)) else ""


def _said(sheet: CaseSheet) -> str:
    key = sheet.state.refs.get("words")
    return sheet.words.get(key, "") if key else ""


def facts_of(sheet: CaseSheet) -> list[Fact]:
    """Return place, grid, matter, source, unit and reporter."""
    row = sheet.row
    grid, street = sheet.where.grid, sheet.where.street
    found = [Fact(tr("sheet.place"), (Span(named(row.address) or "–"),))]
    placed = _placed_spans(sheet)
    if placed:
        found.append(Fact(tr("sheet.why_here"), placed))
    spans = [Span(grid.code if grid else row.grid_code or "–")]
    if street is not None:
        spans.append(Span(area_name(street), "dim"))
    found.append(Fact(tr("sheet.grid"), tuple(spans)))
    found.append(Fact(tr("sheet.matter"), _matter_spans(sheet)))
    found.append(Fact(tr("sheet.source"), (Span(tr_or(f"source.{row.source}", row.source)),)))
    if row.unit is not None:
        who = Span(person_named(row.person_name), "dim")
        found.append(Fact(tr("sheet.unit"), (Span(named(row.unit_name)), who)))
    reporter = _reporter(sheet)
    if reporter:
        found.append(Fact(tr("sheet.reporter"), reporter))
    return found


def _placed_spans(sheet: CaseSheet) -> tuple[Span, ...]:
    """Say how the place came about, how sure that is, and from what it was told."""
    placed = sheet.state.placed
    if placed is None:
        return ()
    parts = [tr(f"placed.{placed.method}")]
    if placed.precision not in ("", "point"):
        parts.append(tr(f"placed.is_{placed.precision}"))
    if placed.place is not None and placed.place in sheet.names:
        parts.append(named(sheet.names[placed.place]))
    spans = [Span(" · ".join(parts))]
    if placed.confidence is not None:
        doubtful = placed.confidence < _DOUBTFUL
        spans.append(Span(f"{placed.confidence / 1000:.0%}", "attention" if doubtful else "dim"))
    if placed.metres:
        spans.append(Span(tr("placed.metres", n=placed.metres), "dim"))
    told = [tr_or(f"placed.by_{one}", "") for one in placed.reasons]
    if any(told):
        spans.append(
            Span(tr("placed.told", what=tr("reason.joint").join(filter(None, told))), "dim")
        )
    return tuple(spans)


def _matter_spans(sheet: CaseSheet) -> tuple[Span, ...]:
    if sheet.row.matter_name:
        return (Span(matter_named(sheet.row.matter_name)),)
    first = sheet.suggestion.matters[:1] if sheet.suggestion else ()
    return tuple(Span(f"{matter_named(m.name)}?", "dim") for m in first) or (Span("–", "dim"),)


def _reporter(sheet: CaseSheet) -> tuple[Span, ...]:
    refs = [sheet.state.refs.get(kind) for kind in ("reporter_name", "reporter_phone")]
    if not any(refs):
        return ()
    held = [sheet.words[key] for key in refs if key and key in sheet.words]
    if not held:
        return (Span(tr("sheet.erased"), "dim"),)
    return (Span(person_named(held[0])), *(Span(text, "dim") for text in held[1:]))


def advice_of(sheet: CaseSheet) -> Advice | None:
    """Return what the card says: the suggestion, or why it was sent where it was sent."""
    if sheet.suggestion is not None:
        return _suggested(sheet.suggestion)
    reasons = sheet.state.reasons
    if not reasons or not sheet.row.is_open:
        return None
    unit, person = named(sheet.row.unit_name), person_named(sheet.row.person_name)
    title = "   ".join((tr("sheet.sent_to"), unit, person))
    return Advice(title, None, "normal", reasons_line(reasons))


def _suggested(found: Suggestion) -> Advice:
    share = found.matters[0].score if found.matters else None
    if any(reason.startswith(f"{SENT_BACK}:") for reason in found.reasons):
        share = None  # how well the matter fits says nothing of a unit that refused it
    choices = tuple(Choice(m.code, matter_named(m.name), m.score) for m in found.matters)
    who = found.accountable
    if who is None or not found.matters:
        return Advice(
            tr("sheet.no_suggestion"), None, "unknown",
            tr("sheet.no_suggestion_how") + " " + reasons_line(found.reasons), choices,
        )  # fmt: skip
    unit, person = named(who.unit.name), person_named(who.person.name)
    title = "   ".join((tr("sheet.suggestion"), unit, person))
    state = "normal" if found.sure else "attention"
    several = choices if len(choices) > 1 else ()
    return Advice(title, share, state, reasons_line(found.reasons), several)


def reasons_line(reasons: tuple[str, ...]) -> str:
    """Return reasons such as `word:井盖` in words, joined."""
    words: dict[str, list[str]] = {}
    for reason in reasons:
        kind, _, value = reason.partition(":")
        said = value if kind == "word" else named(value)
        words.setdefault(kind, []).append(tr_or(f"reason_value.{value}", said))
    joint = tr("reason.joint")
    lines = [
        tr(f"reason.{kind}", what=joint.join(filter(None, values)))
        for kind, values in words.items()
    ]
    return tr("reason.comma").join(lines)


def offers_of(sheet: CaseSheet) -> list[Offer]:
    """Return the buttons, the main one first; empty if this role can do nothing now."""
    moves = {move.name: move for move in sheet.moves}
    found: list[Offer] = []
    may_send = "dispatch" in moves or "file" in moves
    ready = sheet.suggestion is not None and sheet.suggestion.accountable is not None
    if may_send and ready:
        found.append(Offer(ACCEPT, tr("move.accept"), "A"))
    if may_send:
        found.append(Offer(OTHER, tr("move.other"), "D"))
    order = sorted(moves.values(), key=_weight)
    found += [_offer(move, sheet) for move in order if move.name not in _HIDDEN]
    return found


def _weight(move: Move) -> int:
    """Return a move's place: the way on first, then what has a key of its own, then the rest."""
    if move.name in _MAIN:
        return _MAIN.index(move.name)
    return 9 if move.key else 10


def _offer(move: Move, sheet: CaseSheet) -> Offer:
    chains = sheet.way.chains_of(move.name) if sheet.way is not None else ()
    return Offer(move.name, move_name(move), move.key, asked_of(move.requires, chains), chains)


def move_name(move: Move) -> str:
    """Return the name of a move; the city's own moves carry their own."""
    return tr_or(f"move.{move.name}", move.en if language() == "en" else move.zh)


def next_hand(sheet: CaseSheet, actor: Actor) -> NextHand | None:
    """Return who could take the next step when `actor` cannot, None if nothing is left."""
    role = _NEXT_ROLE.get(sheet.state.step)
    if role is None or offers_of(sheet) or not sheet.row.is_open:
        return None
    if role == "handler":
        return NextHand(role, sheet.state.person, sheet.row.person_name)
    return NextHand(role, None, tr(f"role.{role}"))


def events_of(sheet: CaseSheet, now_ms: int) -> list[Event]:
    """Return the history, oldest first, and the steps still to come."""
    found = [_event(entry, sheet, now_ms) for entry in sheet.state.history]
    if sheet.row.is_open and sheet.state.step in _WAY:
        ahead = _WAY[_WAY.index(sheet.state.step) + 1 :]
        found.append(Event(" → ".join(tr(f"step.{step}") for step in ahead), kind="next"))
    return found


def _event(entry: Entry, sheet: CaseSheet, now_ms: int) -> Event:
    known = sheet.way.moves.get(entry.type) if sheet.way is not None else None
    name = move_name(known) if known is not None else tr_or(f"move.{entry.type}", entry.type)
    who = tr("role.machine") if entry.auto else person_named(sheet.names.get(entry.actor, ""))
    notes = [sheet.words.get(key, "") for kind, key in entry.refs.items() if kind in _NOTES]
    kind = {"applied": "done"}.get(entry.effect, entry.effect)
    if entry.effect in ("undone", "refused", "waiting", "quarantined"):
        why = tr_or(f"why.{entry.why.split('_from_')[0]}", entry.why) if entry.why else ""
        notes.insert(0, " ".join(filter(None, (tr(f"sheet.{entry.effect}"), why))))
    note = "\n".join(filter(None, notes))
    return Event(f"{name}  {who}".strip(), clock(entry.at_ms, now_ms), note, kind)


def photos_of(sheet: CaseSheet) -> tuple[str, ...]:
    """Return every photo of the case by content hash, whichever step brought it."""
    brought = (p for entry in sheet.state.history if entry.effect == "applied"
               for p in entry.photos)  # fmt: skip
    return tuple(dict.fromkeys((*sheet.state.photos, *brought)))


def photo_captions(sheet: CaseSheet, held: Sequence[str]) -> dict[str, str]:
    """Return by content hash whether a photo shows the thing before or after it was handled."""
    after = {p for entry in sheet.state.history if entry.type == "handle" for p in entry.photos}
    said = {p: tr("sheet.after" if p in after else "sheet.before") for p in photos_of(sheet)}
    return said | dict.fromkeys(held, tr("sheet.with_next"))


_NOTES = ("note", "reason", "condition", "document")
