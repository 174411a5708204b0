"""A case is folded anew."""

from __future__ import annotations

from uuid import UUID

from app.domain.fold import beyond_of, fold
from app.services.casework.desk import Desk, store
from app.services.changes import CaseRow
from app.services.ports import City, UnitOfWork


def refresh(case: UUID, city: City, uow: UnitOfWork, now_ms: int) -> CaseRow | None:
    """Fold a case anew and store its row, as after actions came in from elsewhere."""
    actions = [one.action for one in uow.actions.of_subject(case)]
    uow.actions.mark_beyond(case, beyond_of(actions, uow.rules.get))
    state = fold(actions, uow.rules.get)
    if state is None:
        return None
    where = city.areas.at(state.lon, state.lat)
    return store(Desk(city, uow, uow.rules.current(), now_ms), state, where)
