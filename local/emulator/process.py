"""The emulator as a subprocess: start it, wait until it answers, stop it with its state kept."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from local import parent
from local.emulator import root_key, settings

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_SECONDS = 300.0
STOP_TIMEOUT_SECONDS = 120.0
"""Saving the state takes under a second; a machine busy with a build may need more."""


class EmulatorError(Exception):
    """The emulator did not start, or died. The message ends with the tail of its log."""


def port_is_free(port: int) -> bool:
    """Whether nothing on loopback answers at `port` and it can be bound."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Find a loopback port; it was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Emulator:
    """One emulator process, in a group of its own: a Ctrl-C in the terminal reaches us, not it."""

    def __init__(
        self,
        port: int,
        state_dir: Path,
        log_file: Path,
        *,
        allowed_origins: tuple[str, ...] = (),
        without_shims: tuple[str, ...] = (),
        faults: str | None = None,
    ) -> None:
        """`allowed_origins` are those whose pages may send requests, besides the API's own page."""
        self.port = port
        self.state_dir = state_dir.resolve()
        # Others on this machine have no business with the keys and the photos in it.
        self.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.state_dir.chmod(0o700)
        self.log_file = log_file.resolve()
        self.allowed_origins = allowed_origins
        self.without_shims = without_shims
        self.faults = faults
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint_url(self) -> str:
        """Where all of AWS is."""
        # The address, not the name: clients then put the bucket into the path (bucket.localhost
        # resolves only in some places), and none tries ::1 first.
        return f"http://127.0.0.1:{self.port}"

    @property
    def root_key(self) -> root_key.RootKey:
        """Who may do everything here."""
        return root_key.of(self.state_dir)

    @property
    def pid(self) -> int | None:
        """The process, None when there is none."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start and wait until it answers. Raises EmulatorError when it dies or takes too long."""
        self._empty_temporary_dir()
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        environment = {
            parent.VARIABLE: str(os.getpid()),
            **settings.environment(self.port, self.state_dir),
            settings.ALLOWED_ORIGINS: ",".join(self.allowed_origins),
        }
        if self.without_shims:
            environment[settings.WITHOUT_SHIMS] = ",".join(self.without_shims)
        if self.faults:
            environment[settings.FAULTS] = self.faults
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local.emulator"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_healthy()
        except BaseException:
            self.stop()
            raise

    def _empty_temporary_dir(self) -> None:
        temporary = settings.temporary_dir(self.state_dir)
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if not self.is_running():
                raise EmulatorError(f"The emulator stopped while starting.\n{self.log_tail()}")
            if self._answers():
                return
            time.sleep(0.05)
        raise EmulatorError(
            f"The emulator did not answer within {START_TIMEOUT_SECONDS:.0f} s.\n{self.log_tail()}"
        )

    def _answers(self) -> bool:
        url = f"http://127.0.0.1:{self.port}/_ministack/health"
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(url, timeout=2) as response,
        ):
            return bool(response.status == 200)
        return False

    def is_running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll() if self._process else None

    def stop(self) -> None:
        """SIGTERM and wait: it writes its state on the way out, of which SIGKILL loses seconds.

        What is left of its process group (functions' workers) is killed afterwards.
        """
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        shutil.rmtree(settings.temporary_dir(self.state_dir), ignore_errors=True)

    def wait(self) -> int:
        """Block until it exits; returns its exit code. A handler that raises ends the wait."""
        if self._process is None:
            raise EmulatorError("The emulator was never started.")
        return self._process.wait()

    def log_tail(self, lines: int = 25) -> str:
        """Return the end of the log, for a message a person can act on."""
        text = self.log_file.read_text(errors="replace") if self.log_file.exists() else ""
        return "\n".join([f"--- the end of {self.log_file} ---", *text.splitlines()[-lines:]])
