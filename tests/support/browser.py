"""A real browser and real npm packages for tests, and why they may be missing."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NoReturn

import pytest

from local.chromium import find
from local.state import waiting_lock
from tests.support import programs

NPM_TIMEOUT_SECONDS = 300


def unavailable(reason: str) -> NoReturn:
    """Skip, saying why. In CI everything must be there: fail instead."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def chromium() -> str:
    """The Chromium of this machine."""
    return find() or unavailable("There is no Chromium: install it, or name one in CHROMIUM.")


def npm_packages(folder: Path, *made: tuple[str, ...]) -> Path:
    """Install what `folder`/package-lock.json says, run the commands `made`; return node_modules.

    Nothing is done when it was done before for the same files of `folder`. Skips without npm.
    """
    for program in ("node", "npm"):
        if not shutil.which(program):
            unavailable(f"There is no {program}: install Node.js and npm.")
    modules = folder / "node_modules"
    stamp, wanted = modules / ".photodrop-stamp", _hash(folder, made)
    # Beside the folder's files: a lock among them would change their hash once it is there.
    with waiting_lock(folder.with_name(f".{folder.name}.npm.lock")):
        if stamp.is_file() and stamp.read_text() == wanted:
            return modules
        install = ("npm", "ci", "--no-audit", "--no-fund", "--no-update-notifier")
        for command in (install, *made):
            try:
                done = programs.run(command, cwd=folder, timeout_seconds=NPM_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                unavailable(f"{' '.join(command)} took over {NPM_TIMEOUT_SECONDS} s.")
            if done.returncode:
                if command != install:
                    pytest.fail(f"{' '.join(command)} failed:\n{done.stderr}")
                unavailable(f"npm ci failed in {folder.name}: {done.stderr[-1000:]}")
        stamp.write_text(wanted)
    return modules


def _hash(folder: Path, made: Iterable[tuple[str, ...]]) -> str:
    digest = hashlib.sha256(repr(made).encode())
    for file in sorted(folder.rglob("*")):
        if "node_modules" not in file.parts and file.is_file():
            digest.update(f"{file.relative_to(folder)}\n".encode() + file.read_bytes())
    return digest.hexdigest()


class _Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_message: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """Serve the files of `folder` on loopback, on a free port; yield it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
