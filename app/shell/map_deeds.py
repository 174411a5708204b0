"""What keys do on the map, in one table; palette and help read it too."""

from __future__ import annotations

from collections.abc import Callable

from app.shell.deeds import Deed
from app.shell.map_work import MapWork

_TOOLS = (
    ("box", "Shift+B"), ("polygon", "Shift+P"), ("lasso", "Shift+L"), ("length", "M"),
    ("area", "Shift+M"), ("nearest", "N"), ("buffer", "U"), ("layers", "L"),
)  # fmt: skip
_FILLS = ("cases", "signs")


def map_deeds(work: MapWork) -> tuple[Deed, ...]:
    """Return everything a key can do on the map."""
    tools = tuple(
        Deed(f"tool_{name}", f"tool.{name}", "map", (key,), _Do(work.take, name))
        for name, key in _TOOLS
    )
    fills = tuple(
        Deed(f"fill_{name}", f"layer.by_{name}", "map", (), _Do(work.layers.fill_by, name))
        for name in _FILLS
    )
    views = work.views
    return (
        *tools,
        Deed("view_save", "view.save", "map", ("V",), work.ask_name),
        Deed("view_copy", "view.copy", "map", ("Ctrl+Shift+C",), views.copy),
        Deed("view_back", "view.back", "map", ("Alt+Left",), views.back),
        Deed("view_forward", "view.forward", "map", ("Alt+Right",), views.forward),
        Deed("select_export", "select.export", "map", (), _Do(work.do_button, "export")),
        *fills,
    )


class _Do:
    """One named thing, as a thing to do."""

    def __init__(self, do: Callable[[str], object], name: str) -> None:
        self._do, self._name = do, name

    def __call__(self) -> None:
        self._do(self._name)
