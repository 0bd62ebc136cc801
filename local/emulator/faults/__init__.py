"""A bad day on demand: `make start FAULTS=7` puts faults between the functions and the emulator.

`plan` says which call or message meets which fault; the seed decides, so a day can be had again.
`calls` does it to the functions' calls of AWS, `messages` to queues and to S3's events, `clocks` to
the functions' clocks. What clients send by themselves, such as a PUT to S3, is left alone: only
Photodrop is tried.
"""

from __future__ import annotations

import logging
import os

from local.emulator.faults import calls, clocks, messages
from local.emulator.faults.plan import Plan
from local.emulator.settings import FAULTS

_log = logging.getLogger("photodrop.faults")


def apply() -> None:
    """Put the faults in if the environment has a seed for them."""
    seed = os.environ.get(FAULTS)
    if not seed:
        return
    plan = Plan(seed)
    calls.apply(plan)
    messages.apply(plan)
    clocks.apply(seed)
    _log.warning("Faults of seed %s are put between the functions and this emulator.", seed)
