"""`make start` as its user meets it: ready, stopped, started again, refused, reset."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from local import web
from local.client import Client
from local.state import ROOT
from tests.conftest import StackProcess
from tests.support.patience import PATIENCE_SECONDS

Start = Callable[..., StackProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[StackProcess] = []

    def one(*options: str, port: int | None = None, with_web: bool = False) -> StackProcess:
        web = () if with_web else ("--no-web",)
        process = StackProcess(tmp_path / "stack", *web, *options, port=port)
        started.append(process)
        return process

    yield one
    for process in started:
        process.stop()


def is_ready(process: StackProcess) -> Callable[[], bool]:
    return lambda: "Ctrl-C stops it" in process.text()


def test_first_start_processes_the_sample_and_second_start_finds_everything(start: Start) -> None:
    first = start()
    stack = first.stack()
    first.wait_for(is_ready(first))
    with Client(stack, stack.user("ada@example.com")) as ada:
        photo = ada.api.get("/photos").raise_for_status().json()["items"][0]
        original = (
            ada.api.get(f"/photos/{photo['photoId']}/view-url").raise_for_status().json()["url"]
        )
        assert photo["status"] == "completed"
        assert [thumbnail["size"] for thumbnail in photo["thumbnails"]] == [160, 640, 1600]
        for thumbnail in photo["thumbnails"]:
            assert ada.storage.get(thumbnail["url"]).is_success
    assert "completed" in first.text()
    assert first.stop() == 0
    assert not first.places.stack_file.exists()

    second = start("--no-sample", port=first.port)
    again = second.stack()
    second.wait_for(is_ready(second))

    assert again == stack
    assert second.text().count("unchanged") == 2
    with Client(again, again.user("ada@example.com")) as ada:
        kept = ada.api.get(f"/photos/{photo['photoId']}").raise_for_status().json()
        assert kept["status"] == "completed"
        assert ada.storage.get(original).is_success


def test_the_web_app_comes_and_goes_with_the_stack(start: Start) -> None:
    if problem := web.node_problem():
        pytest.skip(f"no web app: {problem}")
    process = start("--no-sample", with_web=True)
    stack = process.stack()

    assert stack.web_url is not None
    page = httpx.get(stack.web_url, trust_env=False)
    assert '<div id="root"></div>' in page.text
    process.wait_for(is_ready(process))
    assert stack.web_url in process.text()

    assert process.stop() == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(stack.web_url, trust_env=False)


def test_another_port_and_another_origin_serve_the_same_state(start: Start) -> None:
    first = start("--no-sample")
    stack = first.stack()
    assert first.stop() == 0

    moved = start("--allowed-origin", "http://localhost:8080")
    again = moved.stack()
    moved.wait_for(is_ready(moved))

    assert again.api_url != stack.api_url
    assert again.user_pool_id == stack.user_pool_id
    assert "completed" in moved.text()  # queues and signed URLs follow the port
    refused = httpx.get(f"{again.api_url}/photos", trust_env=False)
    assert refused.headers["access-control-allow-origin"] == "http://localhost:8080"


def test_second_start_says_that_one_is_running(start: Start) -> None:
    first = start("--no-sample")
    first.stack()

    second = start("--no-sample")

    assert second.process.wait(PATIENCE_SECONDS) == 1
    assert "already running" in (text := second.text())
    assert str(first.process.pid) in text
    assert first.process.poll() is None


def test_taken_port_is_named_with_a_way_out(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start("--no-sample", port=port)

        assert process.process.wait(PATIENCE_SECONDS) == 1
        assert f"Port {port} is taken" in process.text()
        assert f"PORT={port + 1}" in process.text()


def test_a_dead_emulator_is_reported_with_its_log(start: Start) -> None:
    process = start("--no-sample")
    process.stack()
    children = subprocess.run(
        ["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True
    ).stdout
    emulator = next(
        int(line.split()[0])
        for line in children.splitlines()
        if line.split()[1] == str(process.process.pid) and "local.emulator" in line
    )

    os.kill(emulator, signal.SIGKILL)

    assert process.process.wait(PATIENCE_SECONDS) == 1
    assert "stopped by itself" in process.text()
    assert "emulator.log" in process.text()
    assert not process.places.stack_file.exists()


def test_interrupt_during_the_start_stops_cleanly(start: Start) -> None:
    process = start("--no-sample")
    process.wait_for(lambda: "emulator" in process.text())

    os.kill(process.process.pid, signal.SIGINT)

    assert process.process.wait(PATIENCE_SECONDS) == 0


def test_bootstrap_refuses_an_unusable_python() -> None:
    result = subprocess.run(
        ["sh", str(ROOT / "local" / "bootstrap.sh")],
        check=False,
        env={**os.environ, "PYTHON": "/bin/false"},
        capture_output=True,
        text=True,
    )

    assert result.returncode == 1
    assert "3.11 or newer" in result.stderr


def test_emulator_refuses_another_version() -> None:
    code = (
        "import importlib.metadata as m; m.version = lambda name: '9.9.9'\n"
        "from local.emulator.__main__ import refuse_other_versions as refuse; refuse()"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True
    )

    assert result.returncode == 1
    assert "9.9.9" in result.stderr
    assert "1.5.33" in result.stderr
