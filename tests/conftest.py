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
from local.emulator import settings
from local.emulator.process import free_port
from local.state import ROOT, Places, waiting_lock
from tests.support import contract
from tests.support.patience import PATIENCE_SECONDS

pytest_plugins = ["tests.whole_run.plugin"]

START_TIMEOUT_SECONDS = 3 * PATIENCE_SECONDS
"""A cold machine builds the layers first: some 20 s on two cores, more on a slow network."""

SELDOM = 600
"""How often stacks that no test kills write their state, in seconds."""

_KEPT: list[StackProcess] = []
"""Processes that outlive the fixture that started them."""


# A busy machine is slow, and that is no finding.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


class StackProcess:
    """`python -m local.start` in a folder of its own."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        port: int | None = None,
        lives_with: int | None = None,
        save_seconds: int = 3,
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
                env={
                    **os.environ,
                    parent.VARIABLE: str(lives_with or os.getpid()),
                    settings.SAVE_SECONDS: str(save_seconds),
                },
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


ALONE = "tests that need a stack to themselves"
"""Some of them change the settings of functions for a while, some wait for empty queues."""

ALONE_ON_ANOTHER = "tests that need a stack to themselves, on another stack"
"""About half of them. One after another, all of them together would take longer than all else."""

NEED_THE_STACK_ALONE = ("tests/local/", "tests/browser/test_uppy_expiry.py")

ON_ANOTHER = (
    "tests/browser/test_uppy_expiry.py",
    "tests/local/test_cli.py",
    "tests/local/test_docs.py",
    "tests/local/test_permissions",
    "tests/local/test_rare_permissions.py",  # it leaves what test_reconcile would find
    "tests/local/test_uses.py",
)

STACKS = {ALONE: "stack-alone", ALONE_ON_ANOTHER: "stack-alone-2"}
"""The stack of each of these scopes. All others share one."""

STARTS_ITS_OWN = (
    "tests/local/test_deploy.py",
    "tests/local/test_emulator_",
    "tests/local/test_start.py",
    "tests/local/test_storm.py",
)

FIRST = (
    ALONE_ON_ANOTHER,
    ALONE,
    "tests/browser/test_web_uploads_again.py",
    # For processes that would only wait until the stacks are there.
    "tests/unit/test_races.py",
    "tests/unit/test_pictures_any_order.py",
    "tests/unit/test_hostile_files.py",
    "tests/unit/test_orders.py",
    "tests/browser/test_uppy.py",
    "tests/browser/",
    *STARTS_ITS_OWN,
)
"""Which scopes to begin with, by their names' beginnings, so that nothing long is left at the end.

All others are short, and fill what is left.
"""

MOST_PROCESSES = 8
"""More than that only wait for one another: all tests of the web app share one emulator."""


def scope_of(nodeid: str) -> str:
    """Name what a test runs in one process with, one after another: its file, or one of STACKS."""
    file = nodeid.partition("::")[0]
    if file.startswith(NEED_THE_STACK_ALONE) and not file.startswith(STARTS_ITS_OWN):
        return ALONE_ON_ANOTHER if file.startswith(ON_ANOTHER) else ALONE
    return file


class ByScope(LoadScopeScheduling):  # type: ignore[misc]
    """One scope after another to whichever process is free."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByScope:
    """Share the tests out like this, in the order that pytest_collection_modifyitems makes."""
    config.option.loadscopereorder = False
    return ByScope(config, log)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One process for each core where `-n logical` asks for it: `make test-unit` never waits.

    Else two: other tests often wait, for a browser or for an emulator.
    """
    cores = os.cpu_count() or 1
    if config.option.numprocesses == "logical":
        return cores
    return min(2 * cores, MOST_PROCESSES)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""

    def turn(item: pytest.Item) -> int:
        scope = scope_of(item.nodeid)
        return next((n for n, start in enumerate(FIRST) if scope.startswith(start)), len(FIRST))

    items.sort(key=turn)


@pytest.fixture(scope="session")
def start_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Stack]]:
    """Start the stack of this name, unless it runs already."""
    folder = tmp_path_factory.getbasetemp()
    is_shared = "PYTEST_XDIST_WORKER" in os.environ
    if is_shared:  # all processes use it: it lives with their parent, and stops when that ends
        folder = folder.parent
    started: list[StackProcess] = []

    def start(name: str) -> Stack:
        places = Places(folder / name)
        with waiting_lock(folder / f"{name}.lock"):
            if not places.stack_file.exists():
                parent = os.getppid() if is_shared else os.getpid()
                process = StackProcess(
                    places.root, "--no-sample", lives_with=parent, save_seconds=SELDOM
                )
                started.append(process)
                started[-1].stack()
        return Stack.read(places.stack_file)

    yield start
    if is_shared:
        _KEPT.extend(started)
    else:
        for process in started:
            process.stop()


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest, start_stack: Callable[[str], Stack]) -> Stack:
    """The running stack that tests of the API go to: one for those that need it alone."""
    if given := os.environ.get("PHOTODROP_STACK"):
        return Stack.read(Path(given))
    return start_stack(STACKS.get(scope_of(request.node.nodeid), "stack"))


def checked(client: Client) -> Client:
    """Hold every answer of the API to its description, in whatever test it comes."""
    client.api.event_hooks["response"].append(contract.check)
    return client


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
def ada(client_of: Callable[[str], Client]) -> Client:
    """An organizer."""
    return client_of("ada@example.com")


@pytest.fixture(scope="module")
def grace(client_of: Callable[[str], Client]) -> Client:
    """A user of no group."""
    return client_of("grace@example.com")


@pytest.fixture(scope="module")
def alan(client_of: Callable[[str], Client]) -> Client:
    """Another user of no group."""
    return client_of("alan@example.com")


@pytest.fixture(scope="module")
def staff(client_of: Callable[[str], Client]) -> Client:
    """A member of staff."""
    return client_of("staff@example.com")


@pytest.fixture(scope="module")
def anonymous(stack: Stack) -> Iterator[Client]:
    """Someone who has not signed in."""
    with checked(Client(stack)) as client:
        yield client
