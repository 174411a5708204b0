"""The one error tree: what happened, what is safe, what to do.

Every border translates what it meets into one of these, so that a person always gets one clear
sentence and a way on. Secrets never reach the message: see `strip_secrets`.
"""

from __future__ import annotations

import re

_SECRET = re.compile(
    r"(?i)(://[^:/@\s]+:)[^@\s]+(@)|((?:password|passwd|pwd|token|key)\s*[=:]\s*)\S+"
)


def strip_secrets(text: str) -> str:
    """Return `text` with passwords in addresses and `password=…` pairs replaced by ***."""
    return _SECRET.sub(lambda m: f"{m[1]}***{m[2]}" if m[1] else f"{m[3]}***", text)


class AppError(Exception):
    """What went wrong, in words for the person who meets it.

    `message` says what happened and, where it matters, that stored data are safe;
    `advice` says what to do; `field` names the input at fault, if one is; `code` finds the
    words of another language (`error.<code>` in the translations), if there are any.
    """

    exit_code = 1

    def __init__(
        self, message: str, *, advice: str = "", field: str | None = None, code: str = ""
    ) -> None:
        super().__init__(strip_secrets(message))
        self.message = strip_secrets(message)
        self.advice = strip_secrets(advice)
        self.field = field
        self.code = code

    def __str__(self) -> str:
        """Return message and advice as one line."""
        return f"{self.message} {self.advice}".strip()


class InvalidInput(AppError):  # noqa: N818 - reads as the fact it states
    """A value from outside (file, message, form, command line) cannot be taken."""

    exit_code = 2


class NotFound(AppError):  # noqa: N818
    """The thing named does not exist."""

    exit_code = 3


class NotAllowed(AppError):  # noqa: N818
    """The move is not open to this person in this state."""

    exit_code = 4


class StorageFailure(AppError):  # noqa: N818
    """The database, the disk or a file let us down; nothing half-written stays."""

    exit_code = 5


class Busy(StorageFailure):
    """Somebody else holds the file or the lock."""

    exit_code = 6


class Unavailable(AppError):  # noqa: N818
    """A helper process, a program or the network is not there; the rest goes on."""

    exit_code = 7


class Forged(AppError):  # noqa: N818
    """Bytes, hash or signature of an action do not agree."""

    exit_code = 8
