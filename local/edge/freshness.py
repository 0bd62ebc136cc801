"""How long an answer of an origin is kept: "Manage how long content stays in the cache"."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

DEFAULT_ERROR_SECONDS = 10

_ERRORS_ALWAYS_KEPT = (404, 414, 500, 501, 502, 503, 504)
_ERRORS_KEPT_WHEN_TOLD = (400, 403, 405, 412, 415)
"""These are kept when the origin names an age, or the distribution a time for the code."""


@dataclass(frozen=True)
class TimesToLive:
    """The seconds of a cache policy."""

    minimum: int
    default: int
    maximum: int


def lifetime(
    status: int, headers: Mapping[str, str], times: TimesToLive, error_seconds: Mapping[int, int]
) -> float:
    """Return for how many seconds the answer may be served; 0 for not at all.

    `error_seconds` are the distribution's ErrorCachingMinTTL by status.
    """
    directives = _directives(headers.get("cache-control", ""))
    age = _age(directives, headers)
    if status >= 400:
        if status in error_seconds or status in _ERRORS_ALWAYS_KEPT:
            return max(error_seconds.get(status, DEFAULT_ERROR_SECONDS), age or 0)
        return age or 0 if status in _ERRORS_KEPT_WHEN_TOLD else 0
    if directives.keys() & {"no-cache", "no-store", "private"}:
        return times.minimum
    if age is None:
        return max(times.minimum, times.default)
    return min(max(age, times.minimum), max(times.maximum, times.minimum))


def _age(directives: Mapping[str, str], headers: Mapping[str, str]) -> float | None:
    """Return what the origin allows; None where it says nothing that can be read."""
    for name in ("s-maxage", "max-age"):
        if directives.get(name, "").isdigit():
            return int(directives[name])
    if "expires" in headers:
        try:
            return max(parsedate_to_datetime(headers["expires"]).timestamp() - time.time(), 0)
        except ValueError:
            return 0
    return None


def _directives(cache_control: str) -> dict[str, str]:
    parts = (part.strip().partition("=") for part in cache_control.split(","))
    return {name.lower(): value.strip('"') for name, _, value in parts}
