"""The drawing store of a city: built from its map, opened, renewed beside an open window."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.wiring import Progress
from app.runtime.core import Core

if TYPE_CHECKING:
    from app.engines.citystore import CityStore
    from app.services.views import CityFacts

log = logging.getLogger(__name__)


def build_store(folder: Path, facts: CityFacts, progress: Progress) -> None:
    """Derive the drawing store of the city in `folder` from its map."""
    from app.data.map_source import GeoPackageSource
    from app.domain.geodesy import CityFrame
    from app.engines import citystore

    frame = CityFrame(facts.lon0, facts.lat0)
    source = GeoPackageSource(folder, frame, sample=facts.sample)
    citystore.build_store(
        source,
        folder / "store",
        lambda stage, done, total: progress(f"store {stage}", done / total),
    )


def open_store(folder: Path, facts: CityFacts, progress: Progress) -> CityStore:
    """Open the drawing store, built anew if it is missing, torn, or older than the map."""
    from app.data.map_source import fingerprint
    from app.engines import citystore

    try:
        return citystore.open_store(folder / "store", fingerprint(folder))
    except citystore.StoreUnusable:
        build_store(folder, facts, progress)
        return citystore.open_store(folder / "store", fingerprint(folder))


def renewed_store(core: Core, folder: Path) -> Future[CityStore]:
    """Bring the drawing store up to date in a process of its own, then open it."""
    opened: Future[CityStore] = Future()

    def on_open(opening: Future[CityStore]) -> None:
        error = opening.exception()
        if error is not None:
            opened.set_exception(error)
        else:
            opened.set_result(opening.result())

    def on_built(built: Future[None]) -> None:
        error = built.exception()
        if error is not None:
            opened.set_exception(error)
        else:
            core.run(open_store, folder, core.facts, to_log).add_done_callback(on_open)

    core.run_heavy(build_store, folder, core.facts, to_log).add_done_callback(on_built)
    return opened


def to_log(stage: str, share: float) -> None:
    log.info("%s %.0f %%", stage, share * 100)
