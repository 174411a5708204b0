"""Starts the QGIS process beside a core and tells its state to the status strip."""

from __future__ import annotations

from app.engines.qgis_client import QgisProcess
from app.engines.qgis_supervisor import QgisState
from app.runtime.core import Core
from app.runtime.health import HealthItem
from app.runtime.spawn import spawn_thread


def start_qgis(core: Core) -> QgisProcess:
    """Start the QGIS process, if it is installed; it ends with the core."""
    process = QgisProcess(spawn_thread=spawn_thread)
    there, _ = process.available()
    if there:
        process.start()
        core.on_close(process.close)
    core.add_health("qgis", lambda: _health(process, there))
    return process


def _health(process: QgisProcess, there: bool) -> HealthItem:
    if not there:
        return HealthItem("unknown", "qgis_missing")
    status = process.status
    if status.state in (QgisState.READY, QgisState.BUSY):
        return HealthItem("normal", "qgis_up", count=status.restarts)
    starting = status.state is QgisState.STARTING
    return HealthItem("unknown" if starting else "attention", "qgis_down", detail=status.reason)
