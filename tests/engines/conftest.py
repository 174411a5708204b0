"""The small made-up map, for all tests of this folder."""

from __future__ import annotations

from tests.support.map_store import (
    fresh_folder,
    fresh_store,
    small_folder,
    small_map,
    small_store,
    submit,
)

__all__ = ["fresh_folder", "fresh_store", "small_folder", "small_map", "small_store", "submit"]
