"""What keys do on the map, in one table; palette and help read it too."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from app.shell.deeds import Deed
from app.shell.map_work import MapWork

_TOOLS = (
    ("box", "Shift+B"), ("polygon", "Shift+P"), ("lasso", "Shift+L"), ("pick_area", "Shift+A"),
    ("buffer", "U"), ("length", "M"), ("area", "Shift+M"), ("layers", "L"),
)  # fmt: skip
_FILLS = ("cases", "signs")


def map_deeds(work: MapWork, *, tools: Sequence[str] = ()) -> tuple[Deed, ...]:
    """Return everything a key can do on the map; with `tools`, of tools only those."""
    taken = tuple(
        Deed(f"tool_{name}", f"tool.{name}", "map", (key,), partial(work.take, name))
        for name, key in _TOOLS if not tools or name in tools
    )  # fmt: skip
    fills = tuple(
        Deed(f"fill_{name}", f"layer.by_{name}", "map", (), partial(work.layers.fill_by, name))
        for name in _FILLS
    )
    selects = (
        Deed("select_undo", "select.undo_long", "map", ("Shift+Z",), work.undo_selection),
        Deed("select_export", "select.export", "map", (), partial(work.do_button, "export")),
    )
    views = work.views
    return (
        *taken,
        Deed("tool_identify", "tool.identify", "map", ("I",), work.identify_here),
        Deed("tool_nearest", "tool.nearest", "map", ("N",), work.find_nearest),
        Deed("copy_place", "place.copy", "map", ("Shift+C",), work.copy_place),
        *(() if tools else selects),
        Deed("views", "view.title", "map", ("Shift+V",), partial(work.take, "views")),
        Deed("view_save", "view.save", "map", ("V",), work.ask_name),
        Deed("view_copy", "view.copy", "map", ("Ctrl+Shift+C",), views.copy),
        Deed("view_open", "view.open_link", "map", ("Ctrl+Shift+O",), work.bookmarks.ask_link),
        Deed("view_back", "view.back", "map", ("Alt+Left",), views.back),
        Deed("view_forward", "view.forward", "map", ("Alt+Right",), views.forward),
        Deed("layers_reset", "layer.reset_all", "map", (), work.layers.reset),
        *fills,
    )
