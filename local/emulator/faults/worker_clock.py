"""A clock that is wrong. This runs in the process of a function, which has nothing else of ours."""

import datetime
import os
import random
import time


def function_name() -> str:
    """Return the name of the function whose process this is."""
    return os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")


def skew_of(seed: str, function: str, largest: float) -> float:
    """Return by how many seconds the clock of a function is fast, or slow if it is negative."""
    return random.Random(f"{seed}/clock of {function}").uniform(-largest, largest)


def set_wrong(skew: float) -> None:
    """Let this process have a wrong time, wherever Python asks for it."""
    # What follows may give the names of this module another meaning, so it keeps what they are now.
    right_time, right_time_ns, right_datetime = time.time, time.time_ns, datetime.datetime
    utc = datetime.UTC

    class Kind(type):
        """Takes every datetime for a wrong one: some of Python's own functions make plain ones."""

        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, right_datetime)

    class WrongDatetime(datetime.datetime, metaclass=Kind):
        """A datetime whose now is wrong."""

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "WrongDatetime":
            return cls.fromtimestamp(right_time() + skew, tz)

        @classmethod
        def utcnow(cls) -> "WrongDatetime":
            return cls.now(utc).replace(tzinfo=None)

    time.time = lambda: right_time() + skew
    time.time_ns = lambda: right_time_ns() + int(skew * 1_000_000_000)
    datetime.datetime = WrongDatetime  # type: ignore[misc]
