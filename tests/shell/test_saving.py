"""A save that waits on a lock is shown quietly after 300 ms, and no longer than it lasts."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any
from uuid import UUID

import pytest

from app.domain.errors import Busy
from app.services.changes import Changes
from app.services.commands import AcceptSuggestion

ROAD = UUID(int=100)


@pytest.mark.parametrize("error", [None, Busy("Somebody else is writing.")])
def test_that_a_slow_save_is_shown_on_sheet_and_strip_until_it_ends(
    open_desk: Any, core: Any, qtbot: Any, monkeypatch: Any, error: Any
) -> None:
    desk = open_desk()
    desk.session.choose(ROAD)
    qtbot.waitUntil(lambda: desk.panel.sheet is not None and desk.bridge.waiting == 0)
    held: Future[Changes] = Future()
    monkeypatch.setattr(core, "submit", lambda _command: held)
    desk.work.accept()
    assert desk.status._doing == ""
    qtbot.waitUntil(lambda: desk.status._doing == "正在保存…", timeout=2000)
    assert desk.panel._head.text().startswith("正在保存…")
    if error is None:
        held.set_result(Changes())
    else:
        held.set_exception(error)
    qtbot.waitUntil(lambda: desk.status._doing == "")
    assert "正在保存" not in desk.panel._head.text()


def test_that_a_quick_save_is_never_shown(open_desk: Any, qtbot: Any) -> None:
    desk = open_desk()
    told: list[bool] = []
    desk.cases.saving.changed.connect(told.append)
    desk.session.choose(ROAD)
    desk.bridge.submit(AcceptSuggestion(desk.session.actor, ROAD))
    qtbot.waitUntil(lambda: desk.bridge.waiting == 0)
    qtbot.wait(350)
    assert told == []
