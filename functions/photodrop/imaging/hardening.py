"""Isolating a process that reads strangers' files, by what Linux offers.

There are several measures, so that a single mistake does no harm. Those that the system does not
have are skipped: macOS has only the limits.
"""

import contextlib
import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38


def forbid_reading_this_process() -> None:
    """Keep other processes of the same user from reading this one's memory and environment.

    Both hold AWS's credentials. A child runs as the same user, so without this it could read them
    from /proc, or trace its parent.
    """
    _prctl(_PR_SET_DUMPABLE, 0)


def forbid_privileges() -> None:
    """Forbid this process and its children to gain privileges by executing a program."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def limit(cpu_seconds: int, memory_bytes: int) -> None:
    """Limit this process for good: processor time, memory, and no new files or sockets.

    Open files stay open, and can be read and written. RLIMIT_NPROC is not set: it counts threads,
    which the decoders of HEIC and AVIF start.
    """
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 1)
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_FSIZE, 0)
    # No new file descriptor, neither for a file nor for a connection to Lambda's runtime API.
    _limit(resource.RLIMIT_NOFILE, 0)


def _limit(what: int, soft: int, hard: int | None = None) -> None:
    with contextlib.suppress(ValueError, OSError):  # macOS has no limit of memory
        resource.setrlimit(what, (soft, soft if hard is None else hard))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
