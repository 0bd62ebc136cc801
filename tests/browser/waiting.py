"""Waiting for something while a page goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page


def until(
    page: Page, condition: Callable[[], Any], seconds: float, describe: Callable[[], str]
) -> Any:
    """Return what `condition` returns as soon as that is true.

    Raises TimeoutError, with what `describe` returns, if it is not true after so many seconds.
    """
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so after {seconds} s:\n{describe()}")
        page.wait_for_timeout(20)
    return value
