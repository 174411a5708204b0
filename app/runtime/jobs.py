"""What every lane shares: how a result or an error gets into a future, and the one hook."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from app.domain.errors import AppError

T = TypeVar("T")
ErrorHook = Callable[[BaseException], None]
log = logging.getLogger(__name__)


def wall_ms() -> int:
    """Return the present, in Unix milliseconds."""
    return time.time_ns() // 1_000_000


def log_unexpected(error: BaseException) -> None:
    """Write an error to the log, in full if nobody foresaw it: the default hook."""
    if isinstance(error, AppError):
        log.error("%s", error)
    else:
        log.error("unexpected error", exc_info=error)


def unexpected(error: BaseException) -> AppError:
    """Return what a person is told of an error that nobody foresaw; its cause is kept."""
    told = AppError(
        f"Something unexpected happened ({type(error).__name__}: {error}). "
        "What was saved before is safe.",
        advice="Try again; if it comes back, send us the log.",
    )
    told.__cause__ = error
    return told


def settle(future: Future[T], work: Callable[[], T], hook: ErrorHook) -> None:
    """Run `work` and put what it returns, or an `AppError`, into `future`.

    Errors that are no `AppError` also reach `hook`. A future cancelled before is left alone.
    """
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except AppError as error:
        future.set_exception(error)
    except Exception as error:  # noqa: BLE001 - the border where every stray error is caught
        hook(error)
        future.set_exception(unexpected(error))
    else:
        future.set_result(result)


def guarded(work: Callable[[], Any], hook: ErrorHook) -> None:
    """Run `work` for its effect; whatever it raises reaches `hook` and stops nobody."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - a listener's error must not stop a lane
        hook(error)
