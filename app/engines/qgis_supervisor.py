"""Keeps one QGIS process alive: starts it, feeds it one call at a time, replaces it when it dies.

One thread owns the process, its socket and all state here; others only append to a queue and
write to a wake descriptor. A call that meets a crash is tried once more on the new process; one
that runs past its time costs the process its life, because QGIS cannot be interrupted from
within (its providers hang on a lost network). A process that is at work then, as on a busy
machine, is waited for longer.
"""

from __future__ import annotations

import enum
import logging
import os
import selectors
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from app.domain.errors import AppError, InvalidInput, NotFound, Unavailable
from app.engines.basemap_mend import mend
from app.engines.qgis_protocol import Record, receive, send
from app.engines.qgis_pulse import Pulse

log = logging.getLogger(__name__)

WORKER = Path(__file__).with_name("qgis_worker") / "start.py"
MOST_ATTEMPTS = 2
_LOOK_AGAIN_S = 1.0  # at a process whose time is over but which is at work
RESTART_ADVICE = "It has been started again; nothing stored is touched. Please try again."
INSTALL_ADVICE = "Install it with: apt-get install python3-qgis. Everything else goes on."


class QgisState(enum.Enum):
    """Where the QGIS process stands."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    BUSY = "busy"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class QgisStatus:
    """State for the status strip: why it is unavailable, the process, how often replaced."""

    state: QgisState
    reason: str = ""
    pid: int | None = None
    restarts: int = 0


@dataclass(frozen=True)
class Limits:
    """Seconds of patience, and how many failed starts in a row mean that QGIS is not to be had.

    A process that is at work when its time is over gets more, up to `most` times as much.
    """

    start_s: float = 30.0
    heartbeat_s: float = 10.0
    shutdown_s: float = 3.0
    retry_after_s: float = 30.0
    starts: int = 3
    most: float = 6.0


class Thread(Protocol):
    """What is asked of a thread."""

    def start(self) -> None:
        """Begin."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""


class SpawnThread(Protocol):
    """Makes a thread; `threading.Thread` is one, the runtime may pass its own."""

    def __call__(self, *, target: Callable[[], None], name: str, daemon: bool) -> Thread:
        """Return a thread that is not started yet."""


@dataclass(eq=False)
class Call:
    """One request on its way; `fds` are closed when it is over.

    `progress(done, total)` is called on the supervising thread; each step gives the call its
    whole patience anew. `convert` turns the answer into the future's value, on the supervising
    thread; `over` runs once at the end, however it ends. A newer call in the same `lane` cancels
    an older one.
    """

    verb: str
    payload: Record
    convert: Callable[[Record], Any]
    timeout_s: float
    fds: Sequence[int] = ()
    lane: str | None = None
    over: Callable[[], None] = lambda: None
    progress: Callable[[int, int], None] | None = None
    future: Future[Any] = field(default_factory=Future)
    id: int = 0
    attempts: int = 0
    sent: float = 0.0
    cancel_sent: bool = False


class Child:
    """One QGIS process with our end of its socket and the tail of what it printed."""

    def __init__(self, python: Path, scratch: Path) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock, self.began, self.ready = ours, time.monotonic(), False
        self.heard, self.reprieve = self.began, 0.0
        with theirs:
            number = theirs.fileno()
            try:
                self.popen = subprocess.Popen(
                    [python, "-I", WORKER, str(number)],
                    pass_fds=[number],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    env=_environment(scratch),
                    start_new_session=True,
                )
            except OSError:
                ours.close()
                raise
        self.pidfd, self.pulse = os.pidfd_open(self.popen.pid), Pulse(self.popen.pid)
        self.printed: deque[str] = deque(maxlen=40)

    @property
    def stderr(self) -> int:
        """Descriptor of what it prints."""
        assert self.popen.stderr is not None
        return self.popen.stderr.fileno()

    def read_stderr(self) -> bool:
        """Keep what it printed; return False at its end."""
        text = os.read(self.stderr, 65536).decode(errors="replace")
        self.printed.extend(line for line in text.splitlines() if line.strip())
        return bool(text)

    def ended(self, patience: float) -> str:
        """Wait so long for its end, kill it then; return in words how it ended."""
        try:
            code = self.popen.wait(patience)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            code = self.popen.wait()
        while self.read_stderr():
            continue
        self.sock.close()
        os.close(self.pidfd)
        if self.popen.stderr is not None:
            self.popen.stderr.close()
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _environment(scratch: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("HOME", "TMPDIR", "TZ") if name in os.environ}
    return kept | {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "QT_QPA_PLATFORM": "offscreen",
        "QGIS_CUSTOM_CONFIG_PATH": str(scratch),
        "XDG_RUNTIME_DIR": str(scratch),
        "GDAL_PAM_ENABLED": "NO",
        "OGR_SQLITE_JOURNAL": "DELETE",
    }


class QgisSupervisor:
    """The owner of the process; `run` is the body of its one thread."""

    def __init__(
        self,
        python: Path,
        scratch: Path,
        limits: Limits,
        on_status: Callable[[QgisStatus], None],
    ) -> None:
        self._python, self._scratch, self._limits = python, scratch, limits
        self._on_status = on_status
        self.status = QgisStatus(QgisState.STOPPED)
        self._lock = threading.Lock()
        self._inbox: deque[Call] = deque()
        self._stop = self._retry_now = False
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake, selectors.EVENT_READ, self._woken)
        self._waiting: deque[Call] = deque()
        self._running: Call | None = None
        self._child: Child | None = None
        self._failed_starts = self._last_id = 0
        self._retry_at = 0.0

    # from any thread

    def submit(self, call: Call) -> None:
        """Queue `call`; its future fails with Unavailable once the supervisor has stopped."""
        call.future.add_done_callback(self._nudge)
        with self._lock:
            stopped = self._stop
            if not stopped:
                self._inbox.append(call)
        if stopped:
            _finish(call, error=_stopped())
        self._nudge()

    def retry(self) -> None:
        """Try to start at once, where QGIS was given up before."""
        self._retry_now = True
        self._nudge()

    def stop(self) -> None:
        """Ask `run` to end; it fails what waits and ends the process."""
        with self._lock:
            self._stop = True
        self._nudge()

    def _nudge(self, _future: object = None) -> None:
        with self._lock:
            if self._wake >= 0:
                os.eventfd_write(self._wake, 1)

    # on the owning thread

    def run(self) -> None:
        """Serve until `stop`."""
        try:
            while not self._stop:
                self._start_if_wanted()
                self._feed()
                for key, _events in self._selector.select(self._patience()):
                    key.data()
                self._check_deadline()
        finally:
            self._end()

    def _woken(self) -> None:
        os.eventfd_read(self._wake)
        with self._lock:
            arrived, self._inbox = self._inbox, deque()
        for call in arrived:
            self._last_id += 1
            call.id = self._last_id
            if call.lane is not None:
                for older in [self._running, *self._waiting]:
                    if older is not None and older.lane == call.lane:
                        older.future.cancel()
            self._waiting.append(call)
        running = self._running
        if running is not None and running.future.cancelled() and not running.cancel_sent:
            running.cancel_sent = True
            self._send({"verb": "cancel", "id": 0, "target": running.id})

    def _say(self, state: QgisState, reason: str = "", restarts: int = 0) -> None:
        status = QgisStatus(
            state,
            reason,
            self._child.popen.pid if self._child else None,
            self.status.restarts + restarts,
        )
        if status != self.status:
            self.status = status
            self._on_status(status)

    def _start_if_wanted(self) -> None:
        if self._child is not None:
            return
        if self.status.state is QgisState.UNAVAILABLE:
            wanted = self._waiting and time.monotonic() >= self._retry_at
            if not (wanted or self._retry_now):
                self._refuse_waiting(Unavailable(self.status.reason, advice=INSTALL_ADVICE))
                return
        self._retry_now = False
        try:
            self._child = child = Child(self._python, self._scratch)
        except OSError as error:
            self._give_up(f"QGIS cannot be started: {self._python}: {error.strerror}.")
            return
        self._selector.register(child.sock, selectors.EVENT_READ, self._heard)
        self._selector.register(child.pidfd, selectors.EVENT_READ, self._died)
        self._selector.register(child.stderr, selectors.EVENT_READ, self._printed)
        self._say(QgisState.STARTING)

    def _feed(self) -> None:
        """Hand the process its next call, if it has none."""
        child = self._child
        if child is None or not child.ready:
            return
        while self._running is None and self._waiting:
            call = self._waiting.popleft()
            if call.future.cancelled():
                _finish(call)
                continue
            call.attempts += 1
            call.sent = time.monotonic()
            self._running = call
            self._say(QgisState.BUSY)
            self._send({"verb": call.verb, "id": call.id} | call.payload, call.fds)

    def _send(self, message: Record, fds: Sequence[int] = ()) -> None:
        assert self._child is not None
        try:
            send(self._child.sock, message, fds)
        except OSError as error:
            # Its end is reported by the process descriptor, which decides what follows.
            log.debug("QGIS process did not take a message: %s", error)

    def _heard(self) -> None:
        child = self._child
        if child is None:
            return
        try:
            got = receive(child.sock)
        except OSError:
            got = None
        if got is None:
            self._selector.unregister(child.sock)  # the process descriptor tells the rest
            return
        message, fds = got
        for fd in fds:
            os.close(fd)
        child.heard = time.monotonic()
        event = message.get("event")
        if event == "ready":
            child.ready, self._failed_starts = True, 0
            self._say(QgisState.READY)
        elif event == "missing":
            self._failed_starts = self._limits.starts
            child.printed.append(message["reason"])
        elif event == "progress":
            self._went_on(message)
        elif event is None:
            self._answered(message)

    def _went_on(self, message: Record) -> None:
        call = self._running
        if call is not None and call.id == message["id"]:
            call.sent = time.monotonic()
            if call.progress is not None:
                call.progress(message["done"], message["total"])

    def _answered(self, message: Record) -> None:
        call, self._running = self._running, None
        if call is None or call.id != message["id"]:
            log.error("QGIS process answered a call that was not asked: %s", message["id"])
            return
        self._say(QgisState.READY)
        if "error" in message:
            _finish(call, error=_app_error(message["error"]))
        elif "ok" in message:
            _finish(call, message["ok"])
        else:
            call.future.cancel()
            _finish(call)

    def _printed(self) -> None:
        child = self._child
        if child is not None and not child.read_stderr():
            self._selector.unregister(child.stderr)

    def _died(self) -> None:
        if self._child is not None:
            self._lost("QGIS stopped", again=True)

    def _waited_for(self) -> tuple[float, float]:
        """Return since when something is waited for, and how many seconds it may take."""
        child = self._child
        if child is None:
            return 0.0, float("inf")
        if not child.ready:
            return child.began, self._limits.start_s
        if self._running is not None:
            return self._running.sent, self._running.timeout_s
        return child.heard, self._limits.heartbeat_s

    def _patience(self) -> float | None:
        since, patience = self._waited_for()
        if self._child is None:
            return None
        return max(0.0, max(since + patience, self._child.reprieve) - time.monotonic())

    def _check_deadline(self) -> None:
        child, now = self._child, time.monotonic()
        since, patience = self._waited_for()
        if child is None or now < max(since + patience, child.reprieve):
            return
        if now < since + self._limits.most * patience and child.pulse.beats():
            child.reprieve = now + _LOOK_AGAIN_S
        elif self._running is not None:
            self._lost(f"QGIS did not answer within {patience:g} s", again=False)
        else:
            self._lost("QGIS gave no sign of life", again=True)

    def _lost(self, what: str, *, again: bool) -> None:
        """Bury the process; fail or repeat the call it had; count the restart."""
        child = self._child
        assert child is not None
        registered = self._selector.get_map()
        for part in (child.sock, child.pidfd, child.stderr):
            if part in registered:
                self._selector.unregister(part)
        how = child.ended(0.0)
        self._child = None
        call, self._running = self._running, None
        if call is not None:
            if again and call.attempts < MOST_ATTEMPTS and not call.future.cancelled():
                self._waiting.appendleft(call)
            else:
                _finish(call, error=Unavailable(f"{what} ({how}).", advice=RESTART_ADVICE))
        log.warning("%s (%s)", what, how)
        log.debug("QGIS process printed: %s", " | ".join(child.printed))
        if child.ready:
            self._say(QgisState.STARTING, restarts=1)
            return
        self._failed_starts += 1
        if self._failed_starts >= self._limits.starts:
            said = child.printed[-1] if child.printed else how
            self._give_up(f"QGIS does not start: {said}.")

    def _give_up(self, reason: str) -> None:
        self._retry_at = time.monotonic() + self._limits.retry_after_s
        self._failed_starts = 0
        self._say(QgisState.UNAVAILABLE, reason)
        self._refuse_waiting(Unavailable(reason, advice=INSTALL_ADVICE))

    def _refuse_waiting(self, error: AppError) -> None:
        while self._waiting:
            _finish(self._waiting.popleft(), error=error)

    def _end(self) -> None:
        child, self._child = self._child, None
        if self._running is not None:
            self._waiting.appendleft(self._running)
        if child is not None:
            try:
                send(child.sock, {"verb": "shutdown", "id": 0})
            except OSError as error:
                log.debug("QGIS process was gone before its shutdown: %s", error)
            child.ended(self._limits.shutdown_s)
        with self._lock:
            self._stop = True
            self._waiting.extend(self._inbox)
            self._inbox.clear()
            os.close(self._wake)
            self._wake = -1
        self._refuse_waiting(_stopped())
        self._selector.close()
        self.status = replace(self.status, state=QgisState.STOPPED, pid=None, reason="")
        self._on_status(self.status)


def _stopped() -> AppError:
    return Unavailable("The QGIS process is shut down.", advice="Start it again first.")


def _finish(call: Call, answer: Record | None = None, error: AppError | None = None) -> None:
    """Settle a call exactly once, a cancelled one too, and let go of what it held."""
    value: Any = None
    try:
        if answer is not None and not call.future.cancelled():
            value = call.convert(answer)
    except AppError as refused:
        error = refused
    finally:
        for fd in call.fds:
            os.close(fd)
        call.over()
    if not call.future.set_running_or_notify_cancel():
        return
    if error is not None:
        call.future.set_exception(error)
    else:
        call.future.set_result(value)


def _app_error(record: Record) -> AppError:
    """Translate the worker's refusal."""
    kinds: dict[str, type[AppError]] = {"invalid": InvalidInput, "not_found": NotFound}
    kind = kinds.get(record["kind"], Unavailable)
    advice = "" if kind is not Unavailable else mend(record["message"])
    return kind(record["message"], advice=advice, field=record["field"])
