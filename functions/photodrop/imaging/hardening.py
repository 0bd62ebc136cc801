"""What Linux offers to keep a process that reads strangers' files away from everything else.

Each of these is one more wall, so that no single mistake is enough. Where the system does not have
one (macOS has but the limits), the others stand.
"""

import contextlib
import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38


def forbid_reading_this_process() -> None:
    """Keep other processes of the same user from reading this one's memory and environment.

    Both hold AWS's credentials, and a child runs as the same user: without this it could read them
    from /proc, or trace its parent.
    """
    _prctl(_PR_SET_DUMPABLE, 0)


def forbid_privileges() -> None:
    """Let neither this process nor its children gain privileges by what they execute."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def limit(cpu_seconds: int, memory_bytes: int) -> None:
    """Limit this process for good: processor time, memory, and no new file or socket.

    What is open stays open, and can be read and written. RLIMIT_NPROC is left alone: it counts
    threads, and the decoders of HEIC and AVIF start some.
    """
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 1)
    _limit(resource.RLIMIT_AS, memory_bytes)
    _limit(resource.RLIMIT_FSIZE, 0)
    # No new descriptor: neither a file of the function's, nor a connection to Lambda's runtime API.
    _limit(resource.RLIMIT_NOFILE, 0)


def _limit(what: int, soft: int, hard: int | None = None) -> None:
    with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of memory
        resource.setrlimit(what, (soft, soft if hard is None else hard))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
