"""What the map's cards say: identified things, a selection, in the language spoken now."""

from __future__ import annotations

import numpy as np

from app.domain.measures import said_length
from app.shell.map_selecting import Selected
from app.shell.picks import class_name
from app.store import Store
from widgets.i18n import tr, tr_or
from widgets.map_card import CardRow
from widgets.map_identify import Found
from widgets.part_card import STATES

_ICONS = {
    "case": "file-document-outline",
    "unit": "account-outline",
    "part": "shape-outline",
    "building": "office-building-outline",
    "road": "road-variant",
    "pipe": "pipe",
    "area": "hexagon-outline",
}


def found_row(found: Found, store: Store, metres: float | None = None) -> CardRow:
    """Return how one identified thing is listed; `metres` is how far it is."""
    far = () if metres is None else (said_length(metres),)
    icon = _ICONS[found.kind]
    if found.kind == "part":
        state = tr(f"part.{STATES[found.state]}") if found.state < len(STATES) else ""
        return CardRow(class_name(found.cls), state, icon, far)
    if found.kind == "area":
        return CardRow(found.name, tr(f"tier.{found.detail}"), icon)
    if found.kind == "case":
        row = None if found.uid is None else store.row(found.uid)
        title = "" if row is None else row.title or row.matter_name
        return CardRow(title or tr("identify.case"), tr("identify.case"), icon)
    if found.kind == "unit":
        unit = None if found.uid is None else store.units.get(found.uid)
        return CardRow("" if unit is None else unit.name, tr("identify.unit"), icon)
    said = tr_or(f"identify.{found.kind}_{found.detail}", found.detail)
    if found.kind == "pipe":
        return CardRow(said, f"{found.size} mm", icon)
    name = found.name or tr(f"identify.{found.kind}")
    return CardRow(name, said, icon)


def class_rows(selected: Selected) -> tuple[tuple[int, ...], tuple[CardRow, ...]]:
    """Return the classes of a selection, most parts first, and how they are listed.

    Each row has the parts in all and those that are not whole; rows of classes that are there but
    not wanted stand dim below, so that they can be had back.
    """
    by_class = selected.tally.sum(axis=1)
    counted = selected.counted
    order = np.lexsort((np.arange(256), -by_class, selected.want == 0))
    classes = tuple(int(c) for c in order if by_class[c])
    rows = []
    for cls in classes:
        lit = bool(selected.want[cls])
        shown = counted[cls] if lit else selected.tally[cls]
        icon = f"checkbox-{'marked' if lit else 'blank'}-outline"
        figures = (f"{int(shown.sum()):,}", f"{int(shown[1:].sum()):,}")
        rows.append(CardRow(class_name(cls), icon=icon, figures=figures, lit=lit))
    return classes, tuple(rows)


def state_words(selected: Selected) -> str:
    """Return the counts by state in one line."""
    by_state = selected.counted.sum(axis=0)
    return "  ".join(f"{tr(f'part.{STATES[s]}')} {int(n):,}" for s, n in enumerate(by_state))
