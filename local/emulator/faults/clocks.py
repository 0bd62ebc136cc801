"""Faults of the functions' clocks: each function's is fast or slow, always by the same time."""

from __future__ import annotations

import inspect

from ministack.core import lambda_runtime

from local.emulator.faults import worker_clock
from local.emulator.faults.plan import LARGEST_SKEW_SECONDS


def apply(seed: str) -> None:
    """Have the processes of functions set their clocks wrong before they import anything."""
    prelude = (
        f"{inspect.getsource(worker_clock)}\n"
        f"set_wrong(skew_of({seed!r}, function_name(), {LARGEST_SKEW_SECONDS}))\n"
    )
    lambda_runtime._PYTHON_WORKER_SCRIPT = prelude + lambda_runtime._PYTHON_WORKER_SCRIPT
