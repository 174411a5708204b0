"""Matters 事项: one tree of classes, and what each asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from app.domain.clocks import TierLimits
from app.domain.errors import InvalidInput

EVIDENCE = ("photo", "two_photos", "document")  # what must be shown before a case is closed
VERIFY = ("needed", "waived")
BLOCKS = ("district", "street", "community")
_WORDS = ("filing_zh", "filing_en", "closing_zh", "closing_en", "verify")


@dataclass(frozen=True)
class Terms:
    """What a matter asks beside its clocks; what one leaves empty, its ancestors say.

    Attributes:
        filing_zh: 立案条件, when a sighting becomes a case.
        closing_zh: 结案条件, when a case may be closed.
        evidence: what is to be shown (`EVIDENCE`).
        lines: trade departments 条 concerned.
        blocks: territorial authorities 块 concerned (`district`, `street`, `community`).
        co: kinds of units that co-handle 协办.
        verify: whether it is verified 核实 before it is filed (`VERIFY`); empty if by its source.
    """

    filing_zh: str = ""
    filing_en: str = ""
    closing_zh: str = ""
    closing_en: str = ""
    evidence: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    co: tuple[str, ...] = ()
    verify: str = ""


@dataclass(frozen=True)
class Matter:
    """One class in the tree 大类 › 小类 › 子类.

    Attributes:
        code: its number in the tree; a child's code begins with its parent's.
        domain: `1` urban management, `3-110`, `3-security`, `3-market`, `N-health`, `N-flood`,
            `N-grassroots`.
        kind: `part` 部件 or `event` 事件 for domain 1, else `event`.
        keywords: words that speak for the matter in a citizen's report.
        lead: kind of unit that handles it (`Duty.kind`).
        limits: time limits by clock name (`filing`, `handling`, `stopping`, …), two tiers each.
        urgent: critical when open beyond its limit, shown first.
        workflow: the workflow that its cases follow; left out, its parent's or the ordinary one.
        terms: what it asks itself; `MatterTree.terms` has what its ancestors say as well.
    """

    code: str
    parent: str
    name_zh: str
    name_en: str
    domain: str
    kind: str
    keywords: tuple[str, ...]
    lead: str
    limits: Mapping[str, TierLimits]
    urgent: bool = False
    workflow: str = ""
    terms: Terms = field(default_factory=Terms)

    def name(self, lang: str) -> str:
        """Return the name in `lang` (`zh` or `en`)."""
        return self.name_en if lang == "en" and self.name_en else self.name_zh


class MatterTree:
    """All matters by code, checked: parents exist, codes extend their parent's."""

    def __init__(self, matters: Iterable[Matter]) -> None:
        self._by_code: dict[str, Matter] = {}
        for matter in matters:
            if matter.code in self._by_code:
                raise InvalidInput(f"The matter {matter.code} stands twice.", field="code")
            self._by_code[matter.code] = matter
        for matter in self._by_code.values():
            if matter.parent and (
                matter.parent not in self._by_code or not matter.code.startswith(matter.parent)
            ):
                raise InvalidInput(
                    f"The matter {matter.code} has no fitting parent {matter.parent!r}.",
                    field="parent",
                )
        parents = {matter.parent for matter in self._by_code.values()}
        self.leaves = tuple(m for m in self._by_code.values() if m.code not in parents)

    def __getitem__(self, code: str) -> Matter:
        """Return a matter; raises `InvalidInput` for an unknown code."""
        try:
            return self._by_code[code]
        except KeyError as error:
            raise InvalidInput(f"There is no matter {code!r}.", field="matter") from error

    def __contains__(self, code: object) -> bool:
        """Tell whether there is a matter of that code."""
        return code in self._by_code

    def __iter__(self) -> Iterator[Matter]:
        """Walk all matters in the order they were given."""
        return iter(self._by_code.values())

    def get(self, code: str) -> Matter | None:
        """Return a matter, None for an unknown code."""
        return self._by_code.get(code)

    def path(self, code: str) -> tuple[Matter, ...]:
        """Return the matter and its ancestors, topmost first."""
        matter = self[code]
        above = self.path(matter.parent) if matter.parent else ()
        return (*above, matter)

    def terms(self, code: str) -> Terms:
        """Return what a matter asks, with what it leaves to its ancestors filled in."""
        found: dict[str, Any] = {}
        for one in self.path(code):
            said = {f.name: getattr(one.terms, f.name) for f in fields(Terms)}
            found |= {name: value for name, value in said.items() if value}
        return Terms(**found)


def parse_terms(raw: Mapping[str, Any], where: str) -> Terms:
    """Read what a matter asks from its plain form; raises `InvalidInput` naming the place."""
    values: dict[str, Any] = {}
    for one in fields(Terms):
        value = raw.get(one.name)
        if value is None:
            continue
        words = one.name in _WORDS
        good = isinstance(value, str) if words else isinstance(value, list | tuple)
        if not good or not all(isinstance(part, str) for part in value):
            raise InvalidInput(
                f"{one.name} of the matter {where} has a wrong form.", field=one.name
            )
        values[one.name] = value if words else tuple(value)
    terms = Terms(**values)
    for name, known in (("evidence", EVIDENCE), ("blocks", BLOCKS)):
        for value in getattr(terms, name):
            _known(value, known, name, where)
    if terms.verify:
        _known(terms.verify, VERIFY, "verify", where)
    return terms


def _known(value: str, known: tuple[str, ...], name: str, where: str) -> None:
    if value not in known:
        raise InvalidInput(
            f"The matter {where} has the unknown {name} {value!r}.",
            advice="One of: " + ", ".join(known),
            field=name,
        )
