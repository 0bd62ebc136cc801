"""Gap: the state is written at SIGTERM alone, so a killed emulator forgets all since its start.

Here it is written a few seconds after something changed, and at the end as well. A child process
(fork) writes what the memory held at one moment, while this one goes on to answer. A file that
would stay the same is left alone; the others are replaced once all of them are on the disk.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import persistence
from ministack.core.router import detect_service

from local.emulator import settings
from local.emulator.settings import temporary_dir

SAVE_SECONDS = float(os.environ.get(settings.SAVE_SECONDS, "3"))
"""From a change to the moment that is written: what a kill may cost."""

CHILD_SECONDS = 60
"""The kernel ends a child that hangs: a lock that another thread held stays held in it for ever."""

LARGE = {
    "lambda": ("lambda", "cloudformation"),
    "cloudformation": ("cloudformation",),
}
"""Services whose state takes a second to write, and the services whose requests change it: those
of a deployment. All other services are looked at after any change: they change one another."""

_READS = re.compile(r"(BatchGet|Describe|Get|List|Query|Scan|Select|TransactGet)")
_log = logging.getLogger("photodrop.state")

States = Mapping[str, Callable[[], Any]]
"""Each service's name, and what returns its state."""


def apply() -> None:
    """Have every request that may change something followed by a save."""
    saver = _Saver()
    serve = app.app

    async def serve_and_save(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        try:
            await serve(scope, receive, send)
        finally:
            if scope["type"] == "http":
                saver.note(scope)

    def save_at_the_end(states: States) -> None:
        saver.finish()
        write(states)

    app.app = serve_and_save
    app.save_all = save_at_the_end


class _Saver:
    """At most one save is waited for or under way."""

    def __init__(self) -> None:
        self._changed: set[str] = set()
        self._is_scheduled = False
        self._child: int | None = None

    def note(self, scope: Mapping[str, Any]) -> None:
        """Take note of a request: a save follows if it may have changed something."""
        if service := _changed_service(scope):
            self._changed.add(service)
            self._schedule()

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_later(SAVE_SECONDS, self._save)

    def _save(self) -> None:
        changed, self._changed = self._changed, set()
        states = {
            name: state
            for name, state in app._build_persistence_save_dict().items()
            if name not in LARGE or changed.intersection(LARGE[name])
        }
        self._child = _fork(lambda: write(states))
        asyncio.get_running_loop().run_in_executor(None, self._wait, self._child).add_done_callback(
            lambda _waited: self._saved(changed)
        )

    def _saved(self, changed: set[str]) -> None:
        self._is_scheduled = False
        if self._child is not None:  # it failed: nothing of what it was to write is lost
            self._child = None
            self._changed |= changed
        if self._changed:
            self._schedule()

    def _wait(self, child: int) -> None:
        with suppress(ChildProcessError):  # the end has waited for it
            _pid, status = os.waitpid(child, 0)
            if status:
                _log.error("The state was not saved: child %s ended with %s", child, status)
            else:
                self._child = None

    def finish(self) -> None:
        """Wait for the child that writes, so that it cannot put older files over newer ones."""
        if self._child is not None:
            with suppress(ChildProcessError):
                os.waitpid(self._child, 0)


def _changed_service(scope: Mapping[str, Any]) -> str | None:
    """Return the service that a request may have changed, None when it only reads.

    Functions that the API calls change things by requests of their own.
    """
    path, headers = scope["path"], _headers(scope["headers"])
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if (
        scope["method"] in ("GET", "HEAD", "OPTIONS")
        or path.startswith(("/_ministack/", "/_aws/"))
        or _READS.match(operation)
    ):
        return None
    return str(detect_service(scope["method"], path, headers, {}))


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}


def _fork(work: Callable[[], None]) -> int:
    """Run `work` in a copy of this process, which then ends. Returns its process id."""
    with warnings.catch_warnings():
        # Python warns of locks that other threads may hold: CHILD_SECONDS bounds what that costs.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        return child
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        signal.alarm(CHILD_SECONDS)
        _close_inherited()
        work()
        status = 0
    except BaseException as error:  # nothing of it may reach the parent's code
        print(f"Saving the state failed: {error!r}", file=sys.stderr, flush=True)
    finally:
        os._exit(status)


def _close_inherited() -> None:
    """Close sockets above all: the port must be free when the emulator is gone."""
    for name in [file.name for file in Path("/dev/fd").iterdir()]:
        if int(name) > sys.stderr.fileno():
            with suppress(OSError):
                os.close(int(name))


def write(states: States) -> None:
    """Write what differs from the files, and replace them once all of it is on the disk.

    A kill in the middle must not leave rows whose table, or objects whose bucket, is not known.
    """
    folder = Path(persistence.STATE_DIR)
    with tempfile.TemporaryDirectory(dir=temporary_dir(folder), prefix="state-") as new:
        written = [file for name in states if (file := _written(Path(new), name, states[name]))]
        for file in written:
            file.replace(folder / file.name)


def _written(new: Path, name: str, get_state: Callable[[], Any]) -> Path | None:
    """Write one service's state into the folder `new`. Returns None where it is as it was."""
    try:
        state = get_state()
        if state is None:  # the service could not be loaded: its file is all there is
            return None
        version = persistence._state_format_version(name)
        content = json.dumps(
            {"__ministack_format__": version, "payload": state}, default=persistence._json_default
        ).encode()
    except (TypeError, ValueError, LookupError, RuntimeError) as error:
        # One service's state must not cost the others theirs.
        print(f"The state of {name} was not saved: {error!r}", file=sys.stderr, flush=True)
        return None
    before = Path(persistence.STATE_DIR) / f"{name}.json"
    if before.exists() and before.read_bytes() == content:
        return None
    file = new / before.name
    with file.open("xb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    return file
