"""Guards for tests that touch Qt: nothing may live on after its test.

Qt destroys what got `deleteLater` only when the loop delivers the deferred deletes, and Python's
cyclic collector may destroy Qt objects in whatever thread it happens to run. So while a Qt test
runs the collector is off; afterwards, in the main thread, deletes are delivered and cycles
collected, and what is still there counts as a leak: windows, running QThreads, active QTimers,
jobs in the global pool.
"""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable, Generator
from typing import Any

import pytest

GRACE_MS = 1000
_OWN_TO_QT = {"QTipLabel"}  # one for the whole program, kept by Qt itself
_started: weakref.WeakSet[Any] = weakref.WeakSet()
_failed = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember a failed call: its traceback keeps its objects alive, which is no leak."""
    report = yield
    item.stash[_failed] = item.stash.get(_failed, False) or report.failed
    return report


@pytest.fixture(autouse=True)
def no_qt_leaks(request: pytest.FixtureRequest) -> Generator[None]:
    """Fail on windows, QThreads, QTimers and pool jobs that outlive the test."""
    if "PySide6.QtWidgets" not in sys.modules:
        yield
        return
    _watch_starts()
    _started.clear()
    before = set(_windows())
    collecting = gc.isenabled()
    gc.disable()
    yield
    if collecting:
        gc.enable()
    if not _application():
        return
    _flush()
    leaks = _leaks(before)
    if leaks:  # cycles are no leak: collect them, then look again
        gc.collect()
        _flush()
        leaks = _leaks(before)
    _tidy(before)
    if leaks and not request.node.stash.get(_failed, False):
        pytest.fail("Left behind by this test:\n" + "\n".join(leaks))


def _application() -> Any:
    from PySide6.QtCore import QCoreApplication

    return QCoreApplication.instance()


def _flush() -> None:
    from PySide6.QtCore import QCoreApplication, QEvent

    QCoreApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _windows() -> dict[int, Any]:
    """Return parentless top-level widgets by address."""
    import shiboken6
    from PySide6.QtWidgets import QApplication

    if not isinstance(_application(), QApplication):
        return {}
    return {
        shiboken6.getCppPointer(widget)[0]: widget
        for widget in QApplication.topLevelWidgets()
        if widget.parent() is None and widget.metaObject().className() not in _OWN_TO_QT
    }


def _leaks(before: set[int]) -> list[str]:
    return [*_left_windows(before), *_left_threads(), *_left_timers(before), *_left_jobs()]


def _left_windows(before: set[int]) -> list[str]:
    return [
        f"window {widget!r} (title {widget.windowTitle()!r})"
        for address, widget in _windows().items()
        if address not in before
    ]


def _alive(kind: str) -> list[Any]:
    import shiboken6
    from PySide6 import QtCore

    wanted = getattr(QtCore, kind)
    return [thing for thing in _started if isinstance(thing, wanted) and shiboken6.isValid(thing)]


def _left_threads() -> list[str]:
    return [
        f"running thread {thread!r}"
        for thread in _alive("QThread")
        if thread.isRunning() and not thread.wait(GRACE_MS)
    ]


def _left_timers(before: set[int]) -> list[str]:
    return [
        f"active timer {timer!r} of {timer.parent()!r}"
        for timer in _alive("QTimer")
        if timer.isActive() and _root_address(timer) not in before
    ]


def _left_jobs() -> list[str]:
    from PySide6.QtCore import QThreadPool

    pool = QThreadPool.globalInstance()
    if pool.activeThreadCount() and not pool.waitForDone(GRACE_MS):
        return [f"{pool.activeThreadCount()} jobs in the global thread pool"]
    return []


def _root_address(thing: Any) -> int:
    import shiboken6

    while thing.parent() is not None:
        thing = thing.parent()
    return int(shiboken6.getCppPointer(thing)[0])


def _tidy(before: set[int]) -> None:
    """Stop and delete what leaked, so that the next test starts clean."""
    for timer in _alive("QTimer"):
        if timer.isActive() and _root_address(timer) not in before:
            timer.stop()
    for thread in _alive("QThread"):
        if thread.isRunning():
            thread.requestInterruption()
            thread.quit()
            thread.wait(GRACE_MS)
    for address, widget in _windows().items():
        if address not in before:
            widget.hide()
            widget.deleteLater()
    _flush()


def _watch_starts() -> None:
    """Note every QThread and QTimer that Python starts, from the first Qt test on."""
    from PySide6.QtCore import QThread, QTimer

    for kind in (QThread, QTimer):
        if not hasattr(kind.start, "watched"):
            kind.start = _watched(kind.start)  # type: ignore[method-assign,assignment]


def _watched(start: Callable[..., None]) -> Callable[..., None]:
    def watched_start(self: Any, *args: Any, **kwargs: Any) -> None:
        _started.add(self)
        start(self, *args, **kwargs)

    watched_start.watched = True  # type: ignore[attr-defined]
    return watched_start
