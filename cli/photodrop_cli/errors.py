"""Everything that may go wrong and is told in a sentence, never by a traceback.

::

    ClientError
    ├── UsageError            nothing can be uploaded like this: exit status 2
    │   └── SignInError           the service does not know who this is
    ├── OutputError           standard output or standard error cannot be written
    └── FileError             this file cannot be sent: `code` for programs, `message` for people
        ├── RefusedError          the service's or S3's final word, with its `status`
        └── UnreachableError      no answer, however often it was asked
    TemporaryError            worth another attempt; holds what to say if none succeeds

No message holds a URL: signed ones are as good as a password for as long as they live.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ClientError(Exception):
    """Base of everything that is told to the user."""


class UsageError(ClientError):
    """The command cannot work as it was given."""


class SignInError(UsageError):
    """Cognito refused, or there is nothing to sign in with."""


class OutputError(ClientError):
    """What is to be read cannot be written. `has_reader` is False where a pipe was closed."""

    def __init__(self, message: str, *, has_reader: bool) -> None:
        super().__init__(message)
        self.has_reader = has_reader


class FileError(ClientError):
    """One file cannot be sent. `code` is for programs, as the service's own codes are."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class RefusedError(FileError):
    """A final answer: asking again would be answered in the same way. `body` is its JSON."""

    def __init__(
        self, status: int, code: str, message: str, body: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(code, message)
        self.status = status
        self.body = body or {}


class UnreachableError(FileError):
    """The network, or the other side of it, is not there."""


class TemporaryError(Exception):
    """Another attempt may succeed, at once or in `retry_after` seconds; `final` if none does."""

    def __init__(self, final: FileError, *, retry_after: float | None = None) -> None:
        super().__init__(final.message)
        self.final = final
        self.retry_after = retry_after
