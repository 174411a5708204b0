"""A third station is a few lines: a window of its own round the parts that all share."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout

from app.shell.bridge import Bridge
from app.shell.case_parts import CaseParts
from app.shell.session import Session
from app.shell.stage import Stage
from app.shell.station import Station


class Kiosk(Station):
    """A list and a sheet, and nothing else."""

    def __init__(self, bridge: Bridge, session: Session, stage: Stage) -> None:
        super().__init__(bridge, session, stage, least=(800, 600))
        self.cases = CaseParts(self, None)
        layout = QHBoxLayout(self)
        for part in (self.cases.inbox, stage.widget, self.cases.panel):
            layout.addWidget(part)
        self.retranslate()


def test_that_a_third_station_sends_a_case_and_turns_its_looks(
    core: Any, fake_map: Any, qtbot: Any, chinese: None
) -> None:
    bridge = Bridge(core)
    kiosk = Kiosk(bridge, Session(), Stage(fake_map(), bridge))
    kiosk.show()
    kiosk.open()
    qtbot.waitUntil(lambda: kiosk.feed.is_open and bridge.waiting == 0)
    kiosk.cases.inbox.step(1)
    kiosk.cases.press("A")
    case = kiosk.session.case
    qtbot.waitUntil(lambda: core.rows[case].step == "dispatched")
    kiosk.session.turn_theme()
    kiosk.session.turn_language()
    assert kiosk.stage.view.theme.dark
    assert kiosk.stage.view.lang == "en"
    kiosk.grab()
    kiosk.close()
    kiosk.deleteLater()
