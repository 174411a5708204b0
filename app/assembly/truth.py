"""Packs of actions in and out, and the check of a whole city."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from app.assembly.live import KEY_VARIABLE
from app.cli.wiring import PackIn, PackOut, Progress


def export_pack(wanted: PackOut, progress: Progress) -> Mapping[str, Any]:
    """Write a pack of signed actions."""
    from app.data.city_folder import open_city
    from app.data.packing import PackWish, export_pack

    city = open_city(wanted.city, _key())
    try:
        wish = PackWish(wanted.cases, wanted.words, wanted.photos)
        return export_pack(city, wanted.out, wish, progress)
    finally:
        city.close()


def import_pack(wanted: PackIn, progress: Progress) -> Mapping[str, Any]:
    """Take a pack of signed actions in."""
    from app.data.city_folder import open_city
    from app.data.unpacking import import_pack

    city = open_city(wanted.city, _key())
    try:
        return import_pack(city, wanted.source, progress, wanted.trust)
    finally:
        city.close()


def check_city(place: str, progress: Progress, mend: bool = False) -> Mapping[str, Any]:
    """Read the whole city; return counts, what is damaged, and the exit code that says so.

    `beyond` are rows of the map by layer that lie too far away to be drawn: how many, then some.
    """
    from dataclasses import asdict

    from app.data.checking import FORGED, check_city
    from app.data.city_folder import open_city
    from app.domain.errors import Forged, StorageFailure

    city = open_city(place, _key())
    try:
        checked = check_city(city, progress, mend=mend)
    finally:
        city.close()
    forged = any(one.kind in FORGED for one in checked.damage)
    harmed = Forged.exit_code if forged else StorageFailure.exit_code
    return {
        **checked.counts,
        "beyond": _beyond(place),
        "damage": [asdict(one) for one in checked.damage],
        "exit_code": harmed if checked.damage else 0,
    }


def _beyond(place: str) -> Mapping[str, Any]:
    """Return what the drawing store says it cannot draw; nothing if there is no sound one."""
    from app.assembly.stores import store_folder
    from app.engines.citystore import StoreUnusable
    from app.engines.citystore.manifest import read_manifest

    try:
        return read_manifest(store_folder(place)).beyond
    except StoreUnusable:
        return {}


def _key() -> str | None:
    return os.environ.get(KEY_VARIABLE)
