"""What a city is, in words and figures, for the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from typing import Any

from app.assembly.live import KEY_VARIABLE


def show_city(place: str, area: str) -> Mapping[str, Any]:
    """Return what a city says of itself, its totals, and the counts of the area with code `area`.

    Without `area` those of the whole city.
    """
    from app.data.aggregates import area_aggregates
    from app.data.city_folder import open_city

    with closing(open_city(place, os.environ.get(KEY_VARIABLE))) as city:
        code = area or city.areas.root().code
        return {
            "facts": {key: value for key, value in asdict(city.facts).items() if key != "totals"},
            "totals": city.totals(),
            "area": area_aggregates(city, code),
        }
