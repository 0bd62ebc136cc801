"""Progress on a terminal and in a log: one line per step, with its time, when it is done."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Step:
    """A step under way; `note` says what came of it, in a few words."""

    note = ""


def _is_interactive() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _styled(text: str, code: str) -> str:
    return (
        f"\033[{code}m{text}\033[0m" if _is_interactive() and "NO_COLOR" not in os.environ else text
    )


def bold(text: str) -> str:
    """`text`, bold where that can be seen."""
    return _styled(text, "1")


@contextmanager
def step(name: str) -> Iterator[Step]:
    """Time what happens inside, and print `name` with it.

    A terminal shows the name while it runs; a log gets the finished line only. An exception prints
    the line as failed and goes on its way.
    """
    current = Step()
    if _is_interactive():
        print(f"  … {name}", end="", flush=True)
    started = time.monotonic()
    try:
        yield current
    except Exception:
        _finish("✗", "31", name, started, "failed")
        raise
    except BaseException:  # asked to stop: neither done nor failed
        _finish("-", "2", name, started, "interrupted")
        raise
    _finish("✓", "32", name, started, current.note)


def _finish(mark: str, colour: str, name: str, started: float, note: str) -> None:
    start = "\r\033[K" if _is_interactive() else ""
    seconds = _styled(f"{time.monotonic() - started:6.1f} s", "2")
    line = f"{start}  {_styled(mark, colour)} {name:<28}{seconds}  {note}"
    print(line.rstrip(), flush=True)


def say(text: str = "") -> None:
    """Print a line now: a log must not lag behind what happens."""
    print(text, flush=True)


def fail(message: str) -> None:
    """Print what went wrong and what to do about it, on standard error."""
    sys.stdout.flush()
    print(message, file=sys.stderr, flush=True)
