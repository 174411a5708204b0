"""The city a command works on, open as long as the command runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.cli.options import city_of
from app.cli.wiring import Wiring

if TYPE_CHECKING:
    from app.runtime.core import Core


@contextmanager
def opened(wiring: Wiring, city: str) -> Iterator[Core]:
    """Open the city named, or the one meant when none is; it is closed again whatever comes.

    Raises `InvalidInput` when no city is named and none lies in the usual place.
    """
    core = wiring.open_core(city_of(city))
    try:
        yield core
    finally:
        core.close()
