"""A sighting comes in."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from uuid import UUID

from app.domain.areas import Whereabouts
from app.domain.cases import E7, CaseState
from app.domain.errors import InvalidInput
from app.domain.hlc import MAX_JUMP_MS
from app.domain.identity import new_uid
from app.domain.personal import Secret
from app.domain.workflow import CREATE
from app.services.casework.actors import check_actor
from app.services.casework.desk import Desk, append, changes, store, today, words_of
from app.services.casework.sending import send
from app.services.casework.words import check_photos, sealed
from app.services.changes import Changes
from app.services.commands import MACHINE, ReportCase
from app.services.placing import inside
from app.services.ports import City, UnitOfWork
from app.services.sheet import suggestion_for

_SOURCE = re.compile(r"[\w .:/-]{0,40}")


def report(command: ReportCase, city: City, uow: UnitOfWork, now_ms: int) -> Changes:
    """Take in a sighting; a repeated one (same `case`) adds nothing. Sends it if sure."""
    desk = Desk(city, uow, uow.rules.current(), now_ms)
    check_actor(uow, command.actor)
    _check_report(command, desk)
    case = command.case or new_uid()
    present = uow.cases.row(case) if command.case else None
    if present is not None:
        return changes(uow, present)
    where = inside(city, command.lon, command.lat)
    secrets = _seal_report(case, command)
    body = _report_body(command, where, secrets, desk)
    uow.vault.put(secrets)
    state = append(desk, case, CREATE, command.actor, body, None)
    if command.auto_dispatch:
        state = _send_if_sure(desk, state, where)
    return changes(uow, store(desk, state, where))


def _send_if_sure(desk: Desk, state: CaseState, where: Whereabouts) -> CaseState:
    words = words_of(state, desk.uow)
    found = suggestion_for(state, where, words, desk.uow, desk.rules, desk.now_ms)
    if found is None or not found.sure:
        return state
    return send(desk, state, found, MACHINE)


def _is_written(words: str) -> bool:
    """Tell whether there is more than spaces and what no one can see."""
    return any(not one.isspace() and unicodedata.category(one)[0] != "C" for one in words)


def _check_report(command: ReportCase, desk: Desk) -> None:
    if not _is_written(command.words):
        raise InvalidInput(
            "A report needs words.", advice="Say what is wrong.", field="words", code="no_words"
        )
    if not _SOURCE.fullmatch(command.source):
        raise InvalidInput(
            "The source is a short word, such as hotline.", field="source", code="bad_source"
        )
    if command.at_ms is not None and command.at_ms > desk.now_ms + MAX_JUMP_MS:
        raise InvalidInput("It cannot have been seen in the future.", field="at_ms")
    check_photos(command.photos)
    if not (-180 <= command.lon <= 180 and -90 <= command.lat <= 90):
        raise InvalidInput(
            "Longitude or latitude is out of range.", field="lon", code="bad_degrees"
        )
    if command.matter:
        desk.rules.matters[command.matter]


def _seal_report(case: UUID, command: ReportCase) -> list[Secret]:
    values = {
        "words": command.words.strip(),
        "address": command.address.strip(),
        "reporter_name": command.reporter_name.strip(),
        "reporter_phone": command.reporter_phone.strip(),
    }
    return [sealed(case, kind, value) for kind, value in values.items() if value]


def _report_body(
    command: ReportCase, where: Whereabouts, secrets: list[Secret], desk: Desk
) -> dict[str, Any]:
    areas = {"grid": where.grid, "street": where.street, "district": where.district}
    return {
        "receipt": desk.uow.next_receipt(today(desk)),
        "lon_e7": round(command.lon * E7),
        "lat_e7": round(command.lat * E7),
        "source": command.source,
        "at_ms": desk.now_ms if command.at_ms is None else command.at_ms,
        "refs": {secret.kind: secret.reference() for secret in secrets},
        "photos": list(command.photos),
        "sample": desk.city.facts.sample,
        **({"matter": command.matter} if command.matter else {}),
        **({"placed": command.placed.body()} if command.placed is not None else {}),
        **{name: str(area.uid) for name, area in areas.items() if area is not None},
    }
