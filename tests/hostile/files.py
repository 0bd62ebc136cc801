"""What a hostile file is, and how it may end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

COMPLETED = "completed"

IMAGE_CODES = frozenset(
    {
        "ContentTypeMismatch",
        "CorruptImage",
        "EmptyFile",
        "HeaderTooLarge",
        "SideTooLong",
        "TooManyFrames",
        "TooManyPixels",
        "TooMuchMemory",
        "TooMuchTime",
        "UnsupportedContent",
    }
)
VIDEO_CODES = frozenset(
    {
        "ContentTypeMismatch",
        "CorruptVideo",
        "EmptyFile",
        "HeaderTooLarge",
        "NoVideoStream",
        "TooMuchMemory",
        "TooMuchTime",
        "UnsupportedContent",
    }
)
"""Why a file may fail. Any other code says that the service failed, and not the file."""


@dataclass(frozen=True)
class HostileFile:
    """A file, the type that it is announced as, and the ends that are right for it.

    `ends` are codes of failures, and COMPLETED. `whole` is the file that this one is a part of: if
    it is completed all the same, it must show the same picture. `is_slow` marks what takes seconds.
    """

    name: str
    kind: str
    content_type: str
    make: Callable[[], bytes]
    ends: frozenset[str]
    whole: Callable[[], bytes] | None = None
    is_slow: bool = False


def crafted_file(
    kind: str,
    name: str,
    content_type: str,
    make: Callable[[], bytes],
    *ends: str,
    is_slow: bool = False,
) -> HostileFile:
    """Return a file of a kind; `partial` of this makes all files of one kind."""
    return HostileFile(name, kind, content_type, make, frozenset(ends), is_slow=is_slow)


def codes_of(content_type: str) -> frozenset[str]:
    """Return why a file that is announced as this type may fail."""
    return VIDEO_CODES if content_type.startswith("video/") else IMAGE_CODES
