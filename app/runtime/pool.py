"""Pools: threads for kernels that leave the GIL, one process for heavy Python.

Pool threads run at a lower priority than the window's (each chunk ≤ 10 ms by agreement). Python
that holds the GIL must not: a thread that is put to sleep with the GIL stops the window too. What
mostly waits (a simulated shift, a script) goes aside, to one thread of ordinary priority. Heavy
Python (decoding, imports, models) goes to processes, started when first needed.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from app.runtime.jobs import ErrorHook, log_unexpected, settle

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

P = ParamSpec("P")
T = TypeVar("T")
NICE = 5


def lower_priority() -> None:
    """Let the calling thread stand back behind the window's (Linux: a thread's own nice)."""
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
    except (AttributeError, PermissionError, ProcessLookupError):
        return  # only a courtesy: where it is not allowed, all run alike


def begin_worker() -> None:
    """Start a process of the pool: of low priority, and never outliving the one it works for.

    A parent that was killed closes nothing: its worker would wait for work for ever, and keep the
    parent's pipes open. Ctrl-C at a terminal reaches the whole group; the parent answers it.
    """
    from multiprocessing import parent_process

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lower_priority()
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent.join,), daemon=True).start()


def _end_after(wait: Callable[[], object]) -> None:
    wait()
    os._exit(1)


class Pool:
    """Threads of low priority, and processes for heavy Python."""

    def __init__(self, threads: int = 2, *, on_error: ErrorHook = log_unexpected) -> None:
        self._on_error = on_error
        self._threads = ThreadPoolExecutor(threads, "pool", initializer=lower_priority)
        self._aside = ThreadPoolExecutor(1, "aside")
        self._processes: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run `work` on a pool thread; errors come out of the future as `AppError`."""
        future: Future[T] = Future()
        self._threads.submit(settle, future, lambda: work(*args, **kwargs), self._on_error)
        return future

    def aside(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run what mostly waits on the one thread for that; errors as in `run`."""
        future: Future[T] = Future()
        self._aside.submit(settle, future, lambda: work(*args, **kwargs), self._on_error)
        return future

    def run_heavy(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run a module's function in a process of its own; arguments and result are pickled."""
        with self._lock:
            if self._processes is None:
                import multiprocessing  # seldom needed, and not light
                from concurrent.futures import ProcessPoolExecutor

                context = multiprocessing.get_context("spawn")
                self._processes = ProcessPoolExecutor(1, context, initializer=begin_worker)
            processes = self._processes
        return processes.submit(work, *args, **kwargs)

    def close(self, timeout_s: float) -> bool:
        """Drop what waits and stop; True if all running jobs ended in time."""
        with self._lock:
            processes, self._processes = self._processes, None
        executors = (self._threads, self._aside)
        for executor in executors:
            executor.shutdown(wait=False, cancel_futures=True)
        if processes is not None:
            processes.shutdown(wait=False, cancel_futures=True)
        threads: list[Any] = [one for e in executors for one in getattr(e, "_threads", ())]
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(timeout_s)
        return not any(thread.is_alive() for thread in threads)
