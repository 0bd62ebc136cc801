"""The records and signed requests that the domain returns.

The levels above import them from here, because they must not import `aws`.
"""

from photodrop.aws.signing import SignedPost, SignedUrl
from photodrop.aws.tables import (
    Attendee,
    Event,
    Failure,
    Photo,
    Student,
    ThumbnailSize,
    event_scope,
    user_scope,
)

__all__ = [
    "Attendee", "Event", "Failure", "Photo", "SignedPost", "SignedUrl", "Student",
    "ThumbnailSize", "event_scope", "user_scope",
]  # fmt: skip
