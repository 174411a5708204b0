"""A template on paper of another size: its items keep their sides, the map takes the room."""

import math

from qgis import core

SPANS = 0.5  # what takes more of a side than that grows with it
UNKNOWN = 44.0  # mm, of a scale bar that has not been drawn yet


def fit_paper(layout, map_item, wide, high):
    """Give every page `wide` x `high` mm and move the items on it.

    An item keeps its distance to the edge it is near, and what spans most of a side, as the map
    does, takes the room that comes or goes. Sizes of type grow with the root of the paper.
    """
    pages = layout.pageCollection()
    old = pages.page(0).pageSize()
    grown = math.sqrt(min(wide, high) / min(old.width(), old.height()))
    items = [
        (item, item.pagePos(), item.rect(), item.page())
        for item in layout.items()
        if isinstance(item, core.QgsLayoutItem) and not isinstance(item, core.QgsLayoutItemPage)
        and item.parentGroup() is None
    ]  # fmt: skip
    for number in range(pages.pageCount()):
        pages.page(number).setPageSize(core.QgsLayoutSize(wide, high))
    pages.reflow()
    for item, at, rect, page in items:
        enlarge_type(item, grown)
        left, width = place(at.x(), rect.width(), old.width(), wide, grown)
        top, height = place(at.y(), rect.height(), old.height(), high, grown)
        item.setReferencePoint(core.QgsLayoutItem.UpperLeft)
        item.attemptResize(core.QgsLayoutSize(width, height))
        item.attemptMove(core.QgsLayoutPoint(left, top), True, False, page)


def place(start, length, old, new, grown):
    """Return where something begins on the new side, and how long it is there, millimetres."""
    if math.isnan(length):
        length = UNKNOWN
    before, behind = start, old - start - length
    if length > SPANS * old:
        length_new = max(10.0, new - (before + behind) * grown)
        return before * grown, length_new
    if abs(before - behind) < 1.0:
        return (new - length * grown) / 2, length * grown
    if before < behind:
        return before * grown, length * grown
    return new - (behind + length) * grown, length * grown


def enlarge_type(item, by):
    """Make the letters and marks of an item larger."""
    if isinstance(item, core.QgsLayoutItemLabel):
        item.setFont(larger(item.font(), by))
    elif isinstance(item, core.QgsLayoutItemScaleBar):
        item.setFont(larger(item.font(), by))
        item.setHeight(item.height() * by)
        item.setMinimumBarWidth(item.minimumBarWidth() * by)
        item.setMaximumBarWidth(item.maximumBarWidth() * by)
    elif isinstance(item, core.QgsLayoutItemLegend):
        for kind in (
            core.QgsLegendStyle.Title, core.QgsLegendStyle.Group, core.QgsLegendStyle.Subgroup,
            core.QgsLegendStyle.SymbolLabel,
        ):  # fmt: skip
            item.setStyleFont(kind, larger(item.styleFont(kind), by))
        item.setSymbolWidth(item.symbolWidth() * by)
        item.setSymbolHeight(item.symbolHeight() * by)


def larger(font, by):
    font.setPointSizeF(max(1.0, font.pointSizeF() * by))
    return font
