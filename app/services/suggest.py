"""What the stated rules would do with a citizen's words at a place, and why.

The rule of this version, plain enough to read aloud: a matter speaks up when its keywords stand
in the words; longer words weigh more. It is *sure* when one matter alone speaks up, by at least
`_SURE_LETTERS` letters, and the rolls name one person for it. Models come later and slot in here.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from app.domain.areas import Whereabouts
from app.domain.matters import Matter
from app.domain.rules import RuleBook
from app.services.accountability import accountable
from app.services.ports import Directory
from app.services.views import MatterSuggestion, Suggestion

SURE_RULE = "one-matter-one-person"
UNSURE_RULE = "ask-a-person"
SENT_BACK = "sent_back"
_SURE_LETTERS = 3
_KEEP = 3


def suggest(
    words: str,
    where: Whereabouts,
    now_ms: int,
    rules: RuleBook,
    directory: Directory,
    *,
    matter: str = "",
    without: Collection[UUID] = (),
    lang: str = "zh",
) -> Suggestion:
    """Return up to three matters, who would get the case, and whether the rule is sure.

    `matter` is one already set by a person: it then stands first and alone. Units in `without`
    sent the case back as not theirs: they are left out, and a person decides.
    """
    ranked = _given(rules, matter, lang) if matter else rank_matters(words, rules, lang)
    first = ranked[0] if ranked else None
    who = accountable(where, first.code, now_ms, rules, directory, without) if first else None
    sure = _is_sure(ranked, given=bool(matter)) and who is not None and where.grid is not None
    sure = sure and not without
    reasons = [f"word:{word}" for one in ranked[:1] for word in one.words]
    if where.grid is not None:
        reasons.append(f"grid:{where.grid.code}")
    if who is not None:
        reasons.extend(who.reasons)
    reasons.extend(f"{SENT_BACK}:{name}" for name in directory.names(set(without)).values())
    if not sure:
        doubt = _doubt(ranked, where, who is not None)
        reasons.append(f"unsure:{SENT_BACK if without and who is not None else doubt}")
    rule = SURE_RULE if sure else UNSURE_RULE
    return Suggestion(tuple(ranked[:_KEEP]), who, sure, rule, tuple(reasons))


def rank_matters(words: str, rules: RuleBook, lang: str = "zh") -> list[MatterSuggestion]:
    """Return the matters whose keywords stand in `words`, strongest first.

    A keyword inside a longer one found of any matter (井盖 in 雨水井盖) does not speak again.
    """
    found = {m.code: _found(m, words) for m in rules.matters.leaves}
    every = {word for hits in found.values() for word in hits}
    weights: dict[str, int] = {}
    for code, hits in found.items():
        own = [w for w in hits if not any(w != other and w in other for other in every)]
        if own:
            weights[code] = sum(len(w) ** 2 for w in own)
    total = sum(weights.values())
    order = sorted(weights, key=lambda code: (-weights[code], code))
    return [
        MatterSuggestion(
            code, rules.matters[code].name(lang), weights[code] * 1000 // total, tuple(found[code])
        )
        for code in order
    ]


def _found(matter: Matter, words: str) -> list[str]:
    return [word for word in matter.keywords if word in words]


def _given(rules: RuleBook, matter: str, lang: str) -> list[MatterSuggestion]:
    return [MatterSuggestion(matter, rules.matters[matter].name(lang), 1000, ())]


def _is_sure(ranked: list[MatterSuggestion], *, given: bool) -> bool:
    if given:
        return True
    return len(ranked) == 1 and sum(len(word) for word in ranked[0].words) >= _SURE_LETTERS


def _doubt(ranked: list[MatterSuggestion], where: Whereabouts, known: bool) -> str:
    if not ranked:
        return "no_matter"
    if where.grid is None:
        return "no_grid"
    if not known:
        return "nobody"
    return "several_matters" if len(ranked) > 1 else "weak_words"
