"""The geocoder on real places: districts by boundary and text, names with a wrong character."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from app.bench.poi import BOUNDARIES, Districts, Poi, gazetteer_of, read_poi, shared_folder
from app.bench.registry import Bench, verdict
from app.engines.gazetteer.opened import Gazetteer
from app.services.views import Geocoded

BOUNDARY_SHARE, TEXT_SHARE, NAME_SHARE = 0.98, 0.99, 0.95
_SEED = 20261123
_SURE = 0.5  # confidence from which an answer is taken without being looked at
_NEAR_M = 150.0


def run(bench: Bench) -> Mapping[str, Any]:
    """Check with `--count` held-back places (all of them); reads `shared/data/shanghai`."""
    folder = shared_folder()
    poi = read_poi(folder)
    held = [one for one in poi if one.held]
    held = held[:: max(1, len(held) // bench.number("count", len(held)))]
    districts = Districts(folder / BOUNDARIES)
    told = by_district(poi, held, districts)
    whole = gazetteer_of(poi, districts)
    told |= by_name(whole, poi, held)
    told |= by_address(gazetteer_of([one for one in poi if not one.held], districts), held)
    wanted = {"district_by_boundary": BOUNDARY_SHARE, "district_with_text": TEXT_SHARE}
    told["shows_held"] = all(told[name] >= least for name, least in wanted.items())
    return verdict(
        "geocode", told["name_at_rank_1"], NAME_SHARE, "share of names at rank 1",
        less_is_better=False, places=len(poi), held_back=len(held), boundaries=BOUNDARIES, **told,
    )  # fmt: skip


def by_district(poi: Sequence[Poi], held: Sequence[Poi], districts: Districts) -> dict[str, Any]:
    """Return shares of held-back places in the district that their source says."""
    kept = gazetteer_of([one for one in poi if not one.held], districts)
    edges = districts.of(held)
    judged = [
        kept.district(one.lon, one.lat, f"{one.name} {one.address}", edge)
        for one, edge in zip(held, edges, strict=True)
    ]
    wrong = [
        f"{one.name} {one.address}: {one.district}, not {mine}"
        for one, mine in zip(held, judged, strict=True)
        if mine != one.district
    ]
    right = sum(one.district == edge for one, edge in zip(held, edges, strict=True))
    return {
        "district_by_boundary": round(right / len(held), 4),
        "district_with_text": round(1 - len(wrong) / len(held), 4),
        "wrong_districts": wrong[:10],
    }


def by_name(whole: Gazetteer, poi: Sequence[Poi], held: Sequence[Poi]) -> dict[str, Any]:
    """Return how many held-back names with one wrong character are found at rank 1."""
    chance = random.Random(_SEED)
    letters = [letter for one in poi for letter in one.name if _is_han(letter)]
    took: list[float] = []
    wrong: list[str] = []
    asked = 0
    for one in held:
        name = misspelt(one.name, letters, chance)
        if not name:
            continue
        asked += 1
        started = time.perf_counter()
        hits = whole.search(name, 3)
        took.append(1000 * (time.perf_counter() - started))
        if not hits or hits[0].title != one.name:
            wrong.append(f"{one.name} as {name}: {[hit.title for hit in hits]}")
    return {
        "names_asked": asked,
        "name_at_rank_1": round(1 - len(wrong) / asked, 4),
        "search_p95_ms": round(float(np.percentile(took, 95)), 2),
        "wrong_names": wrong[:10],
    }


def misspelt(name: str, letters: Sequence[str], chance: random.Random) -> str:
    """Return `name` with one Chinese character exchanged; empty if it has none."""
    places = [i for i, letter in enumerate(name) if _is_han(letter)]
    if not places:
        return ""
    at = chance.choice(places)
    other = chance.choice([one for one in chance.sample(letters, 4) if one != name[at]])
    return name[:at] + other + name[at + 1 :]


def by_address(kept: Gazetteer, held: Sequence[Poi]) -> dict[str, Any]:
    """Return how near held-back places are found by their address alone, from the kept ones."""
    off: list[float] = []
    sure: list[float] = []
    roads: list[float] = []
    doors = 0
    evidence: dict[str, list[float]] = {}
    for one in held:
        text = f"{one.district}{one.address}"
        if "号" not in one.address and "弄" not in one.address:
            continue
        doors += 1
        found = kept.geocode(text, 1)
        known = evidence.setdefault(_evidence(found), [])
        known.append(_away(found[0], one) if found else np.inf)
        if found and found[0].precision != "area":
            away = _away(found[0], one)
            (roads if found[0].precision == "road" else off).append(away)
            if found[0].confidence >= _SURE:
                sure.append(away)
    return {
        "by_evidence": {
            name: {
                "share": round(len(some) / max(doors, 1), 4),
                "within_150_m": round(sum(one <= _NEAR_M for one in some) / len(some), 4),
            }
            for name, some in sorted(evidence.items())
        },
        "addresses_asked": doors,
        "door_or_name_found": round(len(off) / max(doors, 1), 4),
        "all_within_150_m": round(sum(one <= _NEAR_M for one in off) / max(doors, 1), 4),
        "of_these_within_150_m": round(sum(one <= _NEAR_M for one in off) / max(len(off), 1), 4),
        "sure": round(len(sure) / max(doors, 1), 4),
        "sure_within_150_m": round(sum(one <= _NEAR_M for one in sure) / max(len(sure), 1), 4),
        "address_median_m": round(float(np.median(off)), 1) if off else -1.0,
        "only_road_found": round(len(roads) / max(doors, 1), 4),
        "only_road_median_m": round(float(np.median(roads)), 1) if roads else -1.0,
    }


def _evidence(found: Sequence[Geocoded]) -> str:
    """Say from what an answer was told: the door itself, doors near it, far ones, or less."""
    if not found:
        return "nothing"
    if any(one.startswith("far_doors") for one in found[0].reasons):
        return "far_doors"
    if found[0].precision == "between":
        return "doors_beside"
    if found[0].precision in ("room", "building", "number", "lane"):
        return "the_door"
    return found[0].precision


def _away(found: Geocoded, one: Poi) -> float:
    east = (found.lon - one.lon) * 111_320 * np.cos(np.radians(one.lat))
    return float(np.hypot(east, (found.lat - one.lat) * 110_950))


def _is_han(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff"
