"""The part of pytest that records a run, and checks the recording when the run has ended."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from local.emulator.settings import RECORDING
from tests.whole_run import logs, permissions

_RECORDER = "whole-run"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of `make permissions`."""
    parser.addoption(
        "--write-permissions",
        action="store_true",
        help="name a test in docs/permissions.md for each permission that has none",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Record in the process that all others belong to.

    PHOTODROP_RECORDING may name the folder of a stack that runs already.
    """
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_WholeRun(config), _RECORDER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    """Note which stack a test goes to."""
    yield
    stack = getattr(item, "funcargs", {}).get("stack")
    if endpoint := getattr(stack, "endpoint_url", None):
        item.user_properties.append(("port", int(endpoint.rpartition(":")[2])))


class _WholeRun:
    """What ran, and what was found."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.began = time.time()
        self.given = os.environ.get(RECORDING)
        self.folder = Path(self.given or tempfile.mkdtemp(prefix="photodrop-recording-"))
        os.environ[RECORDING] = str(self.folder)
        self.starts: dict[str, float] = {}
        self.ran: list[permissions.Ran] = []
        self.problems: list[str] = []
        self.summary = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note when a test ran."""
        if report.when == "setup":
            self.starts[report.nodeid] = report.start
        elif report.when == "call" and report.passed:
            start = self.starts.get(report.nodeid, report.start)
            port: Any = dict(report.user_properties).get("port")
            test = report.nodeid.partition("[")[0]
            self.ran.append(permissions.Ran(test, port, start, report.stop))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Check what was recorded."""
        lines = self._lines()
        if not any(line["kind"] == "use" for line in lines):
            return
        if self.config.getoption("--write-permissions"):
            permissions.write(permissions.users(lines, self.ran))
        used = {permission for permission, _ in permissions.used(lines)}
        self.summary = (
            f"{len(used)} of {len(permissions.granted())} permissions were used, and "
            f"{logs.counted(lines)} lines of functions' logs read"
        )
        # What functions of a stack that ran before have read once, they need not read again.
        ran = [] if self.given else self.ran
        self.problems = [
            *permissions.unused(permissions.read(), lines, ran),
            *permissions.refused(lines),
            *logs.leaks(lines),
        ]
        if self.problems and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was found."""
        if not self.summary:
            return
        terminalreporter.section("permissions and logs of the run")
        terminalreporter.write_line(self.summary)
        for problem in self.problems:
            terminalreporter.write_line(problem, red=True)

    def pytest_unconfigure(self) -> None:
        """Remove the recording, unless somebody may want to read it."""
        if not self.given:
            os.environ.pop(RECORDING, None)
            if not self.problems:
                shutil.rmtree(self.folder, ignore_errors=True)

    def _lines(self) -> list[permissions.Line]:
        found = []
        for path in sorted(self.folder.glob("*.jsonl")):
            for text in path.read_text().splitlines():
                line = json.loads(text)
                if line["time"] >= self.began:
                    found.append(line)
        return found
