"""Points in time, as the API writes them and as the tables keep them."""

import time
from datetime import UTC, datetime


def epoch_seconds() -> int:
    """Return the current time in epoch seconds."""
    return int(time.time())


def in_days(days: int) -> int:
    """Return the time this many days from now, in epoch seconds."""
    return epoch_seconds() + days * 24 * 3600


def now_iso() -> str:
    """Return the current time as ISO 8601 in UTC, with milliseconds, so that it sorts as text."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def timestamp(moment: datetime) -> str:
    """Return a time in UTC as the API writes it: ISO 8601 with `Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch_timestamp(seconds: int) -> str:
    """Return a time in epoch seconds as the API writes it."""
    return timestamp(datetime.fromtimestamp(seconds, UTC))
