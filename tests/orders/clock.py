"""A clock that stands still until somebody moves it."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, tzinfo
from types import SimpleNamespace
from unittest.mock import patch


class Clock:
    """What all of the service's code takes for the time, in epoch seconds."""

    def __init__(self) -> None:
        self.now = float(int(time.time()))

    def time(self) -> float:
        """Stand in for `time.time` and `time.monotonic`."""
        return self.now

    def time_ns(self) -> int:
        """Stand in for `time.time_ns`."""
        return int(self.now * 1_000_000_000)

    def sleep(self, seconds: float) -> None:
        """Stand in for `time.sleep`, and take no time."""

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put this clock in the place of the real one, also in the judge's code."""
        clock = self

        class Now(datetime):
            """A datetime that knows only this clock."""

            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:
                return datetime.fromtimestamp(clock.now, tz or UTC)

        with ExitStack() as stack:
            stack.enter_context(patch("time.time", self.time))
            stack.enter_context(patch("time.time_ns", self.time_ns))
            for module in (
                "photodrop.clock",
                "photodrop.domain.archive",
                "local.reconciliation.differences",
            ):
                stack.enter_context(patch(f"{module}.datetime", Now))
            yield


def polling(clock: Clock) -> SimpleNamespace:
    """Return a module `time` for code that waits: each look at it is half of its patience later."""
    passed = [0.0]

    def monotonic() -> float:
        passed[0] += 4.0
        return passed[0]

    return SimpleNamespace(time=clock.time, monotonic=monotonic, sleep=clock.sleep)
