"""What the map's cards say: identified things, a selection, in the language spoken now."""

from __future__ import annotations

import math

import numpy as np

from app.domain.deep_links import read_link
from app.domain.measures import said_length
from app.shell.map_selecting import Selected
from app.shell.map_tree import ratio
from app.shell.picks import class_name
from app.store import Store
from widgets.i18n import tr, tr_or
from widgets.map_card import CardRow
from widgets.map_identify import Found
from widgets.part_card import STATES
from widgets.words import matter_named, named

_ICONS = {
    "case": "file-document-outline",
    "unit": "account-outline",
    "part": "shape-outline",
    "address": "map-marker-outline",
    "building": "office-building-outline",
    "road": "road-variant",
    "pipe": "pipe",
    "area": "hexagon-outline",
}


def found_row(found: Found, store: Store) -> CardRow:
    """Return how one identified thing is listed."""
    far = () if math.isnan(found.metres) else (said_length(found.metres),)
    icon = _ICONS[found.kind]
    if found.kind == "part":
        state = tr(f"part.{STATES[found.state]}") if found.state < len(STATES) else ""
        return CardRow(class_name(found.cls), state, icon, far)
    if found.kind == "area":
        return CardRow(named(found.name), tr(f"tier.{found.detail}"), icon)
    if found.kind == "case":
        row = None if found.uid is None else store.row(found.uid)
        title = "" if row is None else row.title or matter_named(row.matter_name)
        return CardRow(title or tr("identify.case"), tr("identify.case"), icon, far)
    if found.kind == "unit":
        unit = None if found.uid is None else store.units.get(found.uid)
        said = "" if unit is None else named(unit.name)
        return CardRow(said, tr_or(f"unit.{unit.kind}", "") if unit else "", icon, far)
    if found.kind == "address":
        return CardRow(named(found.name), tr("identify.address"), icon, far)
    said = tr_or(f"identify.{found.kind}_{found.detail}", found.detail)
    if found.kind == "pipe":
        return CardRow(said, f"{found.size} mm", icon)
    return CardRow(named(found.name) or tr(f"identify.{found.kind}"), said, icon)


def view_words(link: str) -> str:
    """Return in a few words what a saved view shows: scale, filter, fill."""
    view = read_link(link)
    words = [ratio(view.m_per_px)]
    if view.classes is not None or view.states is not None:
        words.append(tr("view.filtered"))
    if view.layers is not None:
        words.append(tr("view.layers", n=len(view.layers)))
    return " · ".join(words)


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
