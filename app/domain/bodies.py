"""What the bodies of known actions must look like, checked before one enters the log.

The fold trusts these forms, so every border calls `check_body`. The body of a version that this
release does not know passes unread: it is kept, and waits, for a release that does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from app.domain.actions import Action
from app.domain.addresses.placed import placed_fault
from app.domain.cases import E7
from app.domain.clocks import LimitUnit
from app.domain.errors import InvalidInput
from app.domain.hlc import MOST_COUNT

_EARLIEST_MS = 946_684_800_000  # 2000-01-01
_LATEST_MS = 4_102_444_800_000  # 2100-01-01
_TEXT_MOST = 200
_LIST_MOST = 64
_MOST_AMOUNT = 1000
BODY_VERSION = 1


def check_body(action: Action) -> None:
    """Raise `InvalidInput` naming the field if a known part of the body has a wrong form."""
    if not _EARLIEST_MS <= action.stamp.ms <= _LATEST_MS:
        raise InvalidInput("The action's time lies outside 2000 to 2100.", field="hlc")
    if action.stamp.device != action.device or not 0 <= action.stamp.count <= MOST_COUNT:
        raise InvalidInput("The action's time was not read by its device.", field="hlc")
    for name in ("device", "type", "role", "rules"):
        _text(getattr(action, name), name)
    if action.version != BODY_VERSION:
        return
    body = action.body
    if not isinstance(body, Mapping):
        raise InvalidInput("The action's body is no map.", field="body")
    for name, check in _CHECKS.items():
        if name in body:
            check(body[name], name)
    if "lon_e7" in body or "lat_e7" in body:
        _degrees(body, "lon_e7", 180)
        _degrees(body, "lat_e7", 90)


def _ms(value: Any, name: str) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not _EARLIEST_MS <= value <= _LATEST_MS:
        raise InvalidInput(f"{name} must be Unix milliseconds of 2000 to 2100.", field=name)


def _flag(value: Any, name: str) -> None:
    if not isinstance(value, bool):
        raise InvalidInput(f"{name} must be true or false.", field=name)


def _degrees(body: Mapping[str, Any], name: str, most: int) -> None:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > most * E7:
        raise InvalidInput(f"{name} must be degrees times 1e7 within ±{most}°.", field=name)


def _uid(value: Any, name: str) -> None:
    if value == "":
        return
    try:
        UUID(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidInput(f"{name} must be a uid.", field=name) from error


def _text(value: Any, name: str) -> None:
    if not isinstance(value, str) or len(value) > _TEXT_MOST:
        raise InvalidInput(f"{name} must be text of {_TEXT_MOST} letters at most.", field=name)
    if "\x00" in value:
        raise InvalidInput(f"{name} holds a NUL character, which cannot be kept.", field=name)


def _list(value: Any, name: str) -> None:
    if not isinstance(value, list | tuple) or len(value) > _LIST_MOST:
        raise InvalidInput(f"{name} must be a list of {_LIST_MOST} at most.", field=name)
    for one in value:
        _text(one, name)


def _placed(value: Any, name: str) -> None:
    fault = placed_fault(value)
    if fault:
        raise InvalidInput(f"The field {fault} has a wrong form.", field=name)


def _refs(value: Any, name: str) -> None:
    if not isinstance(value, Mapping) or len(value) > _LIST_MOST:
        raise InvalidInput(f"{name} must be a map of {_LIST_MOST} at most.", field=name)
    for kind, one in value.items():
        _text(kind, name)
        if not isinstance(one, Mapping) or set(one) != {"key", "commitment"}:
            raise InvalidInput(f"refs.{kind} must hold key and commitment.", field="refs")
        if not one["key"]:
            raise InvalidInput(f"refs.{kind} must hold a key.", field="refs")
        _uid(one["key"], f"refs.{kind}")
        _text(one["commitment"], f"refs.{kind}")


def _whole(value: Any, name: str) -> None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not 0 < value <= _MOST_AMOUNT:
        raise InvalidInput(f"{name} must be a whole number of 1 to {_MOST_AMOUNT}.", field=name)


def _limit_unit(value: Any, name: str) -> None:
    if value not in tuple(LimitUnit):
        raise InvalidInput(f"{name} is no unit of a time limit.", field=name)


_CHECKS: dict[str, Callable[[Any, str], None]] = {
    **dict.fromkeys(("grid", "street", "district", "unit", "post", "person", "master"), _uid),
    **dict.fromkeys(("receipt", "number", "matter", "source", "undoes", "why", "erased"), _text),
    **dict.fromkeys(("grade", "request", "task"), _text),
    "amount": _whole,
    "amount_unit": _limit_unit,
    "wake_ms": _ms,
    **dict.fromkeys(("photos", "reasons"), _list),
    **dict.fromkeys(("auto", "sample"), _flag),
    "refs": _refs,
    "placed": _placed,
    "at_ms": _ms,
}
