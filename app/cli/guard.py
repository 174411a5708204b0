"""How a command ends: one clear line for every error, and an exit code that means something.

0 done · 1 unexpected · 2 bad input · 3 not found · 4 not allowed · 5 storage · 6 busy ·
7 unavailable · 8 forged · 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import typer

from app.cli.printing import json_text
from app.cli.words import LANGS, error_line
from app.domain.errors import AppError, InvalidInput, StorageFailure

P = ParamSpec("P")
T = TypeVar("T")
INTERRUPTED = 130
DEBUG = "WANGGE_DEBUG"
log = logging.getLogger(__name__)


def guarded(command: Callable[P, T]) -> Callable[P, T]:
    """Print what a command raises as one line (JSON with `--json`) and set the exit code."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        _take_ctrl_c()
        try:
            if isinstance(kwargs.get("lang"), str):
                choice(str(kwargs["lang"]), LANGS, "lang")
            return command(*args, **kwargs)
        except AppError as error:
            code = _tell(error, kwargs)
        except KeyboardInterrupt:
            code = INTERRUPTED
        except BrokenPipeError:  # `| head` has seen enough
            quiet_stdout()
            code = 0
        except OSError as error:
            code = _tell(_of_system(error), kwargs)
        except typer.Exit:
            raise
        except Exception as error:
            if os.environ.get(DEBUG):
                raise
            code = _tell(_unforeseen(error), kwargs)
        raise typer.Exit(code)

    return run


def _take_ctrl_c() -> None:
    """Let Ctrl-C raise `KeyboardInterrupt` from now on (see `app.__main__`)."""
    main = threading.current_thread() is threading.main_thread()
    if main and signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def choice(value: str, allowed: tuple[str, ...], field: str) -> str:
    """Return `value` if it is one of `allowed`; raises `InvalidInput` naming them."""
    if value not in allowed:
        raise InvalidInput(
            f"{field} cannot be {value!r}.", advice=f"One of: {', '.join(allowed)}.", field=field
        )
    return value


def json_of(error: AppError) -> str:
    """Return an error as one line of JSON."""
    told = {
        "error": type(error).__name__,
        "message": error.message,
        "advice": error.advice,
        "field": error.field,
        "code": error.code,
    }
    return json_text(told)


def quiet_stdout() -> None:
    """Let what is still to be written to a broken stdout go nowhere."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _of_system(error: OSError) -> AppError:
    log.debug("a system call failed", exc_info=error)
    where = f" ({error.filename})" if error.filename else ""
    return StorageFailure(
        f"{error.strerror or type(error).__name__}{where}. What was saved before is safe.",
        advice="Check the path, its rights and the room on the disk.",
    )


def _unforeseen(error: Exception) -> AppError:
    return AppError(
        f"Something unexpected happened ({type(error).__name__}: {error}). "
        "What was saved before is safe.",
        advice=f"Set {DEBUG}=1 and try again to see where.",
    )


def _tell(error: AppError, options: dict[str, Any]) -> int:
    if options.get("as_json"):
        try:
            print(json_of(error), flush=True)
        except OSError:  # stdout itself is at fault; stderr tells
            quiet_stdout()
    print(error_line(error, _spoken(options.get("lang"))), file=sys.stderr)
    return error.exit_code


def _spoken(lang: object) -> str:
    """Return the language of an error: a tour may be asked for several."""
    several = lang if isinstance(lang, list) else [lang]
    return str(several[0]) if several and several[0] in LANGS else "zh"
