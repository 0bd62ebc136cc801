"""The deployed local stack, started once for the whole run, and clients of it.

`PHOTODROP_STACK=.local/stack.json make test` uses a stack that runs already. Otherwise one is
started on a free port with a state folder of its own: a developer's .local is never touched.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from local import parent
from local.client import Client, Stack
from local.emulator.process import free_port
from local.state import ROOT, Places, waiting_lock
from tests.support import contract
from tests.support.patience import PATIENCE_SECONDS

START_TIMEOUT_SECONDS = 3 * PATIENCE_SECONDS
"""A cold machine builds the layers first: some 20 s on two cores, more on a slow network."""

_KEPT: list[StackProcess] = []
"""Processes that outlive the fixture that started them."""


# A busy machine is slow, and that is no finding.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


class StackProcess:
    """`python -m local.start` in a folder of its own."""

    def __init__(
        self, folder: Path, *options: str, port: int | None = None, lives_with: int | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.places = Places(folder)
        self.output = folder / "start.log"
        self.port = port or free_port()
        command = [
            sys.executable,
            "-m",
            "local.start",
            "--port",
            str(self.port),
            "--state-dir",
            str(folder),
            *options,
        ]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, parent.VARIABLE: str(lives_with or os.getpid())},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def text(self) -> str:
        """What it has printed so far."""
        return self.output.read_text(errors="replace")

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds. Raises RuntimeError when the process ends first."""
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not condition():
            if self.process.poll() is not None:
                raise RuntimeError(
                    f"local.start ended with {self.process.returncode}:\n{self.text()}"
                )
            if time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(
                    f"local.start was not ready in {START_TIMEOUT_SECONDS} s:\n{self.text()}"
                )
            time.sleep(0.05)

    def stack(self) -> Stack:
        """The stack, once it is usable."""
        self.wait_for(self.places.stack_file.exists)
        return Stack.read(self.places.stack_file)

    def stop(self) -> int:
        """Stop it as Ctrl-C would, and return its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(PATIENCE_SECONDS)


STARTS_ITS_OWN = (
    "tests/local/test_deploy.py",
    "tests/local/test_emulator_",
    "tests/local/test_start.py",
)


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """One file after another to whichever process is free; those of the running stack to one.

    They share the stack, and some change the settings of its functions for a while. Those that
    start emulators of their own go to one process, too: two deployments at once are no faster.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file.startswith(STARTS_ITS_OWN):
            return "emulators"
        return "stack" if file.startswith(("tests/local/", "tests/browser/")) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Share the tests out like this."""
    return ByFile(config, log)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running stack that tests of the API go to."""
    if given := os.environ.get("PHOTODROP_STACK"):
        yield Stack.read(Path(given))
        return
    temporary = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" not in os.environ:
        process = StackProcess(temporary / "stack", "--no-sample")
        try:
            yield process.stack()
        finally:
            process.stop()
        return
    # The workers share one. It lives with their parent, the test run, and stops when that ends.
    folder = temporary.parent / "stack"
    with waiting_lock(temporary.parent / "stack.lock"):
        if not Places(folder).stack_file.exists():
            _KEPT.append(StackProcess(folder, "--no-sample", lives_with=os.getppid()))
            _KEPT[0].stack()
    yield Stack.read(Places(folder).stack_file)


def checked(client: Client) -> Client:
    """Hold every answer of the API to its description, in whatever test it comes."""
    client.api.event_hooks["response"].append(contract.check)
    return client


@pytest.fixture(scope="session")
def client_of(stack: Stack) -> Iterator[Callable[[str], Client]]:
    """Signed-in clients by e-mail address, one sign-in each."""
    clients: dict[str, Client] = {}

    def signed_in(email: str) -> Client:
        if email not in clients:
            clients[email] = checked(Client(stack, stack.user(email)))
        return clients[email]

    yield signed_in
    for client in clients.values():
        client.close()


@pytest.fixture(scope="session")
def ada(client_of: Callable[[str], Client]) -> Client:
    """An organizer."""
    return client_of("ada@example.com")


@pytest.fixture(scope="session")
def grace(client_of: Callable[[str], Client]) -> Client:
    """A user of no group."""
    return client_of("grace@example.com")


@pytest.fixture(scope="session")
def alan(client_of: Callable[[str], Client]) -> Client:
    """Another user of no group."""
    return client_of("alan@example.com")


@pytest.fixture(scope="session")
def staff(client_of: Callable[[str], Client]) -> Client:
    """A member of staff."""
    return client_of("staff@example.com")


@pytest.fixture(scope="session")
def anonymous(stack: Stack) -> Iterator[Client]:
    """Someone who has not signed in."""
    with checked(Client(stack)) as client:
        yield client
