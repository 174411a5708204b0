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
    parent's pipes open. Ctrl-C at a terminal and a service's stop reach the whole group; the parent
    answers them.
    """
    from multiprocessing import parent_process

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
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
        self._closed = False

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
        """Run a module's function in a process of its own; arguments and result are pickled.

        Closing the pool ends the process in the midst of its work and cancels the future: what is
        given here must leave nothing half done, as it must for a kill.
        """
        with self._lock:
            if self._processes is None:
                import multiprocessing  # seldom needed, and not light
                from concurrent.futures import ProcessPoolExecutor

                context = multiprocessing.get_context("spawn")
                self._processes = ProcessPoolExecutor(1, context, initializer=begin_worker)
            processes = self._processes
        future: Future[T] = Future()
        processes.submit(work, *args, **kwargs).add_done_callback(lambda d: self._pass(d, future))
        return future

    def close(self, timeout_s: float) -> bool:
        """Drop what waits, end the processes, and stop; True if all threads ended in time."""
        with self._lock:
            self._closed = True
            processes, self._processes = self._processes, None
        executors = (self._threads, self._aside)
        for executor in executors:
            executor.shutdown(wait=False, cancel_futures=True)
        threads: list[Any] = [one for e in executors for one in getattr(e, "_threads", ())]
        if processes is not None:
            threads += _end_processes(processes)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(timeout_s)
        return not any(thread.is_alive() for thread in threads)

    def _pass(self, done: Future[T], to: Future[T]) -> None:
        from concurrent.futures.process import BrokenProcessPool

        error = None if done.cancelled() else done.exception()
        if done.cancelled() or (self._closed and isinstance(error, BrokenProcessPool)):
            to.cancel()
        elif error is not None:
            to.set_exception(error)
        else:
            to.set_result(done.result())


def _end_processes(processes: ProcessPoolExecutor) -> list[Any]:
    """End the workers at once; returns the thread that minds them, which ends thereupon.

    Python 3.11 has no public way to (3.14 has `terminate_workers`).
    """
    workers = list((processes._processes or {}).values())
    keeper: Any = processes._executor_manager_thread
    processes.shutdown(wait=False, cancel_futures=True)
    for worker in workers:
        worker.kill()
    return [] if keeper is None else [keeper]
