"""What the layer tree of one map shows: rows of layers, filters, counts and scales."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.domain.layers import GROUPS, STOPS, LayerSpec, nearest_stop, usual
from app.shell.picks import class_name, class_words, known_classes
from layers.look import FAMILIES
from widgets.i18n import tr
from widgets.map_wishes import Wishes
from widgets.part_card import STATES
from widgets.tree_rows import TreeRow

FADED = frozenset({"buildings", "roads", "pipes", "values", "areas", "parts", "heat", "units",
                   "cases", "clusters"})  # fmt: skip
_RANGED = FADED | {"labels"}
_PIXEL_M = 0.0254 / 96  # of a logical pixel, by which scales are said as 1:n
_LEAST_OPACITY = 0.1
STATE_INK = ("normal", "attention", "bad", "unknown")


@dataclass(frozen=True, eq=False)
class TreeFacts:
    """What the rows are made of.

    `scale` metres a logical pixel. `tally` parts in sight by class and state, int64 (256, 4), None
    while unknown. `hues` by class, uint32 (256,), `inks` of states '#RRGGBB'. `opened` names what
    is open. `legend` has (words, '#RRGGBB', figure) of the fill's steps in sight.
    """

    wishes: Wishes
    scale: float
    tally: NDArray[np.int64] | None
    hues: NDArray[np.uint32]
    inks: tuple[str, ...]
    opened: frozenset[str]
    sought: str
    fill: str
    hour: int
    legend: tuple[tuple[str, str, str], ...] = ()


def tree_rows(facts: TreeFacts) -> tuple[TreeRow, ...]:
    """Return all rows, top to bottom; while classes are sought, only the filters."""
    filters = [*_families(facts), *_states(facts)]
    if facts.sought:
        return tuple(filters)
    rows: list[TreeRow] = []
    for at, group in enumerate(GROUPS):
        rows += _group(group, facts)
        if at == 1:
            rows += filters
    rows.append(TreeRow("views", tr("view.all"), "button"))
    rows.append(TreeRow("view:save", tr("view.save"), "button"))
    rows.append(TreeRow("reset", tr("layer.reset_all"), "button"))
    return tuple(rows)


def ratio(m_per_px: float) -> str:
    """Return a scale as people say it, 1:n to two figures."""
    n = m_per_px / _PIXEL_M
    places = 10 ** max(0, math.floor(math.log10(n)) - 1)
    return f"1:{round(n / places) * places:,}"


def range_words(spec: LayerSpec) -> str:
    """Return in words from which scale to which a layer is drawn."""
    least, most = spec.min_m_per_px, spec.max_m_per_px
    if least <= 0 and math.isinf(most):
        return tr("layer.range_all")
    if least <= 0:
        return tr("layer.range_near", far=ratio(most))
    if math.isinf(most):
        return tr("layer.range_far", near=ratio(least))
    return tr("layer.range", near=ratio(least), far=ratio(most))


def opacity_of(share: float) -> float:
    """Return the opacity that a handle stands for."""
    return _LEAST_OPACITY + (1 - _LEAST_OPACITY) * share


def range_of(low: float, high: float) -> tuple[float, float]:
    """Return the scales, metres a pixel, that two handles stand for."""
    last = len(STOPS) - 1
    return STOPS[round(low * last)], STOPS[round(high * last)]


def _head(name: str, words: str, facts: TreeFacts, note: str = "") -> TreeRow:
    return TreeRow(name, words, "head", opened=f"shut:{name}" not in facts.opened, note=note)


def _group(group: str, facts: TreeFacts) -> list[TreeRow]:
    specs = sorted((s for s in facts.wishes.layers if s.group == group), key=lambda s: -s.order)
    head = _head(f"group:{group}", tr(f"layer.group_{group}"), facts)
    rows = [head]
    if not head.opened:
        return rows
    for spec in specs:
        rows += _layer(spec, facts)
    if any(s.key == "values" and s.visible for s in specs):
        rows += [
            TreeRow(f"fill:{name}", tr(f"layer.fill_{name}"), depth=2, on=facts.fill == name)
            for name in ("cases", "signs")
        ]
        rows += [
            TreeRow(f"legend:{n}", words, "swatch", depth=2, colour=colour, note=figure)
            for n, (words, colour, figure) in enumerate(facts.legend)
        ]
    if any(s.key == "heat" and s.visible for s in specs):
        rows.append(TreeRow("hour", tr("layer.hour_of"), "slider", depth=2, high=facts.hour / 23,
                            step=1 / 23, note=tr("layer.hour_at", hour=facts.hour),
                            tip=tr("layer.hour", hour=facts.hour)))  # fmt: skip
    return rows


def _layer(spec: LayerSpec, facts: TreeFacts) -> list[TreeRow]:
    """Return a layer's row, and below it how strong and at which scales it is drawn."""
    faint = not replace(spec, visible=True).shows_at(facts.scale)
    note = ""
    if faint:
        note = tr("layer.zoom_in" if facts.scale > spec.max_m_per_px else "layer.zoom_out")
    elif spec.opacity < 1:
        note = f"{round(spec.opacity * 100)}%"
    name = f"layer:{spec.key}"
    can_open = spec.key in _RANGED
    opened = name in facts.opened if can_open else None
    tip = tr("layer.not_here") if faint else range_words(spec)
    row = TreeRow(name, tr(spec.title), depth=1, on=spec.visible, opened=opened, note=note,
                  faint=faint, tip=tip)  # fmt: skip
    return [row, *(_controls(spec, facts) if opened else ())]


def _controls(spec: LayerSpec, facts: TreeFacts) -> list[TreeRow]:
    last = len(STOPS) - 1
    low, high = nearest_stop(spec.min_m_per_px), nearest_stop(spec.max_m_per_px)
    at = math.log2(max(facts.scale, STOPS[1] / 2) / STOPS[1]) + 1
    rows = [
        TreeRow(f"scales:{spec.key}", tr("layer.scales"), "range", depth=2, low=low / last,
                high=high / last, step=1 / last, mark=at / last, tip=tr("layer.scales_how")),
        TreeRow(f"range:{spec.key}", range_words(spec), "text", depth=2),
    ]  # fmt: skip
    if spec.key in FADED:
        share = (spec.opacity - _LEAST_OPACITY) / (1 - _LEAST_OPACITY)
        said = f"{round(spec.opacity * 100)}%"
        rows.insert(0, TreeRow(f"opacity:{spec.key}", tr("layer.opacity"), "slider", depth=2,
                               high=share, step=1 / 18, note=said))  # fmt: skip
    if replace(spec, visible=True) != replace(usual(spec.key), visible=True):
        rows.append(TreeRow(f"reset:{spec.key}", tr("layer.reset"), "button", depth=2))
    return rows


def _families(facts: TreeFacts) -> list[TreeRow]:
    """Return the tree of classes by family, with the parts of each in sight."""
    head = _head("filter:classes", tr("layer.families"), facts)
    if not head.opened and not facts.sought:
        return [head]
    rows: list[TreeRow] = []
    known = known_classes()
    there = np.zeros(256, bool) if facts.tally is None else facts.tally.sum(axis=1) > 0
    for number in range(FAMILIES):
        members = [int(c) for c in np.flatnonzero(facts.wishes.family == number)]
        rows += _family(number, [c for c in members if c in known or there[c]], facts)
    if not facts.wishes.want.all() or facts.wishes.states != 0b1111:
        rows.insert(0, TreeRow("unfilter", tr("layer.unfilter"), "button"))
    return [head, *rows]


def _family(number: int, members: Sequence[int], facts: TreeFacts) -> list[TreeRow]:
    if facts.sought:
        members = [c for c in members if _answers(facts.sought, c)]
    counts = None if facts.tally is None else facts.tally.sum(axis=1)
    some = None if counts is None else int(counts[list(members)].sum())
    if not members or (some == 0 and not facts.sought):
        return []  # only what is seen, unless a person looks for more
    name = f"family:{number}"
    opened = bool(facts.sought) or name in facts.opened
    want = facts.wishes.want[list(members)] != 0
    row = TreeRow(name, tr(f"layer.family_{number}"), depth=1,
                  on=bool(want.all()) if want.all() == want.any() else None, opened=opened,
                  colour=_hex(facts.hues[members[0]]), note=_figure(some), single=True)  # fmt: skip
    if not opened:
        return [row]
    order = members if counts is None else sorted(members, key=lambda c: -int(counts[c]))
    seen = [c for c in order if facts.sought or counts is None or counts[c]]
    return [row, *(
        TreeRow(f"class:{c}", class_name(c), depth=2, on=bool(facts.wishes.want[c]),
                note=_figure(None if counts is None else int(counts[c])), single=True)
        for c in seen
    )]  # fmt: skip


def _states(facts: TreeFacts) -> list[TreeRow]:
    head = _head("filter:states", tr("layer.states"), facts)
    if facts.sought:
        return []
    if not head.opened:
        return [head]
    rows = [head]
    for state, name in enumerate(STATES):
        some = None if facts.tally is None else int(facts.tally[:, state].sum())
        if some == 0:
            continue
        rows.append(
            TreeRow(f"state:{state}", tr(f"part.{name}"), depth=1,
                    on=bool(facts.wishes.states >> state & 1), colour=facts.inks[state],
                    note=_figure(some), single=True)
        )  # fmt: skip
    return rows


def _answers(sought: str, cls: int) -> bool:
    return any(sought.lower() in text.lower() for text in class_words(cls))


def _figure(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _hex(colour: np.uint32) -> str:
    return f"#{int(colour) & 0xFFFFFF:06X}"
