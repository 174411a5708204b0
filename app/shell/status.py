"""What the status strip says, from the machine's health and the age of the picture."""

from __future__ import annotations

from app.runtime.health import HealthItem
from app.shell.bridge import Bridge
from app.store import Store
from widgets.i18n import tr, tr_or
from widgets.status_strip import StatusItem
from widgets.words import age, local

_NEEDS_SOMEBODY = ("attention", "bad", "critical")
APART = "apart"  # what is kept apart from the state; opens its list
_ONLY_AMISS = ("batches", "search", "basemap", "settings", APART)
_SHOWN = ("read_only", "database", "batches", "feeds", "qgis", "simulation")


def status_items(bridge: Bridge, store: Store, now_ms: int) -> tuple[list[StatusItem], str]:
    """Return the items from the left, and the line at the right."""
    health = bridge.core.health()
    names = [*(n for n in _SHOWN if n in health), *(n for n in health if n not in _SHOWN)]
    shown = [n for n in names if n not in _ONLY_AMISS or health[n].state != "normal"]
    items = [_item(name, health[name]) for name in shown]
    oldest = store.oldest_reading_ms()
    if oldest is None:
        return items, tr("status.no_readings")
    return items, tr("status.oldest", age=age(oldest, now_ms))


def troubles(bridge: Bridge) -> tuple[str, ...]:
    """Return a line for each part of the machine that needs somebody now."""
    health = bridge.core.health()
    return tuple(
        _item(name, item).text for name, item in health.items() if item.state in _NEEDS_SOMEBODY
    )


def _item(name: str, item: HealthItem) -> StatusItem:
    words = tr_or(f"health.{item.code}", tr_or(f"health.{name}", item.code))
    at = f"{local(item.since_ms):%H:%M}" if item.since_ms else ""
    text = words.format(count=item.count, total=item.total, at=at)
    if item.code == "feeds" and not item.total:
        text = tr("health.feeds_none")
    if name == "database" and item.count:
        text = tr("status.local_since", since=at, n=item.count)
    return StatusItem(text, item.state, APART if name == APART else "")
