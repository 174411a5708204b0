"""Matters 事项: one tree of classes, and what each asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from app.domain.clocks import Limit
from app.domain.errors import InvalidInput


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
        limits: time limit by clock name (`filing`, `dispatching`, `handling`, `checking`).
        urgent: critical when open beyond its limit, shown first.
        workflow: the workflow that its cases follow; left out, its parent's or the ordinary one.
    """

    code: str
    parent: str
    name_zh: str
    name_en: str
    domain: str
    kind: str
    keywords: tuple[str, ...]
    lead: str
    limits: Mapping[str, Limit]
    urgent: bool = False
    workflow: str = ""

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
