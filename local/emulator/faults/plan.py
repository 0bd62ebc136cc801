"""Which fault meets which call or message: decided by a seed, not by chance."""

from __future__ import annotations

import threading
from collections import Counter
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """What may happen."""

    THROTTLED = "throttled"
    """The call is refused because there are too many."""
    UNAVAILABLE = "unavailable"
    """The call is answered by an error of the service's own, and had no effect."""
    ANSWER_LOST = "answer lost"
    """The call had its effect, and is answered by an error of the service's own."""
    CUT_BEFORE = "cut before"
    """The connection is cut, and the call had no effect."""
    CUT_AFTER = "cut after"
    """The connection is cut in the middle of the answer: the call had its effect."""
    SILENT_BEFORE = "silent before"
    """The call has no effect and is never answered: the SDK gives up after its own time, or the
    function is killed at its deadline."""
    SILENT_AFTER = "silent after"
    """The same with a call that had its effect."""
    CONFLICT = "conflict"
    """A write meets a transaction of somebody else on the same item."""
    SLOW = "slow"
    """The answer takes its time."""
    KILLED_BEFORE = "killed before"
    """The function is killed at this call, which has no effect."""
    KILLED_AFTER = "killed after"
    """The function is killed at this call, which had its effect."""
    TWICE = "twice"
    """A message or an event comes a second time."""
    LATE = "late"
    """A message comes later, behind others that were sent after it."""
    LOST = "lost"
    """An event of S3 never comes."""


CALL = {
    Fault.THROTTLED: 0.02,
    Fault.UNAVAILABLE: 0.01,
    Fault.ANSWER_LOST: 0.01,
    Fault.CUT_BEFORE: 0.005,
    Fault.CUT_AFTER: 0.005,
    Fault.SILENT_BEFORE: 0.0003,
    Fault.SILENT_AFTER: 0.0003,
    Fault.SLOW: 0.03,
    Fault.KILLED_BEFORE: 0.001,
    Fault.KILLED_AFTER: 0.001,
}
"""How often a function's call meets each fault. The SDK tries most of the refused ones again."""

WRITE = {**CALL, Fault.CONFLICT: 0.03}
"""The same for a call that writes to a table."""

MESSAGE = {Fault.TWICE: 0.05, Fault.LATE: 0.1}
"""The same for a message, when a function is about to have it."""

EVENT = {Fault.TWICE: 0.02, Fault.LOST: 0.02}
"""The same for an event of S3."""

LONGEST_WAIT_SECONDS = 3.0
"""How long something slow or late takes at most."""

LARGEST_SKEW_SECONDS = 60.0
"""How far a function's clock is from the right time at most."""


class Plan:
    """The faults of one seed: the n-th time that something happens, it meets the same fault.

    Which of two things happens first can still differ from run to run.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def next(self, what: str, rates: dict[Fault, float]) -> tuple[Fault | None, float]:
        """Return the fault that `what` meets this time, and for how many seconds, if it waits."""
        with self._lock:
            self._counts[what] += 1
            chance = Random(f"{self._seed}/{what}/{self._counts[what]}")
        drawn, wait = chance.random(), chance.uniform(0, LONGEST_WAIT_SECONDS)
        for fault, rate in rates.items():
            if drawn < rate:
                return fault, wait
            drawn -= rate
        return None, 0.0
