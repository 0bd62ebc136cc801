"""What a killed emulator still knows, and what objects cost it.

Each test runs with the shims and without them: see tests/local/gaps.py.
"""

from __future__ import annotations

import os
import signal

from tests.local.gaps import shimmed, stack, stock
from tests.local.small_stack import SmallStack, eventually, worked_off

__all__ = ["shimmed", "stack", "stock"]


def kill_and_start(stack: SmallStack) -> None:
    """End the emulator as nothing can prepare for, and start it again."""
    assert stack.emulator.pid is not None
    os.kill(stack.emulator.pid, signal.SIGKILL)
    stack.emulator.wait()
    stack.emulator.stop()
    stack.emulator.start()


def test_state_saved_often_outlives_a_kill(stack: SmallStack) -> None:
    table, file = stack.outputs["Table"], stack.emulator.state_dir / "dynamodb.json"
    for number in range(100):
        stack.client("dynamodb").put_item(
            TableName=table, Item={"id": {"S": f"killed-{number}"}, "body": {"S": f"row {number}"}}
        )
    eventually(lambda: file.exists() and "killed-99" in file.read_text(), stack.patience)

    kill_and_start(stack)

    assert {f"row {number}" for number in range(100)} <= set(worked_off(stack))
    assert stack.call("GET", "/public").status == 200  # functions, API and permissions, too


def test_state_saved_often_leaves_files_alone_that_would_stay_the_same(
    shimmed: SmallStack,
) -> None:
    folder, table = shimmed.emulator.state_dir, shimmed.outputs["Table"]
    tables, functions = folder / "dynamodb.json", folder / "lambda.json"

    def put(name: str) -> None:
        item = {"id": {"S": name}, "body": {"S": "{}"}}
        shimmed.client("dynamodb").put_item(TableName=table, Item=item)
        eventually(lambda: tables.exists() and name in tables.read_text())

    put("first")
    eventually(functions.exists)
    before = functions.stat().st_mtime_ns, tables.stat().st_mtime_ns
    put("second")

    assert functions.stat().st_mtime_ns == before[0]
    assert tables.stat().st_mtime_ns > before[1]
