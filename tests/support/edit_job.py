"""Adds a part to a city and kills itself at a wanted moment: `edit_job.py FOLDER AFTER`."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from app.assembly.live import open_core
from app.data import part_edits
from app.data.part_hand import GeoPackageHand
from app.domain.identity import new_uid
from app.sample.tiny import desk_person
from app.services.commands import Actor, AddPart


def die(*_any: Any, **_more: Any) -> Any:
    """End at once, as if the power had gone."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(folder: str, after: str) -> None:
    """Add a part and die after the log, after the map's rows, after its commit, or in the end."""
    part = new_uid()
    sys.stdout.write(f"{part}\n")
    sys.stdout.flush()
    core = open_core(folder)
    if after == "log":
        part_edits.EditedMap.take = die  # type: ignore[method-assign]
    elif after == "rows":
        GeoPackageHand.commit = die  # type: ignore[method-assign]
    elif after == "map":
        core.with_city(lambda city: city.edit_listeners.insert(0, die)).result()  # type: ignore[attr-defined]
    actor = Actor(desk_person("supervisor"), "supervisor")  # type: ignore[arg-type]
    command = AddPart(actor, 121.43, 31.13, {"class": "0102"}, part=part)
    core.submit(command).result()
    die()


main(*sys.argv[1:])
